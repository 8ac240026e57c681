import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type StoreCase, storeModule, testCover } from '../../../test/support/store-cases.ts';
import { openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';

/** Bodies whose marks must not be taken for marks of another address. */
const cases: readonly StoreCase[] = [
  {
    name: 'a local set between two stores',
    body: `(i32.store (local.get $a) (i32.const 1))
      (local.set $a (local.get $b))
      (i32.store (local.get $a) (i32.const 2))`,
  },
  {
    name: 'a local set by tee as the address of the store itself',
    body: `(i32.store (local.get $a) (i32.const 1))
      (i32.store (local.tee $a (local.get $b)) (i32.const 2))
      (i32.store (local.get $a) (i32.const 3))`,
  },
  {
    name: 'a local set while its old value waits as an address',
    body: `(i32.store (local.get $a) (i32.const 1))
      local.get $a
      (local.set $a (local.get $b))
      i32.const 2 i32.store
      (i32.store (local.get $a) (i32.const 3))`,
  },
  {
    name: 'a local set in one arm',
    body: `(i32.store (local.get $a) (i32.const 1))
      (if (local.get $c) (then (local.set $a (local.get $b))))
      (i32.store (local.get $a) (i32.const 2))`,
  },
  {
    name: 'a store in one arm and the same in the other',
    body: `(if (local.get $c)
        (then (i32.store (local.get $a) (i32.const 1)))
        (else (i32.store (local.get $a) (i32.const 2))))
      (i32.store (local.get $a) (i32.const 3))`,
  },
  {
    name: 'stores in two arms and none behind them',
    body: `(if (local.get $c)
        (then (i32.store (local.get $a) (i32.const 1)))
        (else (i32.store offset=4 (local.get $a) (i32.const 2))))`,
  },
  {
    name: 'a store in a catch that the block did not come to',
    fields: '(tag $t)',
    body: `(try
        (do (if (i32.eqz (local.get $c)) (then (throw $t))) (i32.store (local.get $a) (i32.const 1)))
        (catch_all (i32.store offset=4 (local.get $a) (i32.const 2))))`,
  },
  {
    name: 'a mark in one arm alone',
    body: `(if (i32.eqz (local.get $c)) (then (i32.store (local.get $a) (i32.const 1))))
      (i32.store offset=4 (local.get $a) (i32.const 2))`,
  },
  {
    name: 'a mark that a branch goes round',
    body: `(block $out
        (br_if $out (local.get $c))
        (i32.store (local.get $a) (i32.const 1)))
      (i32.store offset=4 (local.get $a) (i32.const 2))`,
  },
  {
    name: 'a constant address in one arm alone',
    body: `(if (i32.eqz (local.get $c)) (then (i32.store (i32.const 8200) (i32.const 1))))
      (i32.store (i32.const 8204) (i32.const 2))`,
  },
  {
    name: 'a local that changes from round to round',
    body: `(loop $again
        (i32.store (local.get $a) (i32.const 1))
        (local.set $a (i32.add (local.get $a) (i32.const 5000)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $x) (i32.const 8))))
      (i32.store (local.get $a) (i32.const 9))`,
  },
  {
    name: 'a mark before a loop that changes the local behind the store',
    body: `(i32.store (local.get $a) (i32.const 1))
      (loop $again
        (i32.store (local.get $a) (i32.const 2))
        (local.set $a (i32.add (local.get $a) (i32.const 4096)))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 3))))`,
  },
  {
    name: "a loop's parameter that is a constant at first",
    body: `i32.const 16
      (loop $again (param i32)
        i32.const 7 i32.store
        (i32.mul (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 6000))
        (br_if $again (i32.lt_u (local.get $x) (i32.const 5)))
        drop)`,
  },
  {
    name: "a loop's parameter that is a local at first",
    body: `(i32.store (local.get $a) (i32.const 1))
      local.get $a
      (loop $again (param i32)
        i32.const 7 i32.store offset=3
        (i32.mul (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 6000))
        (br_if $again (i32.lt_u (local.get $x) (i32.const 5)))
        drop)`,
  },
  {
    name: 'a loop in a loop whose local the outer one changes',
    body: `(loop $outer
        (i32.store (local.get $a) (i32.const 1))
        (loop $inner
          (i32.store offset=8 (local.get $a) (i32.const 2))
          (br_if $inner (i32.and (local.tee $y (i32.add (local.get $y) (i32.const 1))) (i32.const 1))))
        (i32.store offset=16 (local.get $a) (i32.const 3))
        (local.set $a (i32.add (local.get $a) (i32.const 4097)))
        (br_if $outer (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 6))))`,
  },
  {
    name: 'a br_table that leads to stores of different locals',
    body: `(block $two (block $one (block $none
        (br_table $none $one $two (local.get $c)))
        (i32.store (local.get $a) (i32.const 1))
        (br $two))
        (i32.store (local.get $b) (i32.const 2)))
      (i32.store offset=4 (local.get $a) (i32.const 3))
      (i32.store offset=4 (local.get $b) (i32.const 4))`,
    args: [
      [0, 8192, 0],
      [0, 8192, 1],
      [0, 8192, 2],
      [20_000, 100_000, 9],
    ],
  },
  {
    name: 'code that is never reached',
    body: `(block $out
        (br $out)
        (i32.store (local.get $a) (i32.const 1))
        (i32.store (i32.const 5000) (i32.const 1)))
      (i32.store (local.get $a) (i32.const 2))
      (i32.store (i32.const 5004) (i32.const 2))
      (return)
      (i32.store (local.get $b) (i32.const 3))`,
  },
  {
    name: 'parameters of an if with two arms',
    body: `local.get $a i32.const 5000 local.get $c
      (if (param i32 i32)
        (then i32.store)
        (else i32.store offset=9000))`,
  },
  {
    name: 'results of a block as an address',
    body: `(i32.store (local.get $a) (i32.const 1))
      (block $l (result i32) (br_if $l (local.get $a) (local.get $c)) drop (local.get $b))
      i32.const 2 i32.store`,
  },
  {
    name: 'an address that a block came between',
    body: `local.get $a
      (block (local.set $a (local.get $b)) (i32.store (local.get $a) (i32.const 1)))
      i32.const 2 i32.store
      local.get $b
      (loop $again (local.set $b (i32.const 40000))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 2))))
      i32.const 3 i32.store`,
  },
  {
    name: 'a catch that a changed local comes into',
    fields: '(tag $t)',
    body: `(try
        (do (local.set $a (local.get $b)) (i32.store (local.get $a) (i32.const 1)) (if (local.get $c) (then (throw $t))))
        (catch_all (i32.store offset=4 (local.get $a) (i32.const 2)) (local.set $a (local.get $c))))
      (i32.store offset=8 (local.get $a) (i32.const 3))`,
  },
  {
    name: 'what a catch clause brings as an address',
    fields: '(tag $t (param i32))',
    body: `(i32.store (local.get $a) (i32.const 1))
      (block $caught (result i32)
        (try_table (catch $t $caught) (throw $t (local.get $b)))
        unreachable)
      i32.const 2 i32.store`,
  },
  {
    name: 'a catch clause that leads to a loop',
    fields: '(tag $t (param i32))',
    body: `i32.const 4
      (loop $again (param i32)
        local.tee $y i32.const 5 i32.store
        (br_if 1 (i32.gt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 4)))
        (try_table (catch $t $again) (throw $t (i32.mul (local.get $x) (i32.const 7000)))))`,
  },
  {
    name: 'a delegate and a rethrow',
    fields: '(tag $t)',
    body: `(try $outer
        (do (try (do (i32.store (local.get $a) (i32.const 1)) (throw $t)) (delegate $outer)))
        (catch $t (i32.store offset=4 (local.get $a) (i32.const 2))))
      (try
        (do (try (do (throw $t)) (catch_all (i32.store offset=4 (local.get $b) (i32.const 2)) (rethrow 0))))
        (catch_all (i32.store (local.get $b) (i32.const 2))))
      (i32.store offset=8 (local.get $b) (i32.const 3))`,
  },
  {
    name: 'the same local for two memories',
    fields: '(memory $second 2)',
    body: `(i32.store (local.get $a) (i32.const 1))
      (i32.store $second (local.get $a) (i32.const 2))
      (i32.store (i32.const 300) (i32.const 3))
      (i32.store $second (i32.const 300) (i32.const 4))`,
    args: [[20_000, 0, 0]],
  },
  {
    name: 'a local set deep inside',
    body: `(i32.store (local.get $a) (i32.const 1))
      (block (block (if (local.get $c)
        (then (local.set $a (local.get $b)) (i32.store offset=4 (local.get $a) (i32.const 2))))))
      (i32.store offset=8 (local.get $a) (i32.const 3))`,
  },
];

/** Places next to the borders of pages and of the blocks of offsets that share a mark. */
const borders: readonly StoreCase[] = [
  ...[0, 1, 240, 255, 256, 257, 4095, 4096, 65_535].map((offset) => ({
    name: `stores of every width at offset ${offset}`,
    body: `(i32.store8 offset=${offset} (local.get $a) (i32.const 255))
      (i32.store16 offset=${offset} (local.get $a) (i32.const 0xffff))
      (i32.store offset=${offset} (local.get $a) (i32.const -1))
      (i64.store offset=${offset} (local.get $a) (i64.const -1))
      (f64.store offset=${offset} (local.get $b) (f64.const 1.5))
      (v128.store offset=${offset} (local.get $b) (v128.const i32x4 1 2 3 4))
      (v128.store64_lane offset=${offset} 1 (local.get $c) (v128.const i32x4 1 2 3 4))`,
    args: [
      [4095, 4081, 4088],
      [3840, 3841, 3855],
      [0, 8191, 12_287],
      [65_535, 65_520, 65_529],
    ] as const,
  })),
  {
    name: 'a store that another block of offsets was marked for',
    body: `(i32.store8 offset=255 (local.get $a) (i32.const 1))
      (i64.store offset=255 (local.get $a) (i64.const -1))
      (v128.store offset=255 (local.get $a) (v128.const i32x4 1 2 3 4))
      (i32.store8 offset=256 (local.get $a) (i32.const 2))`,
    args: [
      [3840, 0, 0],
      [3841, 0, 0],
      [4095, 0, 0],
      [3825, 0, 0],
    ],
  },
  {
    name: 'constant addresses next to borders',
    body: `(i64.store (i32.const 4095) (i64.const -1))
      (i32.store8 (i32.const 4096) (i32.const 1))
      (v128.store (i32.const 8191) (v128.const i32x4 1 2 3 4))
      (v128.store offset=1 (i32.const 12286) (v128.const i32x4 1 2 3 4))
      (i32.store8 offset=65535 (i32.const 131072) (i32.const 1))`,
  },
  {
    name: 'the last bytes of the memory',
    body: `(i32.store8 (i32.const 196607) (i32.const 1))
      (v128.store (i32.const 196592) (v128.const i32x4 1 2 3 4))
      (i64.store (local.get $a) (i64.const 1))`,
    args: [
      [196_600, 0, 0],
      [196_601, 0, 0],
      [196_607, 0, 0],
      [-1, 0, 0],
    ],
  },
  {
    name: 'addresses that are far outside',
    body: `(i32.store offset=4294967295 (local.get $a) (i32.const 1))`,
    args: [
      [0, 0, 0],
      [1, 0, 0],
      [-1, 0, 0],
    ],
  },
  {
    name: 'addresses that pass 32 bits with their offset',
    body: `(i32.store offset=4294901760 (local.get $a) (i32.const 1)) (i32.store (local.get $b) (i32.const 1))`,
    args: [
      [65_536, 0, 0],
      [131_072, 0, 0],
      [-65_536, 0, 0],
    ],
  },
];

const updates: readonly StoreCase[] = ['add', 'sub', 'and', 'or', 'xor', 'xchg'].map((action) => ({
  name: `atomic ${action}`,
  body: `(drop (i32.atomic.rmw.${action} (local.get $a) (i32.const 5)))
    (drop (i64.atomic.rmw.${action} (i32.add (local.get $a) (i32.const 8192)) (i64.const 5)))
    (drop (i32.atomic.rmw8.${action}_u (i32.const 4095) (i32.const 5)))
    (drop (i64.atomic.rmw32.${action}_u offset=4 (local.get $a) (i64.const 5)))
    (i32.atomic.store (i32.add (local.get $a) (i32.const 16384)) (i32.const 5))
    (drop (memory.atomic.notify (local.get $a) (i32.const 0)))`,
  args: [
    [0, 0, 0],
    [65_528, 0, 0],
    [4092, 0, 0],
    [1, 0, 0],
  ],
}));

const exchanges: StoreCase = {
  name: 'atomic cmpxchg',
  body: `(drop (i32.atomic.rmw.cmpxchg (i32.add (local.get $a) (i32.const 4096)) (local.get $b) (local.get $c)))
    (drop (i64.atomic.rmw.cmpxchg (i32.add (local.get $a) (i32.const 12288)) (i64.const 0) (i64.const -1)))
    (drop (i32.atomic.rmw16.cmpxchg_u offset=2 (local.get $a) (i32.const 0) (i32.const 7)))`,
  args: [
    [0, 0, 9],
    [65_528, 0, 9],
    [40_000, 1, 9],
  ],
};

describe('marks', () => {
  testCover([...cases, ...borders, ...updates, exchanges]);

  test('are one for stores that lie close together, whatever stands between them', () => {
    const saved = (body: string): number =>
      new RewrittenGuest(openUp(storeModule({ name: '', body }))).rewritten.findings.marksSaved;
    const two = (first: string, second: string): number =>
      saved(`(i32.store ${first} (i32.const 1)) (i32.store ${second} (i32.const 1))`);
    const plus = (constant: number): string => `(i32.add (local.get $a) (i32.const ${constant}))`;
    assert.equal(two('(local.get $a)', 'offset=256 (local.get $a)'), 1);
    assert.equal(two('(local.get $a)', 'offset=257 (local.get $a)'), 0);
    // The mark is made for offset 256.
    assert.equal(two('offset=300 (local.get $a)', '(local.get $a)'), 1);
    assert.equal(two('offset=300 (local.get $a)', 'offset=512 (local.get $a)'), 1);
    assert.equal(two('offset=300 (local.get $a)', 'offset=513 (local.get $a)'), 0);
    assert.equal(two('(local.get $a)', '(local.get $b)'), 0);
    assert.equal(two('(local.get $a)', plus(256)), 1);
    assert.equal(two('(local.get $a)', plus(257)), 0);
    assert.equal(two('(local.get $a)', plus(-256)), 1);
    assert.equal(two('(local.get $a)', plus(-257)), 0);
    assert.equal(two(plus(2_147_483_647), `offset=100 ${plus(-2_147_483_648)}`), 1);
    assert.equal(two('(i32.const 0)', '(i32.const 4095)'), 1);
    assert.equal(two('(i32.const 0)', '(i32.const 4096)'), 0);
    const store = '(i32.store (local.get $a) (i32.const 1))';
    assert.equal(saved(`${store} (block ${store})`), 1);
    assert.equal(saved(`${store} (loop ${store})`), 1);
    assert.equal(saved(`(loop ${store}) ${store}`), 1);
    assert.equal(saved(`(block ${store}) ${store}`), 1);
    assert.equal(saved(`(block $l (br_if $l (local.get $b)) ${store}) ${store}`), 0);
    assert.equal(saved(`${store} (loop (local.set $a (local.get $b)) ${store})`), 0);
  });

  test('are left out for pages that every rewind restores', () => {
    const times = (count: number, at: string): string =>
      Array.from({ length: count }, () => `(i32.store ${at} (i32.const 1))`).join(' ');
    const marks = (body: string): number =>
      new RewrittenGuest(openUp(storeModule({ name: '', body }))).rewritten.findings.marks;
    assert.equal(marks(times(7, 'offset=5000 (i32.const 0)')), 1);
    assert.equal(marks(times(8, 'offset=5000 (i32.const 0)')), 0);
    assert.equal(marks(`(loop ${times(1, 'offset=5000 (i32.const 0)')})`), 0);
    // Not outside of the memory as a request finds it, three pages here.
    assert.equal(marks(times(8, 'offset=196604 (i32.const 0)')), 0);
    assert.equal(marks(times(8, 'offset=196608 (i32.const 0)')), 1);
    // What looks like a constant in the weighing may be none: that is marked.
    assert.equal(marks(times(8, 'offset=5000 (local.get $a)')), 1);
  });
});
