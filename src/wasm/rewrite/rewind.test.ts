import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareRuns, type GuestCall } from '../../../test/support/wasm-differential.ts';
import { openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';
import { assemble } from '../../../test/support/wasm-text.ts';
import { growthRefusedAt } from './layout.ts';
import { rewrittenExports } from './rewrite.ts';

const several = (...each: readonly (readonly [number, ...number[]])[]): GuestCall[] =>
  each.map(([index, ...args]) => ({ index, args }));
const call = (index: number, ...args: readonly unknown[]): GuestCall => ({ index, args });

/** Runs the calls and compares with the untouched module; a rewind has to leave nothing. */
function check(text: string, calls: readonly GuestCall[], fuel?: number): void {
  const { problems } = compareRuns(assemble(`(module ${text})`), { calls, fuel });
  assert.deepEqual(problems, []);
}

describe('rewind', () => {
  test('brings back globals of every type, bit for bit', () => {
    check(
      `(global $i (mut i32) (i32.const -7)) (global $I (mut i64) (i64.const 0x123456789abcdef0))
      (global $f (mut f32) (f32.const nan:0x200001)) (global $F (mut f64) (f64.const -nan:0x4000000000001))
      (global $v (mut v128) (v128.const i64x2 -1 5)) (global $c (mut funcref) (ref.func $set)) (global $x (mut externref) (ref.null extern))
      (func $set (global.set $i (i32.const 1)) (global.set $I (i64.const 2)) (global.set $f (f32.const 3)) (global.set $F (f64.const 4))
        (global.set $v (v128.const i64x2 6 7)) (global.set $c (ref.null func)))
      (func (result i32 i64 i32 i64 i64 i64 i32)
        (global.get $i) (global.get $I) (i32.reinterpret_f32 (global.get $f)) (i64.reinterpret_f64 (global.get $F))
        (i64x2.extract_lane 0 (global.get $v)) (i64x2.extract_lane 1 (global.get $v)) (ref.is_null (global.get $c)))`,
      [call(1), call(0), call(1)],
    );
  });

  test('brings back tables that were set, filled, copied and initialised', () => {
    check(
      `(table $t 8 funcref) (table $u 4 funcref) (elem (table $t) (i32.const 1) func $a $b) (elem $passive func $b $a)
      (func $a (result i32) (i32.const 1)) (func $b (result i32) (i32.const 2))
      (func (table.set $t (i32.const 0) (ref.func $b)) (table.fill $t (i32.const 5) (ref.func $a) (i32.const 3))
        (table.copy $u $t (i32.const 0) (i32.const 0) (i32.const 3)) (table.init $u $passive (i32.const 2) (i32.const 0) (i32.const 2))
        (elem.drop $passive))
      (func (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
      (func (param i32) (result i32) (call_indirect $u (result i32) (local.get 0)))`,
      [call(3, 0), call(3, 1), call(2), call(3, 0), call(3, 5), call(4, 0), call(4, 2), call(2)],
    );
  });

  test('brings back a table that grew, with a new instance', () => {
    const text = `(table $t 2 10 funcref) (elem (i32.const 0) $grow)
      (func $grow (param i32) (result i32) (table.grow $t (ref.func $grow) (local.get 0))) (func (result i32) (table.size $t))`;
    check(text, [call(1), call(0, 3), call(1), call(0, 5), call(0, 1), call(1)]);
    assert.equal(new RewrittenGuest(openUp(assemble(`(module ${text})`))).rewritten.reset, 'reinstantiate');
  });

  test('brings back dropped segments', () => {
    check(
      `(memory 1) (data $d "hello") (data $active (i32.const 100) "there")
      (func (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
      (func (data.drop $d))
      (func (param i32) (memory.init $active (i32.const 0) (i32.const 0) (local.get 0)))`,
      [
        call(0, 4093, 0, 5),
        call(1),
        call(0, 0, 0, 0),
        call(0, 0, 1, 0),
        call(0, 0, 0, 1),
        call(1),
        call(2, 0),
        call(2, 1),
      ],
    );
  });

  test('zeroes what was grown, and tells the size there was', () => {
    check(
      `(memory 1 6)
      (func (param i32) (result i32) (memory.grow (local.get 0))) (func (result i32) (memory.size))
      (func (param i32) (i32.store (local.get 0) (i32.const -1)))
      (func (param i32) (result i32) (i32.load (local.get 0)))
      (func (param i32 i32) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))`,
      [
        ...several([0, 0], [1], [2, 65_532], [2, 65_533], [0, 2], [1], [2, 65_534], [2, 196_604], [3, 131_070]),
        ...several([0, 4], [0, -1], [0, 3], [1], [4, 200_000, 60_000], [0, 65_536], [0, 1]),
      ],
    );
  });

  test('zeroes what was grown in each of several memories', () => {
    check(
      `(memory $a 1 4) (memory $b 2 5) (memory $c 0)
      (func (result i32 i32 i32) (memory.grow $a (i32.const 2)) (memory.grow $b (i32.const 1)) (memory.grow $c (i32.const 1)))
      (func (param i32) (i32.store $a (local.get 0) (i32.const 1)) (i32.store $b (local.get 0) (i32.const 2))
        (i32.store $c (local.get 0) (i32.const 3)))
      (func (result i32 i32 i32) (memory.size $a) (memory.size $b) (memory.size $c))
      (func (param i32 i32 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2))
        (memory.copy $c $a (local.get 1) (local.get 0) (local.get 2)))`,
      [
        call(0),
        call(1, 5000),
        call(2),
        call(1, 65_532),
        call(3, 60_000, 4000, 5000),
        call(3, 0, 0, 65_536),
        call(1, 65_533),
      ],
    );
  });

  const bulk = `(memory 3) (data (i32.const 4000) "some text that lies across the border of a page, and more of it")
    (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (param i32) (result i32) (i32.load8_u (local.get 0)))`;

  test('undoes copies that overlap, in both directions and over many chunks', () => {
    for (const [to, from, length] of [
      [4001, 4000, 60],
      [4000, 4001, 60],
      [0, 1, 196_607],
      [1, 0, 196_607],
      [66_000, 10, 130_000],
      [10, 66_000, 130_000],
      [4096, 4095, 65_537],
      [5, 5, 100_000],
    ] as const) {
      const pattern = [call(1, 70_000, 9, 3), call(1, 131_071, 8, 2), call(1, 4090, 7, 10)];
      check(bulk, [...pattern, call(0, to, from, length)]);
      check(bulk, [...pattern, call(0, to, from, length)], 1000);
    }
  });

  test('undoes bulk operations at the borders, and traps as they do with nothing written', () => {
    const operations: readonly (readonly [number, number, number])[] = [
      [4095, 1, 1],
      [4095, 1, 2],
      [0, 1, 4096],
      [0, 1, 4097],
      [196_607, 1, 1],
      [196_608, 1, 0],
      [196_608, 1, 1],
      [196_609, 1, 0],
      [0, 1, 196_609],
      [-1, 1, 1],
      [1, 1, -1],
      [-1, -1, -1],
      [0, 196_608, 0],
      [0, 196_609, 0],
      [0, 196_000, 700],
    ];
    for (const each of operations) check(bulk, [call(0, ...each), call(1, ...each), call(2, 4095)]);
  });

  test('undoes what was done until the guest was ended', () => {
    const guest = new RewrittenGuest(openUp(assemble(`(module ${bulk})`)), { fuel: 1 });
    assert.equal(guest.call(1, [0, 7, 196_608]), 'out of fuel');
    assert.equal(guest.memory(0)[65_535], 7);
    assert.equal(guest.memory(0)[196_607], 0);
    guest.rewind();
    assert.deepEqual(guest.residue(), []);
  });

  test('leaves nothing when it is done in pieces, wherever they end', () => {
    const [set, grow, store, fill] = [0, 1, 2, 3];
    const text = `(module (memory $a 40 60) (memory $b 2 20) (table $t 2000 funcref) (table $u 1500 funcref)
      (global $g (mut i32) (i32.const 5)) (data (memory $a) (i32.const 100_000) "some text") (data $d "more")
      (elem (table $t) (i32.const 3) func $set $grow) (elem (table $u) (i32.const 1490) func $set)
      (func $set (param i32 i32) (table.fill $t (local.get 0) (ref.func $grow) (local.get 1))
        (table.fill $u (local.get 0) (ref.func $grow) (i32.div_u (local.get 1) (i32.const 2)))
        (global.set $g (local.get 1)) (data.drop $d))
      (func $grow (result i32) (i32.add (memory.grow $a (i32.const 20)) (memory.grow $b (i32.const 10))))
      (func (param i32) (i32.store $a (local.get 0) (i32.const 1)) (i32.store $b (i32.const 70_000) (i32.const 1)))
      (func (param i32 i32) (memory.fill $a (local.get 0) (i32.const 7) (local.get 1))
        (memory.fill $b (i32.const 1000) (i32.const 9) (i32.const 600_000))))`;
    for (const pieceBytes of [65_536, 70_001, 300_000, 1_000_003, 0xffff_ffff]) {
      const guest = new RewrittenGuest(openUp(assemble(text)));
      for (let round = 0; round < 2; round++) {
        guest.call(set, [round, 1990]);
        guest.call(grow, []);
        guest.call(fill, [2000, 3_000_000]);
        for (let at = 3_100_000; at < 3_900_000; at += 12_345) guest.call(store, [at]);
        const pieces = guest.rewind(pieceBytes);
        assert.deepEqual(guest.residue(), [], `${pieceBytes}`);
        const bytes = 3_000_000 + 600_000;
        assert.ok(
          pieceBytes > bytes ? pieces === 1 : pieces > bytes / (pieceBytes + 8192),
          `${pieces} of ${pieceBytes}`,
        );
      }
    }
  });

  test('restores about as much at a time as it is told', () => {
    const text = `(module (memory 40) (table $t 4000 funcref) (func $f (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
      (table.fill $t (i32.const 0) (ref.func $f) (i32.const 4000))))`;
    const guest = new RewrittenGuest(openUp(assemble(text)));
    guest.call(0, [1_600_000]);
    const rewind = guest.exports[rewrittenExports.rewind];
    assert.ok(typeof rewind === 'function');
    const dirty: number[] = [];
    do dirty.push(guest.memory(0).reduce((sum, byte) => sum + byte, 0));
    while (Reflect.apply(rewind, undefined, [400_000]) === 1 && dirty.length < 20);
    // Four pieces of memory, and with what the last one had left some of the table; entries count as 256 bytes.
    assert.deepEqual(
      dirty.map((bytes) => Math.ceil(bytes / 100_000)),
      [16, 12, 8, 4, 0, 0, 0],
    );
    assert.deepEqual(guest.residue(), []);
  });

  test('forgets that growth was refused', () => {
    const text = `(module (memory 1 20) (func (param i32) (result i32) (memory.grow (local.get 0))))`;
    const guest = new RewrittenGuest(openUp(assemble(text)), { memoryPagesMax: 4 });
    const refused = (): number | undefined => {
      const { engineWords = 0 } = guest.rewritten.memories[0]?.layout ?? {};
      return guest.physical(0)[engineWords + growthRefusedAt];
    };
    // Its own maximum refuses the first, the slot's limit the second.
    assert.equal(guest.call(0, [20]), 'returned -1');
    assert.equal(refused(), 0);
    assert.equal(guest.call(0, [4]), 'returned -1');
    assert.equal(refused(), 1);
    assert.equal(guest.call(0, [3]), 'returned 1');
    guest.rewind();
    assert.deepEqual(guest.residue(), []);
  });
});
