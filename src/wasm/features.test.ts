/** What of WebAssembly is read, written and served, feature by feature: https://webassembly.org/features/ */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { roundTripProblems } from '../../test/support/wasm-round-trip.ts';
import { WasmBuilder } from '../../test/support/wasm-builder.ts';
import { assemble } from '../../test/support/wasm-text.ts';
import { isMayflyError } from '../base/mod.ts';
import { checkModule, decodeModule, encodeModule, rewriteModule } from './mod.ts';

type Feature = readonly [name: string, module: string | Uint8Array<ArrayBuffer>, refusal?: RegExp];

/** A module with a struct type, an array type and whatever else `change` puts into it. */
function built(change: (builder: WasmBuilder) => void): Uint8Array<ArrayBuffer> {
  const builder = new WasmBuilder();
  builder.rawType([0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 1, 1, 0x4f, 1, 0, 0x5f, 2, 0x63, 1, 1, 0x77, 1]);
  builder.rawType([0x5e, 0x78, 0]);
  change(builder);
  return builder.build();
}

const body = (code: readonly number[]): Uint8Array<ArrayBuffer> =>
  built((builder) => {
    // The group above counts as two types.
    builder.rawType([0x60, 0, 0]);
    builder.function(3, '', code);
  });

const features: readonly Feature[] = [
  ['sign extension', '(func (param i64) (result i64) (i64.extend32_s (i64.extend8_s (local.get 0))))'],
  ['saturating conversions', '(func (param f64) (result i64) (i64.trunc_sat_f64_u (local.get 0)))'],
  [
    'multi-value',
    '(func $two (result i32 i64) (i32.const 1) (i64.const 2)) (func (result i32 i64) (call $two) (block (param i32 i64) (result i32 i64)))',
  ],
  [
    'bulk memory',
    '(memory 1) (data $d "ab") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 2)) (data.drop $d) (memory.copy (i32.const 0) (i32.const 1) (i32.const 9)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 9)))',
  ],
  [
    'reference types',
    '(table $t 3 externref) (table $f 3 funcref) (elem $e func $g) (func $g (param externref) (table.set $t (i32.const 0) (local.get 0)) (table.init $f $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e) (table.fill $t (i32.const 0) (ref.null extern) (i32.const 1)) (drop (table.grow $t (ref.null extern) (i32.const 1))) (drop (ref.is_null (ref.func $g))))',
  ],
  [
    'SIMD',
    '(memory 1) (func (result v128) (v128.store8_lane 3 (i32.const 0) (v128.const i64x2 1 2)) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.load (i32.const 0)) (v128.const i32x4 1 2 3 4)))',
  ],
  [
    'relaxed SIMD',
    '(func (param v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 0) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))',
  ],
  [
    'tail calls',
    '(table 1 funcref) (func $f (param i32) (return_call $f (local.get 0))) (func (param i32) (return_call_indirect (param i32) (local.get 0) (i32.const 0)))',
  ],
  [
    'exceptions, as they were first',
    '(tag $t (param i32)) (func (try (do (throw $t (i32.const 1))) (catch $t (drop)) (catch_all (rethrow 0))) (try (do (nop)) (delegate 0)))',
  ],
  [
    'exceptions by references',
    '(tag $t (param i32)) (func (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (i32.const 1))) (unreachable)) (throw_ref))',
  ],
  [
    'extended constant expressions',
    '(global i32 (i32.const 3)) (global i64 (i64.mul (i64.const 2) (i64.add (i64.const 4) (i64.const 5)))) (memory 1) (data (offset (i32.sub (i32.const 9) (i32.const 4))) "x")',
  ],
  [
    'several memories',
    '(memory $a 1) (memory $b 1) (func (i32.store $b (i32.const 0) (i32.load $a (i32.const 8))) (memory.copy $b $a (i32.const 0) (i32.const 0) (i32.const 8)) (drop (memory.grow $b (i32.const 1))))',
  ],
  [
    'mutable globals in imports and exports',
    '(import "m" "g" (global (mut i32))) (global (export "h") (mut i64) (i64.const 1))',
  ],
  [
    'atomic instructions',
    '(memory 1) (func (result i32) (i32.atomic.store (i32.const 0) (i32.const 1)) (atomic.fence) (drop (memory.atomic.notify (i32.const 0) (i32.const 1))) (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 1) (i32.const 2)))',
  ],
  [
    'typed function references',
    built((builder) => {
      const type = builder.type('i', 'i') + 1;
      builder.function(type, '', [0x20, 0]);
      // (ref null $type) as a local's initial value, called after a test.
      builder.function(type, '', [0x20, 0, 0xd2, 0, 0x14, type]);
      builder.function(type, '', [0x02, 0x40, 0xd0, type, 0xd5, 0, 0xd4, 0x1a, 0x0b, 0x20, 0]);
      builder.elements.push([3, 0, 1, 0]);
    }),
  ],
  [
    'a table that starts full',
    built((builder) => {
      builder.function(builder.type('', '') + 1, '', []);
      builder.tables.push([0x40, 0, 0x70, 0, 5, 0xd2, 0, 0x0b]);
      builder.elements.push([3, 0, 1, 0]);
    }),
  ],
  ['types of objects, and null references of them', body([0xd0, 0, 0x1a, 0xd0, 2, 0x1a, 0xd0, 0x6e, 0x1a])],
  ['objects: structs', body([0xfb, 1, 0, 0x1a]), /garbage-collected/],
  ['objects: arrays', body([0x41, 5, 0xfb, 7, 2, 0x1a]), /garbage-collected/],
  ['objects: casts', body([0xd0, 0, 0xfb, 21, 1, 0x1a]), /garbage-collected/],
  ['objects: i31', body([0x41, 5, 0xfb, 28, 0x1a]), /garbage-collected/],
  ['a shared memory', '(memory 1 1 shared)', /shared memory \(threads\)/],
  [
    'waiting for another thread',
    '(memory 1) (func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0))))',
    /threads/,
  ],
];

