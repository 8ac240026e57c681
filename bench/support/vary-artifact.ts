import { Reader, Writer } from '../../src/wasm/mod.ts';

// https://webassembly.github.io/spec/core/binary/modules.html#sections
const sectionIds = { function: 3, code: 10 } as const;
const op = { unreachable: 0x00, end: 0x0b, drop: 0x1a, i32Const: 0x41 } as const;

/**
 * The artifact with one more function in it, which nobody calls and whose code says `variant`: other code to V8, which would
 * otherwise find what it has compiled before, and a few bytes larger.
 */
export function varyArtifact(artifact: Uint8Array, variant: number): Uint8Array {
  const reader = new Reader(artifact);
  const output = new Writer(artifact.byteLength + 64);
  const magicBytes = 8;
  output.copy(artifact, 0, magicBytes);
  reader.skip(magicBytes);
  while (!reader.done) {
    const id = reader.u8();
    const content = reader.part(reader.u32());
    // A body that never returns fits every type: the first will do.
    if (id === sectionIds.function) output.section(id, withOneMore(content, new Writer().u32(0)));
    else if (id === sectionIds.code) output.section(id, withOneMore(content, uselessBody(variant)));
    else output.section(id, new Writer().copy(content.bytes, content.position, content.end));
  }
  return output.finish();
}

/** A vector with another entry behind those it has. */
function withOneMore(vector: Reader, entry: Writer): Writer {
  const count = vector.u32() + 1;
  return new Writer().u32(count).copy(vector.bytes, vector.position, vector.end).copy(entry.view());
}

function uselessBody(variant: number): Writer {
  const localsCount = 0;
  const body = new Writer().u32(localsCount).u8(op.i32Const).s32(variant).ops(op.drop, op.unreachable, op.end);
  return new Writer().sized(body);
}
