/** Whether the runner of the specification's tests sees what is wrong: the tests themselves are not in this repository. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scriptModules } from './spec-assembler.ts';
import type { Instance } from './spec-instance.ts';
import { type ScriptReport, ScriptRunner } from './spec-runner.ts';
import { readScript } from './spec-script.ts';
import { floatBits } from './spec-values.ts';

const host: Instance = { mode: 'untouched', module: undefined, exports: { print: () => {} }, residue: () => [] };

function run(text: string): ScriptReport {
  const modules = scriptModules('nowhere.wast', undefined);
  return new ScriptRunner(text, modules, { mode: 'rewritten', host }).run();
}

const module = `(module $m
  (import "spectest" "print" (func $print))
  (memory 1) (data (i32.const 4094) "ab\\ff")
  (global (export "g") f32 (f32.const nan:0x200001))
  (func (export "load") (param i32) (result i32) (call $print) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "div") (param i64) (result i64) (i64.div_s (i64.const 1) (local.get 0)))
  (func (export "nan") (param f64) (result f64) (f64.mul (local.get 0) (f64.const inf)))
  (func (export "vector") (param v128) (result v128 f32) (local.get 0) (f32.const -0))
  (func $deep (export "deep") (call $deep) (call $print))
  (tag $t) (func (export "throw") (throw $t)))`;

describe('ScriptRunner', () => {
  test('counts the assertions that hold', () => {
    const report = run(`${module}
      (assert_return (invoke "load" (i32.const 4096)) (i32.const 0xff))
      (invoke "store" (i32.const 70) (i32.const 7)) (assert_return (invoke $m "load" (i32.const 70)) (i32.const 7))
      (assert_trap (invoke "load" (i32.const -1)) "out of bounds memory access")
      (assert_trap (invoke "div" (i64.const 0)) "integer divide by zero")
      (assert_return (invoke "nan" (f64.const 0)) (f64.const nan:canonical))
      (assert_return (invoke "nan" (f64.const nan:0x8000000000001)) (f64.const nan:arithmetic))
      (assert_return (invoke "vector" (v128.const i16x8 0 1 2 3 4 5 6 -7)) (v128.const i16x8 0 1 2 3 4 5 6 65529) (f32.const -0.0))
      (assert_return (get "g") (f32.const nan:0x200001))
      (assert_exhaustion (invoke "deep") "call stack exhausted")
      (assert_exception (invoke "throw"))
      (assert_invalid (module (func (result i32))) "type mismatch")
      (assert_invalid (module (func (call 4))) "unknown function")
      (assert_malformed (module binary "\\00asm\\01\\00\\00\\00\\01") "unexpected end")
      (register "m" $m)
      (module (import "m" "load" (func $load (param i32) (result i32))) (func (export "f") (result i32) (call $load (i32.const 70))))
      (assert_return (invoke "f") (i32.const 7))`);
    assert.deepEqual(report.failed, []);
    assert.equal(report.passed, 14);
    assert.equal(report.skipped.size, 0);
  });

  test('tells what does not hold, and where', () => {
    const wrong = [
      '(assert_return (invoke "load" (i32.const 4096)) (i32.const 0xfe))',
      '(assert_return (invoke "vector" (v128.const i64x2 0 1)) (v128.const i64x2 0 2) (f32.const -0))',
      '(assert_return (invoke "vector" (v128.const i64x2 0 1)) (v128.const i64x2 0 1) (f32.const 0))',
      '(assert_return (get "g") (f32.const nan:canonical))',
      '(assert_trap (invoke "load" (i32.const 0)) "out of bounds memory access")',
      '(assert_trap (invoke "load" (i32.const -1)) "integer divide by zero")',
      '(assert_exhaustion (invoke "load" (i32.const 0)) "call stack exhausted")',
      '(assert_exception (invoke "load" (i32.const 0)))',
      '(assert_malformed (module binary "\\00asm\\01\\00\\00\\00") "unexpected end")',
      '(assert_return (invoke "nothing"))',
    ];
    const report = run(`${module}\n${wrong.join('\n')}`);
    assert.equal(report.passed, 0);
    const firstLine = module.split('\n').length + 1;
    const lines = report.failed.map((problem) => Number(/^line (\d+)/.exec(problem)?.[1]));
    // Without wasm-tools an invalid module that is accepted may be wabt's mistake.
    assert.deepEqual(
      lines,
      wrong.flatMap((_, index) => (index === 8 ? [] : [firstLine + index])),
    );
  });

  test('leaves out what cannot be run, with the reason', () => {
    const report = run(`(module (memory i64 1) (func (export "f"))) (assert_return (invoke "f"))
      (assert_malformed (module quote "(func") "unexpected end")`);
    assert.deepEqual([...report.skipped.values()], [2, 1]);
    assert.match([...report.skipped.keys()][0] ?? '', /memory64/);
  });
});

test('readScript reads comments, strings and annotations', () => {
  const [first, ...others] = readScript('(;a (;b;) ;) (x "\\u{e9}\\41\\"" ;; c\n (@note (y)) -1.5 $z) (w)');
  assert.equal(others.length, 1);
  const found = first?.items.map((node) =>
    node.kind === 'atom' ? node.text : node.kind === 'string' ? [...node.bytes] : '()',
  );
  assert.deepEqual(found, ['x', [0xc3, 0xa9, 0x41, 0x22], '-1.5', '$z']);
  assert.throws(() => readScript('(x'));
});

test('floatBits rounds once, and knows every form', () => {
  const bits = (text: string, width: number): string => floatBits(text, width).toString(16);
  assert.equal(bits('-0x1.fffffffp-127', 32), '80800000');
  assert.equal(bits('0x1.000001p0', 32), '3f800000');
  assert.equal(bits('0x1.00000100001p0', 32), '3f800001');
  assert.equal(bits('0x1p-1074', 64), '1');
  assert.equal(bits('0x1p-1075', 64), '0');
  assert.equal(bits('-nan:0x1', 64), 'fff0000000000001');
  assert.equal(bits('inf', 32), '7f800000');
  assert.equal(bits('1_000.5e1', 64), floatBits('10005', 64).toString(16));
});
