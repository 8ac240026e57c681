/**
 * An image as a file: what a worker needs to serve a function, made once by the builder.
 *
 *     magic, format version (8 bytes) | header length (4) | header, JSON | rewritten module | snapshot bytes | trap map
 *
 * The snapshot holds only pages that are not all zero, as runs. The file is named by the sha256 of its bytes, which whoever
 * reads it checks; the decoder still trusts no length in it.
 */
import { MayflyError } from '../base/mod.ts';
import type { Passes, ResetMode } from '../wasm/mod.ts';

/** Bytes of the snapshot at a guest address. */
export interface SnapshotRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface ImageMemory {
  readonly shiftBytes: number;
  readonly engineWords: number;
  readonly guestPagesMax: number;
  readonly initialPages: number;
  readonly runs: readonly SnapshotRun[];
}

/** What is left of an artifact when it is ready to be served. */
export interface Image {
  readonly abi: 'wasi-p1-cgi';
  readonly reset: ResetMode;
  readonly passes: Passes;
  readonly memories: readonly ImageMemory[];
  /** What an instance takes beside its memories, about. */
  readonly instanceBytes: number;
  /** Host functions it imports from WASI. */
  readonly imports: readonly string[];
  readonly module: Uint8Array;
  readonly trapMap: Uint8Array;
}

interface ImageHeader {
  readonly abi: 'wasi-p1-cgi';
  readonly reset: ResetMode;
  readonly passes: Passes;
  readonly memories: readonly {
    readonly shiftBytes: number;
    readonly engineWords: number;
    readonly guestPagesMax: number;
    readonly initialPages: number;
    /** Address and length of each run. */
    readonly runs: readonly (readonly [number, number])[];
  }[];
  readonly instanceBytes: number;
  readonly imports: readonly string[];
  readonly moduleBytes: number;
  readonly snapshotBytes: number;
  readonly trapMapBytes: number;
}

const magic = 'mayfly';
/** Goes up with every change to the file, to what the rewriter writes, or to what the engine hands a module. */
export const imageFormat = 5;
const prefixBytes = 12;

export function encodeImage(image: Image): Uint8Array {
  const runs = image.memories.flatMap((memory) => memory.runs);
  const header: ImageHeader = {
    abi: image.abi,
    reset: image.reset,
    passes: image.passes,
    memories: image.memories.map((memory) => ({
      shiftBytes: memory.shiftBytes,
      engineWords: memory.engineWords,
      guestPagesMax: memory.guestPagesMax,
      initialPages: memory.initialPages,
      runs: memory.runs.map(({ address, bytes }) => [address, bytes.byteLength] as const),
    })),
    instanceBytes: image.instanceBytes,
    imports: image.imports,
    moduleBytes: image.module.byteLength,
    snapshotBytes: runs.reduce((sum, run) => sum + run.bytes.byteLength, 0),
    trapMapBytes: image.trapMap.byteLength,
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const parts = [json, image.module, ...runs.map((run) => run.bytes), image.trapMap];
  const total = parts.reduce((sum, part) => sum + part.byteLength, prefixBytes);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(magic));
  view.setUint16(6, imageFormat, true);
  view.setUint32(8, json.byteLength, true);
  let at = prefixBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

function corrupt(reason: string): never {
  throw new MayflyError('image_corrupt', { reason });
}

/** Views into `bytes`; nothing is copied. @throws MayflyError image_corrupt */
export function decodeImage(bytes: Uint8Array): Image {
  if (bytes.byteLength < prefixBytes || new TextDecoder().decode(bytes.subarray(0, 6)) !== magic) {
    corrupt('it does not begin as an image does');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = view.getUint16(6, true);
  if (format !== imageFormat) corrupt(`its format is ${format}, format ${imageFormat} is wanted`);
  let at = prefixBytes;
  const take = (length: number): Uint8Array => {
    if (!(length >= 0 && length <= bytes.byteLength - at)) corrupt('it is cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const header = parseHeader(take(view.getUint32(8, true)));
  const module = take(header.moduleBytes);
  const memories = header.memories.map((memory): ImageMemory => ({
    shiftBytes: memory.shiftBytes,
    engineWords: memory.engineWords,
    guestPagesMax: memory.guestPagesMax,
    initialPages: memory.initialPages,
    runs: memory.runs.map(([address, length]) => ({ address, bytes: take(length) })),
  }));
  const { abi, reset, passes, instanceBytes, imports } = header;
  return { abi, reset, passes, memories, instanceBytes, imports, module, trapMap: take(header.trapMapBytes) };
}

function parseHeader(json: Uint8Array): ImageHeader {
  try {
    // Written by encodeImage of the same format; the digest has been checked, so it is as it was written.
    return JSON.parse(new TextDecoder().decode(json)) as ImageHeader;
  } catch {
    return corrupt('its header is no JSON');
  }
}

/** Pages looked at when a memory is searched for what is not zero. */
const granularity = 4096;

/** The parts of `memory` that are not zero, page by page, neighbours joined. */
export function snapshotRuns(memory: Uint8Array): SnapshotRun[] {
  const runs: SnapshotRun[] = [];
  let start = -1;
  for (let at = 0; at <= memory.byteLength; at += granularity) {
    const dirty = at < memory.byteLength && !isZero(memory.subarray(at, at + granularity));
    if (dirty && start < 0) start = at;
    if (!dirty && start >= 0) {
      runs.push({ address: start, bytes: memory.slice(start, at) });
      start = -1;
    }
  }
  return runs;
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte !== 0) return false;
  }
  return true;
}
