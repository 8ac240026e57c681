/**
 * Where a trap happened, in the artifact's own terms: function index and byte offset before the rewriting. Kept in the image as
 * a table of function starts and, for each function, pairs of deltas as LEB128; decoded only when a guest trapped.
 */
import { type OffsetPair, Reader, Writer } from '../wasm/mod.ts';

export interface TrapLocation {
  /** The function's index in the artifact, imports first. */
  readonly functionIndex: number;
  /** Bytes from the artifact's start. */
  readonly offset: number;
  /** The function's name, where the artifact has one. */
  readonly name: string | undefined;
}

export interface TrapMapSource {
  readonly functions: { readonly before: number; readonly after: number };
  readonly offsets: readonly (readonly OffsetPair[])[];
  readonly names: ReadonlyMap<number, string>;
}

export function encodeTrapMap(source: TrapMapSource): Uint8Array {
  const { functions, offsets, names } = source;
  const writer = new Writer(1024);
  writer.u32(functions.before).u32(functions.after).u32(names.size);
  for (const [index, name] of names) writer.u32(index).name(name);
  writer.u32(offsets.length);
  const block = new Writer(1024);
  for (const pairs of offsets) {
    block.clear();
    block.u32(pairs.length);
    let [after, before] = [0, 0];
    for (const pair of pairs) {
      // Both only ever grow within a function; the lowest bit says whether distances are kept.
      block.u32((pair.after - after) * 2 + (pair.kind === 'copied' ? 1 : 0)).u32(pair.before - before);
      ({ after, before } = pair);
    }
    // Behind its length, so that whoever looks for another function steps over it.
    writer.sized(block);
  }
  return writer.finish();
}

/** Where the instruction at `offset` of the rewritten module came from. Undefined inside code the rewriter added. */
export function locate(trapMap: Uint8Array, functionIndex: number, offset: number): TrapLocation | undefined {
  const reader = new Reader(trapMap);
  const before = reader.u32();
  const position = functionIndex - reader.u32();
  const original = position + before;
  let name: string | undefined;
  for (let count = reader.u32(); count > 0; count--) {
    // Only the one name is decoded: there can be many, and a trap is told while others wait.
    if (reader.u32() === original) name = reader.name();
    else reader.skip(reader.u32());
  }
  const functions = reader.u32();
  if (position < 0 || position >= functions) return undefined;
  for (let skipped = 0; skipped < position; skipped++) reader.skip(reader.u32());
  const found = search(reader.part(reader.u32()), offset);
  return found === undefined ? undefined : { functionIndex: original, offset: found, name };
}

/** The last pair at or before `offset`, and in copied code as far behind it in the artifact. */
function search(reader: Reader, offset: number): number | undefined {
  let [after, before] = [0, 0];
  let found: number | undefined;
  for (let pairs = reader.u32(); pairs > 0; pairs--) {
    const step = reader.u32();
    after += step >>> 1;
    before += reader.u32();
    if (after > offset) break;
    found = before + ((step & 1) === 1 ? offset - after : 0);
  }
  return found;
}

const framePattern = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/g;
const framesMax = 8;

/** Reads the frames of a trap's stack trace. https://v8.dev/docs/stack-trace-api */
export function trapFrames(stack: string): { readonly functionIndex: number; readonly offset: number }[] {
  const frames = [];
  for (const match of stack.matchAll(framePattern)) {
    frames.push({ functionIndex: Number(match[1]), offset: Number.parseInt(match[2] ?? '0', 16) });
    if (frames.length === framesMax) break;
  }
  return frames;
}
