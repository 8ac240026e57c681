import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Prng } from '../../../test/fuzz/prng.ts';
import { randomProgram } from '../../../test/fuzz/random-program.ts';
import { openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';
import { assemble } from '../../../test/support/wasm-text.ts';
import { decodeModule } from '../mod.ts';
import { countStretches, stretchExports } from './stretches-under-test.ts';

/** What pacing.ts promises, and the checks themselves, which are counted too. */
const promised = 9216 + 512;

function stretchIn(bytes: Uint8Array<ArrayBuffer>, calls: (guest: RewrittenGuest, functions: number) => void): number {
  const opened = openUp(bytes);
  const { spaces, functionTypes } = decodeModule(opened);
  const guest = new RewrittenGuest(opened, {
    passes: { preemption: 'checks', dirty: 'everything' },
    fuel: 1_000_000,
    instrument: (rewritten) => countStretches(rewritten.bytes, spaces.memories.length),
  });
  calls(guest, functionTypes.length);
  const read = (name: string): number => Number((guest.exports[name] as WebAssembly.Global).value); // countStretches made it
  return Math.max(read(stretchExports.longest), read(stretchExports.now));
}

const stretchOf = (fields: string, ...args: readonly unknown[]): number =>
  stretchIn(assemble(`(module ${fields})`), (guest) => assert.match(guest.call(0, args), /^returned/));

const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(' ');

/** A loop of so many rounds, whose body costs so much; `body` may leave it. */
const loop = (rounds: number, cost: number, body = ''): string => `(local.set $i (i32.const 0)) (loop $l
  ${times(cost, 'nop')} (local.set $i (i32.add (local.get $i) (i32.const 1))) ${body}
  (br_if $l (i32.ne (local.get $i) (i32.const ${rounds}))))`;
const func = (body: string): string => `(func (param $how i32) (local $i i32) (local $j i32) ${body})`;

describe('the longest stretch without a check', () => {
  test('is no longer than promised in loops that go unchecked, alone, in rows and in others', () => {
    assert.ok(stretchOf(func(loop(20, 380))) > 7000);
    for (const rounds of [2, 20, 81, 500]) {
      for (const cost of [5, 90, 400, 3000]) {
        const found = [
          stretchOf(func(loop(rounds, cost))),
          stretchOf(func(times(12, loop(rounds, cost)))),
          stretchOf(func(`${times(500, 'nop')} ${loop(rounds, cost)} ${times(900, 'nop')} ${loop(rounds, cost)}`)),
          stretchOf(
            func(`(local.set $j (i32.const 0)) (loop $o ${loop(rounds, cost)}
              (br_if $o (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 7))))`),
          ),
        ];
        assert.ok(Math.max(...found) <= promised, `${rounds} rounds of ${cost}: ${found.join(' ')}`);
      }
    }
  });

  test('is no longer for a loop that is left in the middle, on whatever path', () => {
    const tail = times(1000, 'nop');
    const exits = [
      '(br_if $out (i32.eq (local.get $i) (local.get $how)))',
      '(if (i32.eq (local.get $i) (local.get $how)) (then (br $out)))',
      '(if (i32.eq (local.get $i) (local.get $how)) (then (return)))',
      `(block $b (br_if $b (i32.ne (local.get $i) (local.get $how))) ${tail} (br $out))`,
      `(if (i32.eq (local.get $i) (local.get $how)) (then ${tail} (br $out)) (else ${times(50, 'nop')}))`,
    ];
    for (const exit of exits) {
      for (const how of [1, 15, 19, 99]) {
        const body = func(`(block $out ${loop(20, 380, exit)}) ${tail}`);
        assert.ok(stretchOf(body, how) <= promised, `${exit} at ${how}`);
      }
    }
  });

  test('stays short on the way out of a recursion, whose frames go round loops', () => {
    // Each of 400 frames does little or comes by a check, so that together they are no more than some rounds of a loop.
    const recursion = (tail: string): string => `(func (param $n i32) (local $i i32) (local $how i32)
      (if (local.get $n) (then (call 0 (i32.sub (local.get $n) (i32.const 1))))) ${tail})`;
    const frames = 400;
    const tails = [
      loop(20, 5),
      loop(20, 300),
      `(block $out ${loop(20, 300, '(br_if $out (i32.eq (local.get $i) (i32.const 19)))')})`,
      `(block $out ${loop(20, 300, '(if (i32.eq (local.get $i) (i32.const 19)) (then (return)))')})`,
      `(block $out (loop $l ${times(300, 'nop')} (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $out (i32.eq (local.get $i) (i32.const 20))) (br $l)))`,
      `(block $out (loop $l ${times(300, 'nop')} (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.ne (local.get $i) (i32.const 15)) (then (br_if $l (i32.ne (local.get $i) (i32.const 20)))) (else (br $out)))))`,
    ];
    for (const tail of tails) {
      const found = stretchOf(recursion(tail), frames);
      assert.ok(found <= promised + frames * 300, `${found}: ${tail.slice(0, 60)}`);
      assert.ok(found <= promised * 2 || tail === tails[0], `${found}: ${tail.slice(0, 60)}`);
    }
  });

  test('is no longer in random programs, nor in compiled ones', () => {
    for (let seed = 0; seed < 100; seed++) {
      const found = stretchIn(randomProgram(new Prng(seed)), (guest, functions) => {
        for (let index = 0; index < functions; index++) guest.call(index, [7, 9n, 0]);
      });
      assert.ok(found <= promised, `seed ${seed}: ${found}`);
    }
    for (const kernel of ['sha256', 'sort', 'matmul', 'mandelbrot']) {
      const file = join(import.meta.dirname, `../../../bench/kernels/${kernel}.wasm`);
      const bytes = Uint8Array.from(readFileSync(file));
      const handle = decodeModule(bytes).exports.find(({ name }) => name === 'handle')?.index ?? 0;
      const found = stretchIn(bytes, (guest) => assert.equal(guest.call(handle, []), 'returned', kernel));
      assert.ok(found <= promised, `${kernel}: ${found}`);
    }
  });
});
