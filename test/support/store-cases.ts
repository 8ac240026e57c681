/** Small programs whose stores have to be undone by a rewind, whatever their marks are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns, type GuestCall } from './wasm-differential.ts';
import { assemble } from './wasm-text.ts';

export interface StoreCase {
  readonly name: string;
  /** What stands in the module beside three pages of memory with something in each. */
  readonly fields?: string;
  /** A function of three i32 parameters $a $b $c with two more locals $x $y. */
  readonly body: string;
  readonly args?: readonly (readonly [number, number, number])[];
}

const usual: readonly (readonly [number, number, number])[] = [
  [0, 4096, 8192],
  [4095, 65_530, 100_000],
  [20_000, 0, 1],
  [40_000, 90_000, 0],
];

export function storeModule({ fields = '', body }: StoreCase): Uint8Array<ArrayBuffer> {
  return assemble(`(module
    (memory 3 8)
    (data (i32.const 0) "front") (data (i32.const 70000) "middle") (data (i32.const 196000) "back")
    ${fields}
    (func $f (param $a i32) (param $b i32) (param $c i32) (local $x i32) (local $y i32) ${body}))`);
}

function callsOf({ args = usual }: StoreCase): GuestCall[] {
  return args.map((each) => ({ index: 0, args: each }));
}

/** Runs each case untouched and rewritten, and looks for what a rewind leaves behind. */
export function testCover(cases: readonly StoreCase[]): void {
  for (const each of cases) {
    test(`cover ${each.name}`, () => {
      const bytes = storeModule(each);
      assert.ok(WebAssembly.validate(bytes));
      const { problems, endings } = compareRuns(bytes, { calls: callsOf(each) });
      assert.deepEqual(problems, []);
      assert.equal(endings.length, callsOf(each).length);
      // Each call by itself, too: another's marks may hide what is missing.
      for (const call of callsOf(each))
        assert.deepEqual(compareRuns(bytes, { calls: [call] }).problems, [], String(call.args));
      const everything = compareRuns(bytes, {
        calls: callsOf(each),
        passes: { preemption: 'none', dirty: 'everything' },
      });
      assert.deepEqual(everything.problems, []);
    });
  }
}
