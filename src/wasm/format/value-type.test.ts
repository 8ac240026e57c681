import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { s32 } from '../../../test/support/wasm-builder.ts';
import { Reader } from './reader.ts';
import {
  isException,
  isReference,
  letterOf,
  readHeapType,
  readValueType,
  ValType,
  valueTypeName,
  writeValueType,
} from './value-type.ts';
import { Writer } from './writer.ts';

const typeCount = 100_000;

function read(...bytes: readonly number[]): number {
  const reader = new Reader(Uint8Array.from(bytes));
  const type = readValueType(reader, typeCount);
  assert.ok(reader.done);
  return type;
}

describe('value types', () => {
  test('are written as they were read', () => {
    const abstract = Array.from({ length: 0x74 - 0x69 + 1 }, (_, index) => 0x69 + index);
    const single = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, ...abstract].map((byte) => [byte]);
    const indexed = fc
      .tuple(fc.constantFrom(0x63, 0x64), fc.nat(typeCount - 1))
      .map(([byte, index]) => [byte, ...s32(index)]);
    const named = fc.tuple(fc.constantFrom(0x63, 0x64), fc.constantFrom(...abstract));
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...single), indexed, named), (bytes) => {
        const writer = new Writer();
        writeValueType(writer, read(...bytes));
        assert.deepEqual([...writer.finish()], bytes);
      }),
    );
  });

  test('that are none are refused', () => {
    for (const bytes of [
      [0x00],
      [0x40],
      [0x60],
      [0x62],
      [0x65],
      [0x68],
      [0x75],
      [0x77],
      [0x78],
      [0x7a],
      [0x80],
      [0xff],
      [0x63],
      [0x63, 0x40],
    ]) {
      assert.throws(() => read(...bytes), { code: 'malformed_module' }, bytes.join(' '));
      const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4 + bytes.length, 1, 0x60, 1, ...bytes, 0];
      assert.ok(!WebAssembly.validate(Uint8Array.from(module)), bytes.join(' '));
    }
    assert.throws(() => readHeapType(new Reader(Uint8Array.from(s32(7))), 7), { code: 'malformed_module' });
    assert.equal(readHeapType(new Reader(Uint8Array.from(s32(6))), 7), 6);
  });

  test('are told apart', () => {
    const cases: readonly (readonly [
      bytes: readonly number[],
      reference: boolean,
      exception: boolean,
      letter: string,
    ])[] = [
      [[0x7f], false, false, 'i'],
      [[0x7e], false, false, 'I'],
      [[0x7d], false, false, 'f'],
      [[0x7c], false, false, 'F'],
      [[0x7b], false, false, 'v'],
      [[0x70], true, false, 'r'],
      [[0x6f], true, false, 'r'],
      [[0x69], true, true, 'r'],
      [[0x74], true, true, 'r'],
      [[0x63, 0x69], true, true, 'r'],
      [[0x64, 0x74], true, true, 'r'],
      [[0x64, 0x70], true, false, 'r'],
      [[0x63, 5], true, false, 'r'],
      [[0x64, ...s32(99_999)], true, false, 'r'],
    ];
    for (const [bytes, reference, exception, letter] of cases) {
      const type = read(...bytes);
      assert.deepEqual(
        [isReference(type), isException(type), letterOf(type)],
        [reference, exception, letter],
        bytes.join(' '),
      );
    }
    assert.equal(valueTypeName(ValType.v128), 'v128');
    assert.equal(valueTypeName(read(0x63, 5)), 'ref');
  });
});
