import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { roundTripProblems } from '../../../test/support/wasm-round-trip.ts';
import { assemble, disassemble } from '../../../test/support/wasm-text.ts';
import { decodeModule } from './decode.ts';
import { encodeModule } from './encode.ts';

const guests = join(import.meta.dirname, '../../../test/guests');

describe('encodeModule', () => {
  for (const name of readdirSync(guests).filter((each) => each.endsWith('.wasm'))) {
    test(`writes ${name} as what it was`, () => {
      const bytes = readFileSync(join(guests, name));
      assert.deepEqual(roundTripProblems(bytes, decodeModule(bytes)), []);
    });
  }

  test('changes nothing that the text format shows', () => {
    const bytes = assemble(`(module
      (type $t (func (param i32 i64) (result f32 f64)))
      (import "m" "f" (func (type $t)))
      (import "m" "g" (global $imported i32))
      (import "m" "t" (tag (param i32)))
      (table $first 2 9 funcref)
      (table $second 3 externref)
      (memory 1 3)
      (memory 2)
      (global (mut i64) (i64.const -1))
      (global v128 (v128.const i32x4 1 2 3 4))
      (global i32 (i32.add (global.get $imported) (i32.const 7)))
      (export "a" (memory 1))
      (export "" (global 1))
      (start 1)
      (elem (table $first) (i32.const 0) func 0 1)
      (elem (table $second) (offset (i32.const 1)) externref (ref.null extern))
      (elem declare func 1)
      (elem func 0)
      (data (i32.const 8) "abc")
      (data "passive")
      (func (local i32 i32 f64)
        (memory.init 2 (i32.const 0) (i32.const 0) (i32.const 4))
        (br_table 0 0 0 (i32.const 1))))`);
    const again = Uint8Array.from(encodeModule(decodeModule(bytes)));
    assert.equal(disassemble(again), disassemble(bytes));
  });

  test('writes the shortest form of what came in a longer one', () => {
    // (type (func)) twice over: the count and the size of each section take five bytes.
    const long = Uint8Array.from(
      Buffer.from('0061736d01000000 01888080800081808080006000000003017809'.replace(' ', ''), 'hex'),
    );
    assert.ok(WebAssembly.validate(long));
    const short = encodeModule(decodeModule(long));
    assert.deepEqual([...short], [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0]);
  });

  test('adds functions, types and names when asked to', () => {
    const module = decodeModule(assemble('(module (func $f (export "f") (drop (ref.func $f))) (memory 1 100))'));
    const bytes = encodeModule(module, {
      exports: [{ name: 'seven', kind: 'func', index: 1 }],
      types: [Uint8Array.of(0x60, 0, 1, 0x7f)],
      functions: [{ type: 1, body: Uint8Array.of(0, 0x41, 7, 0x0b) }],
      memoryPagesMax: 5,
      declare: [0],
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)));
    assert.deepEqual(Object.keys(exports), ['seven']);
    assert.equal((exports['seven'] as () => number)(), 7);
    assert.equal(decodeModule(bytes).memories[0]?.limits.max, 5);
  });
});
