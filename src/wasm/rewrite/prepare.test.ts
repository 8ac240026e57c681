import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assemble } from '../../../test/support/wasm-text.ts';
import { decodeModule } from '../format/decode.ts';
import { prepared, prepareModule, takeSnapshot } from './prepare.ts';
import { hasUnsnapshotableState, type Snapshot } from './snapshot.ts';

const text = `(module
  (import "m" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $i (mut i32) (i32.const -1)) (global $I (mut i64) (i64.const -1))
  (global $f (mut f32) (f32.const nan:0x200001)) (global $F (mut f64) (f64.const -nan:0x4000000000001))
  (global $v (mut v128) (v128.const i64x2 -2 3)) (global $fixed i32 (i32.const 5)) (global $c (mut funcref) (ref.null func))
  (start $start)
  (func $start (global.set $i (i32.const 77)) (i32.store (i32.const 100) (global.get $fixed)) (call $log (i32.const 1)))
  (func $init (export "_initialize") (global.set $i (i32.add (global.get $i) (i32.const 1))) (drop (ref.func $other)))
  (func $other (export "other")))`;

interface Prepared {
  readonly exports: Record<string, WebAssembly.ExportValue>;
  readonly logged: readonly number[];
}

function run(source: string, memoryPagesMax = 10): Prepared & { snapshot: () => Snapshot } {
  const module = decodeModule(assemble(source));
  const logged: number[] = [];
  const bytes = prepareModule(module, { memoryPagesMax, call: [2, 2] });
  const compiled = new WebAssembly.Module(Uint8Array.from(bytes));
  const { exports } = new WebAssembly.Instance(compiled, { m: { log: (value: number) => logged.push(value) } });
  const snapshot = (): Snapshot => takeSnapshot(module, [1], (name) => (exports[name] as () => unknown)());
  return { exports, logged, snapshot };
}

describe('prepareModule', () => {
  test('runs nothing by itself, and lends what is asked for', () => {
    const { exports, logged, snapshot } = run(text);
    assert.deepEqual(logged, []);
    assert.deepEqual(snapshot().globals.get(0), [-1n]);
    (exports[prepared.start] as () => void)();
    (exports[prepared.func(2)] as () => void)();
    assert.deepEqual(logged, [1]);
    assert.deepEqual(snapshot().globals.get(0), [78n]);
    assert.equal(new Uint8Array((exports[prepared.memory(0)] as WebAssembly.Memory).buffer)[100], 5);
  });

  test('caps what memories may grow to', () => {
    const memory = run(text, 3).exports[prepared.memory(0)] as WebAssembly.Memory;
    assert.equal(memory.grow(2), 1);
    assert.throws(() => memory.grow(1), RangeError);
  });

  test('leads to a snapshot of each global that can change, bit for bit', () => {
    const { globals } = run(text).snapshot();
    assert.deepEqual(
      [...globals].map(([index, bits]) => [index, bits.map((value) => BigInt.asUintN(64, value).toString(16))]),
      [
        [0, ['ffffffffffffffff']],
        [1, ['ffffffffffffffff']],
        [2, ['7fa00001']],
        [3, ['fff4000000000001']],
        [4, ['fffffffffffffffe', '3']],
      ],
    );
  });

  test('tells of state that a snapshot cannot hold', () => {
    assert.ok(hasUnsnapshotableState(decodeModule(assemble(text))));
    const withoutGlobal = text.replace('(global $c (mut funcref) (ref.null func))', '(table 1 funcref)');
    assert.ok(!hasUnsnapshotableState(decodeModule(assemble(withoutGlobal))));
    for (const change of [
      '(table.set (i32.const 0) (ref.null func))',
      '(table.fill (i32.const 0) (ref.null func) (i32.const 1))',
      '(table.copy (i32.const 0) (i32.const 0) (i32.const 1))',
      '(drop (table.grow (ref.null func) (i32.const 1)))',
    ]) {
      const withChange = withoutGlobal.replace(
        '(func $other (export "other"))',
        `(func $other (export "other") ${change})`,
      );
      assert.ok(hasUnsnapshotableState(decodeModule(assemble(withChange))), change);
    }
  });
});
