import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32, WasmBuilder } from '../../../test/support/wasm-builder.ts';
import { assemble } from '../../../test/support/wasm-text.ts';
import { isMayflyError } from '../../base/mod.ts';
import { checkModule } from '../format/check.ts';
import { decodeModule } from '../format/decode.ts';
import { rewriteModule } from './rewrite.ts';

function rewrite(bytes: Uint8Array, memoryBytesMax = 2 ** 20): Uint8Array {
  const module = decodeModule(bytes);
  checkModule(module);
  const memoryPages = module.spaces.memories.map(({ limits }) => limits.min);
  const rewritten = rewriteModule(module, {
    snapshot: { memoryPages, globals: new Map() },
    entry: undefined,
    memoryBytesMax,
    passes: { preemption: 'checks', dirty: 'marks' },
  });
  assert.ok(WebAssembly.validate(Uint8Array.from(rewritten.bytes)));
  return rewritten.bytes;
}

/** Modules with a struct type 0, an array type 1 and what `change` adds. */
function withObjects(change: (builder: WasmBuilder) => void): Uint8Array<ArrayBuffer> {
  const builder = new WasmBuilder();
  builder.rawType([0x5f, 1, 0x7f, 1]);
  builder.rawType([0x5e, 0x7f, 1]);
  change(builder);
  return builder.build();
}

const structNew = [0xfb, 1, 0];
const hugeArray = [0x41, 0x80, 0x80, 0x80, 0x80, 0x04, 0xfb, 7, 1];

const refused: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>, feature: RegExp])[] = [
  ['a shared memory', assemble('(module (memory 1 2 shared))'), /shared memory/],
  ['an imported shared memory', assemble('(module (import "m" "m" (memory 1 2 shared)))'), /shared memory/],
  [
    'memory.atomic.wait32',
    assemble('(module (memory 1) (func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))))'),
    /wait/,
  ],
  ['an object made in code', withObjects((b) => void b.function(b.type('', ''), '', [...structNew, 0x1a])), /garbage/],
  [
    'an object made for a global',
    withObjects(({ globals }) => void globals.push([0x63, 0, 0, ...structNew, 0x0b])),
    /garbage/,
  ],
  [
    'a huge array made for a global',
    withObjects(({ globals }) => void globals.push([0x63, 1, 1, ...hugeArray, 0x0b])),
    /garbage/,
  ],
  [
    'an object made for a table',
    withObjects(({ tables }) => void tables.push([0x40, 0, 0x63, 0, 0, 1, ...structNew, 0x0b])),
    /garbage/,
  ],
  [
    'an object made for an element segment',
    withObjects(({ elements }) => void elements.push([5, 0x63, 0, 1, ...structNew, 0x0b])),
    /garbage/,
  ],
  ['a table of exceptions', assemble('(module (table 1 exnref))'), /table of exceptions/],
  ['a global of exceptions', assemble('(module (global (mut exnref) (ref.null exn)))'), /global that holds exceptions/],
  ['exceptions that hold exceptions', assemble('(module (tag (param i32 exnref)))'), /hold exceptions/],
  [
    'imported exceptions that hold exceptions',
    assemble('(module (import "m" "t" (tag (param exnref))))'),
    /hold exceptions/,
  ],
  [
    'changes to an imported table',
    assemble('(module (import "m" "t" (table 1 funcref)) (func (table.set (i32.const 0) (ref.null func))))'),
    /imported table/,
  ],
];