/** What is not even read: there is no way to serve it, and a slot could not hold it. */
const unread: readonly (readonly [name: string, text: string])[] = [
  ['a memory of 64-bit addresses', '(memory i64 1)'],
  ['an imported memory of 64-bit addresses', '(import "m" "m" (memory i64 1))'],
  ['a table of 64-bit addresses', '(table i64 1 funcref)'],
];

function bytesOf(module: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof module === 'string' ? assemble(`(module ${module})`) : module;
}

describe('of WebAssembly', () => {
  for (const [name, module, refusal] of features) {
    test(`${name}: read, written as it was, ${refusal === undefined ? 'served' : 'refused by name'}`, () => {
      const bytes = bytesOf(module);
      assert.ok(WebAssembly.validate(bytes), 'V8 takes it');
      const decoded = decodeModule(bytes);
      checkModule(decoded);
      assert.deepEqual(roundTripProblems(bytes, decoded), []);
      // These are in their shortest form already.
      assert.deepEqual([...encodeModule(decoded)], [...bytes]);
      const rewrite = (): Uint8Array<ArrayBuffer> => {
        const memoryPages = decoded.spaces.memories.map(({ limits }) => limits.min);
        const { bytes: rewritten } = rewriteModule(decoded, {
          snapshot: { memoryPages, globals: new Map() },
          entry: undefined,
          memoryBytesMax: 2 ** 20,
          passes: { preemption: 'checks', dirty: 'marks' },
        });
        return Uint8Array.from(rewritten);
      };
      if (refusal === undefined) return assert.ok(WebAssembly.validate(rewrite()));
      return assert.throws(rewrite, (error) => {
        assert.ok(isMayflyError(error, 'unsupported_feature'), String(error));
        assert.match(error.message, refusal);
        return error.hint !== undefined;
      });
    });
  }

  for (const [name, text] of unread) {
    test(`${name}: refused by name, with the place`, () => {
      const bytes = assemble(`(module ${text})`);
      assert.throws(() => decodeModule(bytes), {
        code: 'unsupported_feature',
        message: /memory64.*at byte 0x[0-9a-f]+/,
      });
    });
  }
});
