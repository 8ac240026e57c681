import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Prng } from '../../test/fuzz/prng.ts';
import { randomProgram } from '../../test/fuzz/random-program.ts';
import { NativeGuest, opened, openUp, RewrittenGuest } from '../../test/support/wasm-harness.ts';
import { assemble } from '../../test/support/wasm-text.ts';
import { decodeModule, rewrittenExports } from '../wasm/mod.ts';
import { encodeTrapMap, locate, trapFrames } from './trap-map.ts';

interface Frame {
  readonly functionIndex: number;
  readonly offset: number;
}

/** The frames of what calling `target` throws; undefined when it returns, or overflows the stack. */
function framesOf(target: unknown, args: readonly unknown[]): Frame[] | undefined {
  try {
    Reflect.apply(target as (...values: unknown[]) => unknown, undefined, args);
    return undefined;
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? trapFrames(error.stack ?? '') : undefined;
  }
}

/** The frames where the untouched module trapped, and those that the rewritten one's are mapped to. */
function trapsOf(
  bytes: Uint8Array,
  index: number,
  args: readonly unknown[],
): { untouched: Frame[]; mapped: Frame[] } | undefined {
  const guest = openUp(bytes);
  const untouched = framesOf(new NativeGuest(guest).exports[opened.func(index)], args);
  const { exports, rewritten } = new RewrittenGuest(guest);
  const trapMap = encodeTrapMap({ ...rewritten, names: new Map([[0, 'first']]) });
  const found = framesOf(exports[rewrittenExports.guest(opened.func(index))], args);
  if (untouched === undefined || found === undefined) return undefined;
  const mapped = found.flatMap((frame) => {
    const location = locate(trapMap, frame.functionIndex, frame.offset);
    if (location === undefined) return [];
    assert.equal(location.name, location.functionIndex === 0 ? 'first' : undefined);
    return [{ functionIndex: location.functionIndex, offset: location.offset }];
  });
  return { untouched, mapped };
}

/** A trap in every way that the rewriter has a hand in; function 0 traps when it is called with these arguments. */
const traps: readonly (readonly [name: string, fields: string, body: string])[] = [
  ['unreachable, copied', '', '(drop (i32.const 1)) unreachable'],
  [
    'a division, copied behind a store',
    '(memory 1)',
    '(i32.store (i32.const 0) (i32.const 1)) (drop (i32.div_u (i32.const 1) (i32.const 0)))',
  ],
  ['a load', '(memory 1)', '(drop (i32.load offset=8 (i32.const -1)))'],
  [
    'a store',
    '(memory 1)',
    '(i32.store (local.get 0) (i32.const 1)) (i64.store offset=8 (i32.const -1) (i64.const 1))',
  ],
  [
    'a store whose operands are spilled',
    '(memory 1)',
    '(i64.store (i32.add (i32.const -2) (i32.const 1)) (i64.const 1))',
  ],
  ['a store of a lane', '(memory 1)', '(v128.store16_lane 3 (i32.const -1) (v128.const i32x4 0 0 0 0))'],
  ['an atomic update', '(memory 1)', '(drop (i32.atomic.rmw.cmpxchg (i32.const 1) (i32.const 0) (i32.const 0)))'],
  ['memory.fill', '(memory 1)', 'nop (memory.fill (i32.const -1) (i32.const 1) (i32.const 5))'],
  ['memory.copy', '(memory 1)', 'nop (memory.copy (i32.const -1) (i32.const 1) (i32.const 5)) nop'],
  ['memory.init', '(memory 1) (data "abc")', 'nop (memory.init 0 (i32.const 0) (i32.const 1) (i32.const 5)) nop'],
  [
    'memory.init of a dropped segment',
    '(memory 1) (data "abc")',
    '(data.drop 0) (memory.init 0 (i32.const 0) (i32.const 1) (i32.const 1))',
  ],
  ['table.set', '(table 1 funcref)', '(table.set (i32.const 9) (ref.null func))'],
  [
    'table.init',
    '(table 1 funcref) (elem func)',
    '(elem.drop 0) (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))',
  ],
  ['table.copy behind its check', '(table 1 funcref)', '(table.copy (i32.const 9) (i32.const 0) (i32.const 1))'],
  ['call_indirect', '(table 1 funcref)', '(call_indirect (i32.const 0))'],
  [
    'behind a loop and its check',
    '',
    '(loop $l (br_if $l (i32.const 0)) (drop (i32.rem_u (i32.const 1) (i32.const 0))))',
  ],
  ['right behind the check of a loop', '', '(loop (unreachable))'],
  ['in a function that was called', '', '(call $g (i32.const 0)) (return)'],
  [
    'in a function that was called indirectly',
    '(table 1 funcref) (elem (i32.const 0) $g)',
    '(call_indirect (param i32) (i32.const 0) (i32.const 0))',
  ],
  ['behind a call', '(memory 1)', '(call $h) (call $h) (drop (i32.trunc_f32_s (f32.const 1e30)))'],
  ['behind a growth', '(memory 1)', '(drop (memory.grow (i32.const 1))) (drop (memory.size)) unreachable'],
  [
    'behind many instructions and the checks among them',
    '',
    `${'(local.set 0 (i32.const 1)) '.repeat(2000)} unreachable`,
  ],
];