describe('rewriteModule', () => {
  for (const [name, bytes, feature] of refused) {
    test(`refuses ${name} by name and place`, () => {
      assert.ok(WebAssembly.validate(bytes), 'V8 takes it');
      assert.throws(
        () => rewrite(bytes),
        (error) => {
          assert.ok(isMayflyError(error, 'unsupported_feature'), String(error));
          assert.match(error.message, feature);
          const { offset } = error.params as { offset: number };
          assert.ok(offset >= 8 && offset < bytes.byteLength, error.message);
          assert.ok(error.hint !== undefined);
          return true;
        },
      );
    });
  }

  test('refuses exceptions that hold much', () => {
    const withParams = (params: string): Uint8Array<ArrayBuffer> => assemble(`(module (tag (param ${params})))`);
    for (const params of ['', 'i32', 'v128 v128', 'i64 f64 externref funcref', 'f32 '.repeat(8)])
      rewrite(withParams(params));
    for (const params of ['v128 v128 i32', 'i64 i64 i64 i64 i32', 'f32 '.repeat(9), 'externref '.repeat(5)])
      assert.throws(() => rewrite(withParams(params)), { code: 'module_too_large', message: /exception/ });
  });

  test('takes exceptions in locals, parameters and results, and a global that never holds one', () => {
    rewrite(
      assemble(`(module (tag $t (param i32)) (global exnref (ref.null exn))
        (func (param exnref) (result exnref) (local exnref)
          (local.set 1 (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (i32.const 1))) (unreachable)))
          (local.get 1)))`),
    );
  });

  test('refuses a memory that starts larger than the limit', () => {
    rewrite(assemble('(module (memory 16))'));
    assert.throws(() => rewrite(assemble('(module (memory 17))')), { code: 'module_too_large' });
    rewrite(assemble('(module (memory 65000))'), 2 ** 32);
    // Not all of 4 GiB is the guest's.
    assert.throws(() => rewrite(assemble('(module (memory 65536))'), 2 ** 32), { code: 'module_too_large' });
  });

  test('refuses a function that marks make larger than V8 takes', () => {
    const builder = new WasmBuilder();
    builder.memory(1);
    // Addresses that are in no local: each store gets the longest mark.
    const store = [0x41, 0, 0x45, 0x41, 0, 0x36, 0, 0];
    builder.function(builder.type('', ''), '', Array.from({ length: 500_000 }, () => store).flat());
    const bytes = builder.build();
    assert.throws(() => rewrite(bytes), { code: 'module_too_large', message: /once it is rewritten/ });
  });

  test('takes as many locals as there may be, with those that it adds itself', () => {
    const builder = new WasmBuilder();
    builder.memory(1);
    const params = 'i'.repeat(1000);
    const locals = u32(48_900);
    const stores = [0x36, 0x37, 0x38, 0x39].flatMap((opcode) => [0x41, 0, 0x45, 0x00, opcode, 0, 0]);
    const content = [1, ...locals, 0x7f, ...stores, 0x0b];
    const type = builder.type(params, '');
    builder.function(type, '', []);
    const bytes = [...builder.build()];
    // The builder writes a run for each local: this body has one run for all.
    const short = [2, 0, 0x0b];
    const at = bytes.length - short.length;
    const code = [1, ...u32(content.length), ...content];
    const whole = [...bytes.slice(0, at - 3), 10, ...u32(code.length), ...code];
    assert.ok(WebAssembly.validate(Uint8Array.from(whole)));
    rewrite(Uint8Array.from(whole));
  });

  test("keeps the guest's own branch hints and other custom sections out", () => {
    const bytes = assemble(
      '(module (memory 1) (func (export "f") (@custom "x" "y")))'.replace(' (@custom "x" "y")', ''),
    );
    const withCustom = Uint8Array.from([...bytes, 0, 4, 1, 0x78, 1, 2]);
    const compiled = new WebAssembly.Module(Uint8Array.from(rewrite(withCustom)));
    assert.deepEqual(WebAssembly.Module.customSections(compiled, 'x'), []);
    assert.deepEqual(
      WebAssembly.Module.exports(compiled).map(({ name }) => name),
      ['rewind'],
    );
  });

  test('names functions that code takes references of, also when only an export did', () => {
    rewrite(assemble('(module (func $f (export "f") (drop (ref.func $f))))'));
    rewrite(
      assemble('(module (import "m" "f" (func $f)) (func (export "g") (drop (ref.func $f))) (export "f" (func $f)))'),
    );
  });
});
