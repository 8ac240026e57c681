import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isMayflyError } from '../../base/mod.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

type IntegerKind = 'u32' | 's32' | 's33' | 's64';

const bitsOf: Readonly<Record<IntegerKind, number>> = { u32: 32, s32: 32, s33: 33, s64: 64 };

/** The bytes of an integer in `length` groups of seven bits, sign bits and all. */
function leb128(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => {
    const group = Number((value >> BigInt(7 * index)) & 0x7fn);
    return index < length - 1 ? group | 0x80 : group;
  });
}

function read(kind: IntegerKind, bytes: readonly number[]): bigint {
  const reader = new Reader(Uint8Array.from(bytes));
  const value = BigInt(reader[kind]());
  assert.equal(reader.position, bytes.length);
  return value;
}

function offsetOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    assert.ok(isMayflyError(error, 'malformed_module'), String(error));
    const { offset } = error.params as { offset: number };
    return offset;
  }
  throw new Error('nothing was wrong with it');
}

const unsigned = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
const signed = (bits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });

describe('Reader', () => {
  const kinds = ['u32', 's32', 's33', 's64'] as const;

  for (const kind of kinds) {
    const bits = bitsOf[kind];
    const bytesMax = Math.ceil(bits / 7);
    const values = kind === 'u32' ? unsigned : signed(bits);

    test(`${kind} reads every value in as many bytes as it may have`, () => {
      fc.assert(
        fc.property(values, fc.integer({ min: 1, max: bytesMax }), (value, wanted) => {
          let length = wanted;
          const fits = (count: number): boolean =>
            kind === 'u32' ? value >> BigInt(7 * count) === 0n : BigInt.asIntN(7 * count, value) === value;
          while (!fits(length)) length += 1;
          assert.equal(read(kind, leb128(value, length)), value);
        }),
      );
    });

    test(`${kind} refuses a byte too many`, () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = leb128(value, bytesMax + 1);
          assert.equal(
            offsetOf(() => read(kind, bytes)),
            bytesMax - 1,
          );
        }),
      );
    });

    test(`${kind} refuses what has more bits than it may have`, () => {
      const past =
        kind === 'u32' ? [2n ** 32n, 2n ** 35n - 1n] : [2n ** BigInt(bits - 1), -(2n ** BigInt(bits - 1)) - 1n];
      for (const value of past)
        assert.equal(
          offsetOf(() => read(kind, leb128(value, bytesMax))),
          bytesMax - 1,
          String(value),
        );
    });

    test(`${kind} tells where an integer is cut short`, () => {
      for (let length = 0; length < bytesMax; length++) {
        const cut = Array.from({ length }, () => 0x80);
        assert.equal(
          offsetOf(() => read(kind, cut)),
          length,
        );
      }
    });
  }

  test('reads what Writer writes', () => {
    fc.assert(
      fc.property(unsigned, signed(32), signed(64), fc.string({ unit: 'binary' }), (u32, s32, s64, text) => {
        const writer = new Writer(1).u32(Number(u32)).s32(Number(s32)).s64(s64).name(text);
        writer.fixed32(Number(u32)).fixed64(s64);
        const reader = new Reader(writer.finish());
        assert.equal(reader.u32(), Number(u32));
        assert.equal(reader.s32(), Number(s32));
        assert.equal(reader.s64(), s64);
        assert.equal(reader.name(), text.toWellFormed());
        const view = new DataView(writer.finish().buffer);
        assert.equal(view.getUint32(reader.position, true), Number(u32));
        assert.equal(view.getBigInt64(reader.position + 4, true), s64);
        assert.equal(reader.position + 12, writer.length);
      }),
    );
  });

  test('Writer writes integers in as few bytes as they need', () => {
    fc.assert(
      fc.property(unsigned, signed(64), (value, wide) => {
        const length = new Writer().u32(Number(value)).length;
        assert.ok(length === 1 || value >> BigInt(7 * (length - 1)) > 0n);
        const wideLength = new Writer().s64(wide).length;
        assert.ok(wideLength === 1 || BigInt.asIntN(7 * (wideLength - 1), wide) !== wide);
      }),
    );
  });

  test('name takes UTF-8 and nothing else, byte order marks as they stand', () => {
    const name = (...bytes: readonly number[]): string => new Reader(Uint8Array.from([bytes.length, ...bytes])).name();
    assert.equal(name(0xef, 0xbb, 0xbf, 0x61), '\ufeffa');
    assert.equal(name(0xf0, 0x9f, 0x98, 0x80), '😀');
    const broken = [[0x80], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff]];
    for (const bytes of broken)
      assert.equal(
        offsetOf(() => name(...bytes)),
        1,
        bytes.join(' '),
      );
  });

  test('name refuses a length past the end and one past the limit', () => {
    assert.equal(
      offsetOf(() => new Reader(Uint8Array.of(3, 0x61, 0x62)).name()),
      0,
    );
    const long = new Reader(Uint8Array.from([...leb128(200_000n, 3), ...new Uint8Array(200_000)]));
    assert.throws(() => long.name(), { code: 'module_too_large' });
  });

  test('count refuses more entries than bytes are left', () => {
    assert.equal(new Reader(Uint8Array.of(2, 0, 0)).count('entries', 10), 2);
    assert.equal(
      offsetOf(() => new Reader(Uint8Array.of(3, 0, 0)).count('entries', 10)),
      0,
    );
    assert.throws(() => new Reader(Uint8Array.of(11)).count('entries', 10), { code: 'module_too_large' });
  });

  test('part and skip stay within their bounds', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3, 4));
    const part = reader.part(2);
    assert.deepEqual([part.u8(), part.u8(), part.done], [1, 2, true]);
    assert.equal(
      offsetOf(() => part.u8()),
      2,
    );
    assert.equal(
      offsetOf(() => part.peek()),
      2,
    );
    assert.equal(reader.u8(), 3);
    assert.equal(
      offsetOf(() => reader.skip(2)),
      3,
    );
  });
});
