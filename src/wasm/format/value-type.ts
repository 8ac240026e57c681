import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * A value type as one number: the byte that encodes it, and for a reference with a heap type of its own (`ref null ht`,
 * `ref ht`) that heap type above it. https://webassembly.github.io/spec/core/binary/types.html#value-types
 */
export type ValueType = number;

export const ValType = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const;

const nullableReference = 0x63;
const reference = 0x64;
/** Abstract heap types, from cont (0x68) and exn (0x69) to noexn (0x74). */
const abstractFirst = 0x69;
const abstractLast = 0x74;
const exceptionHeap = 0x69 - 0x80;
const noExceptionHeap = 0x74 - 0x80;
/** Heap types are at least -64; the bias makes them positive. */
const heapBias = 64;

/** A heap type: negative for an abstract one, a type index otherwise. */
export function readHeapType(reader: Reader, typeCount: number): number {
  const offset = reader.position;
  const heap = reader.s33();
  if (heap >= 0) {
    if (heap >= typeCount) reader.fail(`type ${heap} does not exist`, offset);
  } else if (heap < abstractFirst - 0x80 || heap > abstractLast - 0x80) {
    reader.fail(`0x${(heap & 0x7f).toString(16)} is no heap type`, offset);
  }
  return heap;
}

export function readValueType(reader: Reader, typeCount: number): ValueType {
  const offset = reader.position;
  const byte = reader.u8();
  if (byte >= ValType.v128 && byte <= ValType.i32) return byte;
  if (byte >= abstractFirst && byte <= abstractLast) return byte;
  if (byte === reference || byte === nullableReference) {
    return byte + (readHeapType(reader, typeCount) + heapBias) * 256;
  }
  return reader.fail(`0x${byte.toString(16)} is no value type`, offset);
}

export function writeValueType(writer: Writer, type: ValueType): void {
  const byte = type & 0xff;
  writer.u8(byte);
  if (byte === reference || byte === nullableReference) writer.s32(Math.floor(type / 256) - heapBias);
}

/** Whether values of this type are references. */
export function isReference(type: ValueType): boolean {
  return (type & 0xff) < ValType.v128;
}

/** Whether values of this type are exceptions: https://github.com/WebAssembly/exception-handling */
export function isException(type: ValueType): boolean {
  const byte = type & 0xff;
  const heap = byte === reference || byte === nullableReference ? Math.floor(type / 256) - heapBias : byte - 0x80;
  return heap === exceptionHeap || heap === noExceptionHeap;
}

/** The letter that stands for the type in an instruction's signature. */
export function letterOf(type: ValueType): string {
  switch (type) {
    case ValType.i32:
      return 'i';
    case ValType.i64:
      return 'I';
    case ValType.f32:
      return 'f';
    case ValType.f64:
      return 'F';
    case ValType.v128:
      return 'v';
    default:
      return 'r';
  }
}

const names = new Map<number, string>(Object.entries(ValType).map(([name, code]) => [code, name]));

/** The type as the text format writes it, for messages. */
export function valueTypeName(type: ValueType): string {
  return names.get(type) ?? 'ref';
}
