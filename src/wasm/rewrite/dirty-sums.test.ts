import { describe } from 'node:test';
import { type StoreCase, testCover } from '../../../test/support/store-cases.ts';

/** Addresses that are sums: near to a mark by the guest's arithmetic, which wraps, and perhaps not in memory. */
const sums: readonly StoreCase[] = [
  {
    name: 'sums with constants of one local, up and down',
    body: `(i32.store (local.get $a) (i32.const 1))
      (i32.store (i32.add (local.get $a) (i32.const 250)) (i32.const 2))
      (i64.store (i32.add (local.get $a) (i32.const 256)) (i64.const -1))
      (i64.store (i32.sub (local.get $a) (i32.const 256)) (i64.const -1))
      (i32.store8 (i32.add (i32.const 240) (local.get $a)) (i32.const 3))`,
    args: [
      [4095, 0, 0],
      [4096, 0, 0],
      [3840, 0, 0],
      [8191, 0, 0],
      [4351, 0, 0],
      [196_352, 0, 0],
    ],
  },
  ...[257, 273, 400, 4000].map((distance) => ({
    name: `sums that lie ${distance} bytes from a mark`,
    body: `(i32.store (local.get $a) (i32.const 1))
      (i32.store8 (i32.add (local.get $a) (i32.const ${distance})) (i32.const 2))
      (i32.store8 (i32.sub (local.get $b) (i32.const -40)) (i32.const 3))
      (i32.store8 (i32.sub (local.get $b) (i32.const ${distance - 40})) (i32.const 4))`,
    args: [
      [4095, 12_288, 0],
      [8191 - distance + 273, 20_480 - 40, 0],
    ] as const,
  })),
  {
    name: 'a sum that wraps from below zero to the first page',
    body: `(i32.store (i32.add (local.get $a) (i32.const 32)) (i32.const 1))
      (i32.store offset=40 (local.get $b) (i32.const 2))
      (i32.store (i32.add (local.get $a) (i32.const 24)) (i32.const 3))
      (i32.store offset=60 (local.get $a) (i32.const 4))`,
    args: [
      [-16, 0, 0],
      [-24, 8192, 0],
      [-32, -8, 0],
      [-33, 0, 0],
    ],
  },
  {
    name: 'a sum that wraps over the largest address',
    body: `(local.set $x (i32.add (local.get $a) (i32.const 2147483647)))
      (local.set $x (i32.add (local.get $x) (i32.const 2147483647)))
      (i32.store (local.get $x) (i32.const 1))
      (i32.store (i32.sub (local.get $a) (i32.const 2)) (i32.const 2))
      (i32.store (i32.add (local.get $x) (i32.const -250)) (i32.const 3))
      (i32.store offset=12 (i32.sub (local.get $a) (i32.const 8)) (i32.const 4))`,
    args: [
      [4098, 0, 0],
      [8192, 0, 0],
      [2, 0, 0],
      [300, 0, 0],
    ],
  },
  {
    name: 'a sum in a local that another local gets',
    body: `(local.set $x (i32.add (local.get $a) (i32.const 100)))
      (local.set $y (local.get $x))
      (local.set $a (local.get $b))
      (i32.store (local.get $x) (i32.const 1))
      (i32.store (i32.sub (local.get $y) (i32.const 200)) (i32.const 2))
      (i32.store (local.get $a) (i32.const 3))`,
    args: [
      [4096, 8192, 0],
      [4000, 12_288, 0],
      [99, 12_288, 0],
      [100, 196_605, 0],
    ],
  },
  {
    name: 'a sum of a local that one arm has changed',
    body: `(local.set $x (local.get $a))
      (i32.store (local.get $x) (i32.const 1))
      (if (local.get $c) (then (local.set $x (i32.add (local.get $x) (i32.const 4000)))))
      (i32.store (i32.add (local.get $x) (i32.const 200)) (i32.const 2))`,
    args: [
      [0, 0, 0],
      [0, 0, 1],
      [4000, 0, 1],
    ],
  },
  {
    name: 'a local that a loop moves on, behind the loop and in it',
    body: `(i32.store (local.get $a) (i32.const 1))
      (loop $again
        (i32.store (local.get $a) (i32.const 2))
        (local.set $a (i32.add (local.get $a) (i32.const 200)))
        (i32.store (i32.sub (local.get $a) (i32.const 100)) (i32.const 3))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 50))))
      (i32.store (local.get $a) (i32.const 4))`,
  },
  {
    name: 'a loop that steps down, over the first page and out of memory',
    body: `(loop $again
        (i32.store (local.get $a) (i32.const 2))
        (i32.store offset=8 (i32.sub (local.get $a) (i32.const 16)) (i32.const 3))
        (local.set $a (i32.sub (local.get $a) (i32.const 2000)))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 9))))`,
    args: [
      [19_000, 0, 0],
      [9000, 0, 0],
      [4096, 0, 0],
    ],
  },
  {
    name: 'a loop left in the middle, and one entered with a local of its last round',
    body: `(block $out
        (loop $again
          (i32.store (local.get $a) (i32.const 1))
          (br_if $out (i32.gt_u (local.get $a) (i32.const 30000)))
          (local.set $a (i32.add (local.get $a) (local.get $b)))
          (i32.store offset=16 (local.get $a) (i32.const 2))
          (br $again)))
      (i32.store offset=100 (local.get $a) (i32.const 3))
      (loop $next
        (i32.store offset=200 (local.get $a) (i32.const 4))
        (local.set $a (local.get $b))
        (br_if $next (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 3))))`,
    args: [
      [0, 5000, 0],
      [40_000, 1, 0],
      [0, 100_000, 0],
    ],
  },
  {
    name: 'a loop that a br_table leads back to from several places',
    body: `(loop $again
        (block $two (block $one
          (br_table $one $two $again (local.get $c)))
          (i32.store (local.get $a) (i32.const 1))
          (local.set $a (i32.add (local.get $a) (i32.const 4096)))
          (local.set $c (i32.const 1))
          (br $again))
        (i32.store offset=4 (local.get $a) (i32.const 2))
        (local.set $c (i32.sub (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.tee $x (local.get $x))))
        (br_if $again (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 1))) (i32.const 3))))
      (i32.store offset=8 (local.get $a) (i32.const 3))`,
    args: [
      [0, 0, 0],
      [0, 0, 1],
      [8190, 0, 0],
    ],
  },
  {
    name: 'an exception out of the middle of a loop',
    fields: '(tag $t)',
    body: `(try
        (do (loop $again
          (local.set $a (i32.add (local.get $a) (i32.const 3000)))
          (i32.store (local.get $a) (i32.const 1))
          (if (i32.gt_u (local.get $a) (local.get $b)) (then (throw $t)))
          (i32.store offset=8 (local.get $a) (i32.const 2))
          (br $again)))
        (catch_all (i32.store offset=16 (local.get $a) (i32.const 3))))
      (i32.store offset=24 (local.get $a) (i32.const 4))`,
    args: [
      [0, 8000, 0],
      [4090, 0, 0],
    ],
  },
  {
    name: 'a catch clause that leads round a mark and a sum',
    fields: '(tag $t)',
    body: `(block $h
        (try_table (catch $t $h)
          (if (local.get $c) (then (throw $t)))
          (i32.store (local.get $a) (i32.const 1))
          (local.set $x (i32.add (local.get $a) (i32.const 100)))))
      (i32.store offset=4 (local.get $a) (i32.const 2))
      (i32.store (local.get $x) (i32.const 3))`,
    args: [
      [8192, 0, 0],
      [8192, 0, 1],
    ],
  },
  {
    name: 'a memory that grows within a loop',
    body: `(loop $again
        (i32.store (local.get $a) (i32.const 1))
        (drop (memory.grow (i32.const 1)))
        (local.set $a (i32.add (local.get $a) (i32.const 65536)))
        (i32.store (i32.sub (local.get $a) (i32.const 4)) (i32.const 2))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 4))))`,
    args: [[131_072, 0, 0]],
  },
  {
    name: 'variables at constant addresses, marked and restored anyway',
    body: `(loop $again
        (i32.store offset=5000 (i32.const 0) (local.get $x))
        (v128.store offset=8190 (i32.const 0) (v128.const i32x4 1 2 3 4))
        (i32.store offset=70000 (i32.const 0) (i32.const 7))
        (i32.store offset=100000 (i32.const 0) (i32.const 7))
        (i32.store offset=100000 (local.get $a) (i32.const 7))
        (br_if $again (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 1))) (i32.const 4))))`,
  },
];

describe('marks of sums', () => {
  testCover(sums);
});