describe('a trap map', () => {
  for (const [name, fields, body] of traps) {
    test(`leads back to where the untouched module traps: ${name}`, () => {
      const bytes = assemble(`(module ${fields} (func (param i32) ${body})
        (func $g (param i32) (call $h) (if (i32.eqz (local.get 0)) (then (unreachable)))) (func $h))`);
      const found = trapsOf(bytes, 0, [0]);
      assert.ok(found !== undefined && found.untouched.length > 0);
      assert.deepEqual(found.mapped, found.untouched);
    });
  }

  test('leads back in whatever programs', () => {
    let compared = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const bytes = randomProgram(new Prng(seed));
      const module = decodeModule(bytes);
      module.functionTypes.forEach((_, index) => {
        const random = new Prng(seed);
        const args = [random.below(70_000), random.below(70_000)];
        const found = trapsOf(bytes, index, args);
        if (found === undefined) return;
        // V8 keeps ten frames, of which some are the rewriter's own.
        const frames = Math.min(found.mapped.length, found.untouched.length);
        assert.ok(frames > 0, `seed ${seed}, function ${index}: nothing is mapped`);
        assert.deepEqual(
          found.mapped.slice(0, frames),
          found.untouched.slice(0, frames),
          `seed ${seed}, function ${index}`,
        );
        compared += 1;
      });
    }
    assert.ok(compared > 40, `${compared} traps`);
  });

  test('knows nothing of code that the rewriter added', () => {
    const rewritten = new RewrittenGuest(
      openUp(assemble('(module (memory 1) (func (drop (memory.grow (i32.const 1)))))')),
    ).rewritten;
    const trapMap = encodeTrapMap({ ...rewritten, names: new Map() });
    const { after } = rewritten.functions;
    assert.equal(locate(trapMap, after - 1, 100), undefined);
    assert.equal(locate(trapMap, after + 1, 100), undefined);
    assert.equal(locate(trapMap, after, 0), undefined);
  });
});

test('trapFrames reads the frames of a stack trace, and no more than it is to', () => {
  const line = (index: number): string =>
    `    at wasm://wasm/0a1b2c:wasm-function[${index}]:0x${(index * 16).toString(16)}\n`;
  const stack = `RuntimeError: unreachable\n    at name (wasm://wasm/0a:wasm-function[5]:0x1f)\n    at file:///x.js:1:2\n${line(6)}`;
  assert.deepEqual(trapFrames(stack), [
    { functionIndex: 5, offset: 31 },
    { functionIndex: 6, offset: 96 },
  ]);
  assert.equal(trapFrames(Array.from({ length: 50 }, (_, index) => line(index)).join('')).length, 8);
  assert.deepEqual(trapFrames(''), []);
});
