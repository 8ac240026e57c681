import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareRuns } from '../../../test/support/wasm-differential.ts';
import { openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';
import { assemble } from '../../../test/support/wasm-text.ts';

function guestOf(text: string, fuel: number): RewrittenGuest {
  return new RewrittenGuest(openUp(assemble(`(module ${text})`)), { fuel });
}

/** How many checks a call of function 0 comes by. */
function checksOn(text: string, ...args: readonly unknown[]): number {
  const guest = guestOf(text, 1_000_000);
  const outcome = guest.call(0, args);
  assert.match(outcome, /^returned/);
  return guest.interrupts;
}

const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(' ');

/** What goes on for ever, in every shape. Function 0 is called without arguments. */
const endless: readonly (readonly [name: string, text: string])[] = [
  ['a loop', '(func (loop $l (br $l)))'],
  ['a loop by br_if', '(func (loop $l (br_if $l (i32.const 1))))'],
  ['a loop by br_table', '(func (loop $l (br_table $l $l (i32.const 7))))'],
  ['a loop in a loop', '(func (loop $l (loop $m (br_if $m (i32.const 0)) (br $l))))'],
  ['a loop with parameters', '(func (i32.const 1) (loop $l (param i32) (br $l)))'],
  ['a loop by br_on_null', '(func (loop $l (br_if $l (ref.is_null (ref.null func)))))'],
  ['tail calls', '(func $f (return_call $f))'],
  ['tail calls of one another', '(func $f (return_call $g)) (func $g (return_call $f))'],
  ['indirect tail calls', '(table 1 funcref) (elem (i32.const 0) $f) (func $f (return_call_indirect (i32.const 0)))'],
  ['caught exceptions', '(tag $t) (func (loop $l (try (do (throw $t)) (catch $t (br $l)))))'],
  ['caught exceptions that lead to a loop', '(tag $t) (func (loop $l (try_table (catch $t $l) (throw $t))))'],
  ['a loop in a catch_all', '(tag $t) (func (try (do (throw $t)) (catch_all (loop $l (br $l)))))'],
  [
    'a catch_all round the loop and round all of it',
    '(func (loop $out (try (do (loop $l (br $l))) (catch_all (br $out)))) (loop $l (br $l)))',
  ],
];

/** Counts that look as if they came to an end, and do not. */
const count = (body: string): string => `(func (local $i i32) (local $j i32) (local $x i32) ${body})`;
const next = '(local.set $i (i32.add (local.get $i) (i32.const 1)))';
const never: readonly (readonly [name: string, text: string])[] = [
  // Once past their end they would go on without a check for four thousand million rounds.
  [
    'a count that another branch sets past its end',
    count(`(local.set $i (i32.const 0)) (loop $o (local.set $i (i32.const 0)) (loop $l ${next}
      (if (i32.eq (local.get $i) (i32.const 5)) (then (local.set $i (i32.const 11)) (br $l)))
      (br_if $l (i32.ne (local.get $i) (i32.const 10)))) (br $o))`),
  ],
  [
    'a count that a caught exception sets past its end',
    `(tag $t) ${count(`(loop $o (local.set $i (i32.const 0)) (loop $l ${next}
      (try_table (catch $t $l) (if (i32.eq (local.get $i) (i32.const 5)) (then (local.set $i (i32.const 11)) (throw $t))))
      (br_if $l (i32.ne (local.get $i) (i32.const 10)))) (br $o))`)}`,
  ],
  [
    'a count that another branch turns back',
    count(`(local.set $i (i32.const 0)) (loop $l ${next}
      (if (i32.eq (local.get $i) (i32.const 5)) (then (local.set $i (i32.const 0)) (br $l)))
      (br_if $l (i32.ne (local.get $i) (i32.const 10))))`),
  ],
  [
    'a count that a branch behind the end sets past it',
    count(`(local.set $i (i32.const 0)) (loop $l ${next} (br_if $l (i32.ne (local.get $i) (i32.const 10)))
      (local.set $i (i32.const 11)) (br $l))`),
  ],
  [
    'a count that a br_table sets past it',
    count(`(local.set $i (i32.const 0)) (loop $l (block $b ${next} (br_if $l (i32.ne (local.get $i) (i32.const 10))))
      (local.set $i (i32.const 11)) (br_table $l $l (i32.const 1)))`),
  ],
  [
    'a count that a caught exception turns back',
    `(tag $t) ${count(`(local.set $i (i32.const 0)) (loop $l
      (local.set $j (local.get $i)) ${next}
      (try_table (catch $t $l) (if (i32.eq (local.get $i) (i32.const 9)) (then (local.set $i (i32.const 0)) (throw $t))))
      (br_if $l (i32.ne (local.get $i) (i32.const 10))))`)}`,
  ],
  [
    'a count that an arm turns back',
    count(`(local.set $i (i32.const 0)) (loop $l ${next}
      (if (i32.eq (local.get $i) (i32.const 9)) (then (local.set $i (i32.const 0))))
      (br_if $l (i32.ne (local.get $i) (i32.const 10))))`),
  ],
  [
    'a count that goes on only in an arm',
    count(`(local.set $i (i32.const 0)) (loop $l
      (if (i32.lt_u (local.get $i) (i32.const 9)) (then ${next}))
      (br_if $l (i32.ne (local.get $i) (i32.const 10))))`),
  ],
  [
    'a count that a loop inside turns back',
    count(`(local.set $i (i32.const 0)) (loop $l ${next}
      (loop $m (local.set $j (i32.eq (local.get $i) (i32.const 9))) (if (local.get $j) (then (local.set $i (i32.const 0)))))
      (br_if $l (i32.ne (local.get $i) (i32.const 10))))`),
  ],
  [
    'a count that steps over its end',
    count(`(local.set $i (i32.const 0)) (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 4))) (br_if $l (i32.ne (local.get $i) (i32.const 10))))`),
  ],
  [
    'a count that its end runs away from',
    count(`(local.set $i (i32.const 0)) (loop $l ${next}
      (local.set $j (i32.add (local.get $i) (i32.const 4)))
      (br_if $l (i32.ne (local.get $i) (local.get $j))))`),
  ],
  [
    'a count that is not compared with its end',
    count(`(local.set $i (i32.const 0)) (loop $l ${next}
      (drop (i32.ne (local.get $i) (i32.const 10))) (br_if $l (i32.ne (local.get $j) (i32.const 10))))`),
  ],
  [
    'a count whose test stands in an arm',
    count(`(local.set $i (i32.const 0)) (block $out (loop $l ${next}
      (if (local.get $x) (then (br_if $out (i32.eq (local.get $i) (i32.const 10)))))
      (br $l)))`),
  ],
  [
    'a count whose test a branch goes round',
    count(`(local.set $i (i32.const 0)) (block $out (loop $l ${next}
      (block $b (br_if $b (i32.eqz (local.get $x))) (br_if $out (i32.eq (local.get $i) (i32.const 10))))
      (br $l)))`),
  ],
  [
    'a count of a test before the loop',
    count(`(local.set $i (i32.const 0)) (block $out (br_if $out (i32.eq (local.get $i) (i32.const 10)))
      (loop $l ${next} (br $l)))`),
  ],
  [
    'a count that starts anew in a loop that is endless',
    count(`(loop $o (local.set $i (i32.const 0))
      (loop $l ${next} (br_if $l (i32.ne (local.get $i) (i32.const 10)))) (br $o))`),
  ],
  [
    'a count that ends, of a loop that goes on round another',
    count(`(loop $o (local.set $i (i32.const 0))
      (loop $l ${next} (br_if $o (i32.eq (local.get $i) (i32.const 9))) (br_if $l (i32.ne (local.get $i) (i32.const 10)))))`),
  ],
  [
    'a count that is a parameter of its loop',
    count(`(i32.const 0) (loop $l (param i32) (local.set $i) (i32.const 0)
      (br_if $l (i32.ne (local.get $i) (i32.const 10))) drop)`),
  ],
];

describe('preemption', () => {
  for (const [name, text] of never) {
    test(`ends ${name}`, () => assert.equal(guestOf(text, 1000).call(0, []), 'out of fuel'));
  }

  /** How many checks a loop comes by that counts $i from 0, and has `body` before the branch to its start and its condition. */
  const loop = (condition: string, body = '', start = 0, step = 1): string =>
    count(`(local.set $i (i32.const ${start})) (loop $l ${body}
      (local.set $i (i32.add (local.get $i) (i32.const ${step}))) (br_if $l ${condition}))`);
  const test10 = (operator: string): string => `(i32.${operator} (local.get $i) (i32.const 10))`;

  test('leaves loops alone that end before long, whatever they count by', () => {
    for (const operator of ['ne', 'lt_u', 'lt_s', 'le_u', 'le_s']) assert.equal(checksOn(loop(test10(operator))), 0);
    for (const operator of ['ge_s', 'gt_s', 'gt_u']) assert.equal(checksOn(loop(test10(operator), '', 20, -1)), 0);
    assert.equal(checksOn(loop('(local.get $i)', '', -10)), 0);
    assert.equal(checksOn(loop('(i32.eqz (i32.eq (local.get $i) (i32.const 10)))')), 0);
    assert.equal(checksOn(loop('(i32.gt_u (i32.const 10) (local.get $i))')), 0);
    assert.equal(checksOn(loop('(i32.ne (local.get $i) (i32.const 0))', '', 2 ** 32 - 40, 4)), 0);
    const exit = `(block $out (loop $l (br_if $out ${test10('eq')}) ${next} (br $l)))`;
    assert.equal(checksOn(count(`(local.set $i (i32.const 0)) ${exit}`)), 0);
    const nested = loop(
      test10('ne'),
      `(local.set $j (i32.const 0)) (loop $m
      (br_if $m (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 2))) (i32.const 10))))`,
    );
    // Too much for a short function without calls, which is not checked at its entry either.
    assert.equal(checksOn(nested), 9);
    assert.equal(checksOn(nested.replace('(loop', `${times(100, 'nop')} (loop`)), 1);
  });

  test('is passed by loops that go on for longer, and behind those that went on for some time', () => {
    assert.equal(checksOn(loop('(i32.ne (local.get $i) (i32.const 2000))')), 1999);
    const long = loop('(i32.ne (local.get $i) (i32.const 20))', times(300, 'nop'));
    // At its entry and at its end.
    assert.equal(checksOn(long), 2);
    assert.equal(checksOn(loop('(i32.ne (local.get $i) (i32.const 40))', times(300, 'nop'))), 40);
    // A way out in the middle comes by a check as well, or the loop goes unchecked for less.
    const leaving = (out: string): string =>
      loop('(i32.ne (local.get $i) (i32.const 20))', `${times(300, 'nop')} ${out}`);
    assert.equal(checksOn(leaving('(if (i32.eq (local.get $i) (i32.const 15)) (then (return)))')), 16);
    assert.equal(
      checksOn(`(func (call $f)) (func $f (local $i i32)
      (local.set $i (i32.const 0)) (block $out (loop $l ${times(300, 'nop')}
        (br_if $out (i32.eq (local.get $i) (i32.const 15)))
        ${next} (br_if $l (i32.ne (local.get $i) (i32.const 20))))))`),
      3,
    );
  });

  test('is passed behind such a loop whichever arm in it leads out', () => {
    const f = (arms: string): string => `(func (call $f)) (func $f (local $i i32) (local.set $i (i32.const 0))
      (block $out (loop $l ${times(300, 'nop')} ${next} ${arms})))`;
    const goOn = '(br_if $l (i32.ne (local.get $i) (i32.const 20)))';
    // Two at entries, and one where the loop is left or at the end.
    assert.ok(checksOn(f(`(if (i32.ne (local.get $i) (i32.const 15)) (then ${goOn}) (else (br $out)))`)) >= 3);
    assert.ok(checksOn(f(`(block $b (br_if $b (i32.eq (local.get $i) (i32.const 15))) ${goOn}) (br $out)`)) >= 3);
    assert.ok(checksOn(f(`(if (i32.ne (local.get $i) (i32.const 15)) (then ${goOn}) (else (return)))`)) >= 3);
    const exit = '(br_if $out (i32.eq (local.get $i) (i32.const 20)))';
    assert.ok(checksOn(f(`${exit} (block $b (br_if $b (i32.eq (local.get $i) (i32.const 15))) (br $l))`)) >= 3);
  });

  test('does not add up loops that go unchecked to more than a short time', () => {
    const inner = `(local.set $j (i32.const 0)) (loop $m ${times(30, 'nop')}
      (br_if $m (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 20))))`;
    // 20 rounds of 40: one check each time, or each second time.
    assert.ok(checksOn(loop('(i32.ne (local.get $i) (i32.const 1000))', inner)) >= 500);
    assert.ok(checksOn(count(times(100, inner))) >= 50);
    const leaf = `(func $leaf (local $j i32) (local.set $j (i32.const 0)) (loop $m
      (br_if $m (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 20)))))`;
    assert.ok(checksOn(`(func ${times(200, '(call $leaf)')}) ${leaf}`) >= 40);
  });

  for (const [name, text] of endless) {
    test(`ends ${name}`, () => {
      const guest = guestOf(text, 1000);
      assert.equal(guest.call(0, []), 'out of fuel');
      assert.equal(guest.interrupts, 1001);
    });
  }

  test('leaves short functions without calls alone', () => {
    assert.equal(checksOn('(func)'), 0);
    assert.equal(checksOn('(func (call $f)) (func $f)'), 1);
    assert.equal(checksOn('(func (call $f)) (func $f (call $g)) (func $g)'), 2);
  });

  test('is not put off by code without loops', () => {
    // Each of these runs for long; a check stands at least every thousand or so instructions.
    assert.ok(checksOn(`(func ${times(50_000, 'nop')})`) >= 40);
    const leaf = `(func $leaf (param i32) ${times(20, '(local.set 0 (i32.const 1))')})`;
    assert.ok(checksOn(`(func ${times(5000, '(call $leaf (i32.const 1))')}) ${leaf}`) >= 500);
    const large = `(func $large (param i32) ${times(500, '(local.set 0 (i32.const 1))')})`;
    assert.ok(checksOn(`(func ${times(500, '(call $large (i32.const 1))')}) ${large}`) >= 500);
    const table = '(table 1 funcref) (elem (i32.const 0) $f) (func $f)';
    // Function 0 has to be the caller.
    const indirect = `(func ${times(2000, '(call_indirect (i32.const 0))')}) ${table}`;
    assert.ok(checksOn(indirect) >= 200);
  });

  test('is not put off by branches that go round the checks', () => {
    // Every block costs a little less than what a check is due for, and is left just before its end.
    const block = `(block $out ${times(450, '(drop (i32.const 1))')} (br_if $out (i32.const 1)) ${times(2000, 'nop')})`;
    assert.ok(checksOn(`(func ${times(40, block)})`) >= 30);
    const arms = `(if (i32.const 1) (then ${times(900, 'nop')}) (else ${times(2000, 'nop')}))`;
    assert.ok(checksOn(`(func ${times(40, arms)})`) >= 30);
    const table = `(block $a (block $b (br_table $a $b (i32.const 0))) ${times(5000, 'nop')}) ${times(900, 'nop')}`;
    assert.ok(checksOn(`(func ${times(40, table)})`) >= 30);
    const caught = `(block $h (try_table (catch_all $h) ${times(900, 'nop')} (call $throw)))`;
    assert.ok(checksOn(`(func ${times(40, caught)}) (tag $t) (func $throw (throw $t))`) >= 60);
  });

  test('checks on the way out of a deep recursion, if there is much to do', () => {
    const checks = (tail: number): number =>
      checksOn(
        `(func (param i32) (if (local.get 0) (then (call $down (local.get 0)))) ${times(tail, 'nop')})
        (func $down (param i32) (call 0 (i32.sub (local.get 0) (i32.const 1))) ${times(100, 'nop')})`,
        100,
      );
    assert.equal(checks(100), 201);
    assert.equal(checks(300), 302);
  });

  test('checks only what is due: arms do not add up', () => {
    const arms = `(if (i32.const 1) (then ${times(10, 'nop')}) (else ${times(900, 'nop')}))`;
    const guest = guestOf(`(func ${times(4, arms)})`, 100);
    guest.call(0, []);
    assert.ok(guest.rewritten.findings.checks <= 5, `${guest.rewritten.findings.checks} checks`);
  });

  test('checks at each operation that may take long by itself', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['(memory 20) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 655360)))', 10],
      [`(memory 20) (func ${times(100, '(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))')})`, 100],
      [`(memory 20) (func ${times(100, '(memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))')})`, 100],
      [
        `(memory 20) (data "abc") (func ${times(100, '(memory.init 0 (i32.const 0) (i32.const 1) (i32.const 2))')})`,
        100,
      ],
      [`(memory 1 64) (func ${times(60, '(drop (memory.grow (i32.const 1)))')})`, 60],
      [`(table 2 funcref) (func ${times(100, '(table.copy (i32.const 0) (i32.const 0) (i32.const 2))')})`, 100],
      [`(table 2 funcref) (func ${times(100, '(table.fill (i32.const 0) (ref.null func) (i32.const 2))')})`, 100],
      [
        `(table 2 funcref) (elem func) (func ${times(100, '(table.init 0 (i32.const 0) (i32.const 0) (i32.const 0))')})`,
        100,
      ],
      [`(table 2 funcref) (func ${times(100, '(drop (table.grow (ref.null func) (i32.const 1)))')})`, 100],
      [`(tag $t) (func ${times(100, '(try (do (throw $t)) (catch_all))')})`, 100],
    ];
    for (const [text, least] of cases) assert.ok(checksOn(text) >= least, text.slice(0, 100));
  });

  test('does nothing to what a guest does', () => {
    const text = `(memory 2) (tag $t (param i32))
      (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (param i32) (result i32) (local i32)
        (loop $l (local.set 1 (i32.add (local.get 1) (local.get 0))) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        ${times(3000, '(local.set 1 (i32.add (local.get 1) (i32.const 3)))')} (local.get 1))`;
    for (const fuel of [undefined, 1_000_000]) {
      const calls = [
        { index: 0, args: [15] },
        { index: 1, args: [100] },
      ];
      assert.deepEqual(compareRuns(assemble(`(module ${text})`), { calls, fuel }).problems, []);
    }
  });

  test('traps at once when it is told to, whatever was to follow', () => {
    const guest = guestOf(
      '(global $g (mut i32) (i32.const 0)) (func (call $f) (global.set $g (i32.const 1))) (func $f (call $g)) (func $g)',
      1,
    );
    assert.equal(guest.call(0, []), 'out of fuel');
    assert.deepEqual(guest.globals(), ['returned 0']);
  });
});
