import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32, WasmBuilder } from '../../../test/support/wasm-builder.ts';
import { isMayflyError } from '../../base/mod.ts';
import { rewriteModule } from '../rewrite/rewrite.ts';
import { checkModule } from './check.ts';
import { decodeModule } from './decode.ts';

/** A module with two functions (one imported), a global, a memory, a table, a segment of each kind and a tag. */
function guest(change: (builder: WasmBuilder) => void): WasmBuilder {
  const builder = new WasmBuilder();
  const empty = builder.type('', '');
  builder.importFunction('wasi_snapshot_preview1', 'host', empty);
  builder.tags.push(empty);
  builder.table('c', 2);
  builder.memory(1);
  builder.global('i', true, [0x41, 0]);
  builder.elements.push([1, 0, 1, 1]);
  builder.passiveData(new Uint8Array(4));
  builder.function(empty, 'i', []);
  change(builder);
  return builder;
}

/** Adds a function with this body. */
const body = (...code: readonly number[]) => {
  return (builder: WasmBuilder): void => {
    builder.function(0, 'i', code);
  };
};

function rewrite(bytes: Uint8Array): void {
  const module = decodeModule(bytes);
  checkModule(module);
  rewriteModule(module, {
    snapshot: { memoryPages: [1], globals: new Map() },
    entry: undefined,
    memoryBytesMax: 2 ** 20,
    passes: { preemption: 'checks', dirty: 'marks' },
  });
}

/** Every way to name something: what changes the guest so that it names what comes right behind the last of its own. */
const attacks: readonly (readonly [name: string, change: (builder: WasmBuilder) => void])[] = [
  // The rewriter's own functions, globals and memories come to stand at these indexes.
  ['call of a function', body(0x10, 3)],
  ['return_call of a function', body(0x12, 3)],
  ['ref.func of a function', body(0xd2, 3, 0x1a)],
  ['global.get of a global', body(0x23, 1, 0x1a)],
  ['global.set of a global', body(0x41, 0, 0x24, 1)],
  ['load from a memory', body(0x41, 0, 0x28, 0x40, 1, 0, 0x1a)],
  ['store to a memory', body(0x41, 0, 0x41, 0, 0x36, 0x40, 1, 0)],
  ['store of a lane to a memory', body(0x41, 0, 0xfd, 0x0c, ...new Uint8Array(16), 0xfd, 0x58, 0x40, 1, 0, 0)],
  ['atomic access to a memory', body(0x41, 0, 0x41, 0, 0xfe, 0x1e, 0x42, 1, 0, 0x1a)],
  ['memory.size of a memory', body(0x3f, 1, 0x1a)],
  ['memory.grow of a memory', body(0x41, 0, 0x40, 1, 0x1a)],
  ['memory.fill of a memory', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 1)],
  ['memory.copy to a memory', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 1, 0)],
  ['memory.copy from a memory', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0a, 0, 1)],
  ['memory.init of a memory', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x08, 0, 1)],
  ['memory.init of a data segment', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x08, 1, 0)],
  ['data.drop of a data segment', body(0xfc, 0x09, 1)],
  ['table.get of a table', body(0x41, 0, 0x25, 1, 0x1a)],
  ['table.set of a table', body(0x41, 0, 0xd0, 0x70, 0x26, 1)],
  ['table.size of a table', body(0xfc, 0x10, 1, 0x1a)],
  ['table.grow of a table', body(0xd0, 0x70, 0x41, 0, 0xfc, 0x0f, 1, 0x1a)],
  ['table.fill of a table', body(0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 0x11, 1)],
  ['table.copy to a table', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0e, 1, 0)],
  ['table.copy from a table', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0e, 0, 1)],
  ['table.init of a table', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0c, 0, 1)],
  ['table.init of an element segment', body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0c, 1, 0)],
  ['elem.drop of an element segment', body(0xfc, 0x0d, 1)],
  ['call_indirect through a table', body(0x41, 0, 0x11, 0, 1)],
  ['local.get of a local', body(0x20, 1, 0x1a)],
  ['local.set of a local', body(0x41, 0, 0x21, 1)],
  ['local.tee of a local', body(0x41, 0, 0x22, 1, 0x1a)],
  ['throw of a tag', body(0x08, 1)],
  ['catch of a tag', body(0x06, 0x40, 0x07, 1, 0x0b)],
  ['try_table clause of a tag', body(0x1f, 0x40, 1, 0x00, 1, 0, 0x0b)],
  ['br to a label', body(0x0c, 1)],
  ['br_if to a label', body(0x41, 0, 0x0d, 1)],
  ['br_table to a label', body(0x41, 0, 0x0e, 1, 1, 0)],
  ['br_table to a default label', body(0x41, 0, 0x0e, 1, 0, 1)],
  ['try_table clause to a label', body(0x1f, 0x40, 1, 0x02, 1, 0x0b)],
  ['br_on_null to a label', body(0xd0, 0x70, 0xd5, 1, 0x1a)],
  ['rethrow to a label', body(0x09, 1)],
  ['export of a function', ({ exports }) => exports.push({ name: 'x', kind: 0, index: 2 })],
  ['export of a table', ({ exports }) => exports.push({ name: 'x', kind: 1, index: 1 })],
  ['export of a memory', ({ exports }) => exports.push({ name: 'x', kind: 2, index: 1 })],
  ['export of a global', ({ exports }) => exports.push({ name: 'x', kind: 3, index: 1 })],
  ['export of a tag', ({ exports }) => exports.push({ name: 'x', kind: 4, index: 1 })],
  ['the start function', (builder) => (builder.start = 2)],
  ['element segment with a function', ({ elements }) => elements.push([1, 0, 1, 2])],
  ['element segment with ref.func', ({ elements }) => elements.push([5, 0x70, 1, 0xd2, 2, 0x0b])],
  ['element segment in a table', ({ elements }) => elements.push([2, 1, 0x41, 0, 0x0b, 0, 0])],
  ['element segment at a global', ({ elements }) => elements.push([0, 0x23, 2, 0x0b, 0])],
  ['data segment in a memory', ({ data }) => data.push([2, 1, 0x41, 0, 0x0b, 0])],
  ['data segment at a global', ({ data }) => data.push([0, 0x23, 2, 0x0b, 0])],
  ['global initialised by a global', (builder) => void builder.global('i', false, [0x23, 2])],
  ['global initialised by ref.func', (builder) => void builder.global('c', false, [0xd2, 2])],
  ['table initialised by ref.func', ({ tables }) => tables.push([0x40, 0, 0x70, 0, 1, 0xd2, 2, 0x0b])],
  ['tag of a type', ({ tags }) => tags.push(1)],
  ['function of a type', (builder) => void builder.function(1, '', [])],
  ['import of a type', (builder) => void builder.importFunction('m', 'f', 1)],
];

describe('checkModule and rewriteModule', () => {
  test('take the module that the attacks are made on', () => {
    const bytes = guest(() => {}).build();
    assert.ok(WebAssembly.validate(bytes));
    rewrite(bytes);
  });

  for (const [name, change] of attacks) {
    test(`refuse ${name} that does not exist`, () => {
      const bytes = guest(change).build();
      assert.equal(WebAssembly.validate(bytes), false);
      assert.throws(
        () => rewrite(bytes),
        (error) => {
          assert.ok(isMayflyError(error, 'invalid_module'), String(error));
          const { offset } = error.params as { offset: number };
          assert.ok(offset >= 8 && offset < bytes.byteLength, error.message);
          return true;
        },
      );
    });
  }

  test('refuse a type index that does not exist where a type is named', () => {
    // These are refused while they are read, as a type's number decides what comes next.
    for (const code of [
      [0x41, 0, 0x11, 1, 0],
      [0x02, 1, 0x0b],
      [0xd0, 1, 0x1a],
      [0x00, 0x14, 1],
    ]) {
      const bytes = guest(body(...code)).build();
      assert.equal(WebAssembly.validate(bytes), false);
      assert.throws(
        () => rewrite(bytes),
        (error) => isMayflyError(error),
      );
    }
  });

  test('refuse an index far past the end as well', () => {
    for (const index of [1000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      const far = u32(index);
      for (const code of [
        [0x10, ...far],
        [0x23, ...far, 0x1a],
        [0x20, ...far, 0x1a],
        [0x41, 0, 0x28, 0x40, ...far, 0, 0x1a],
      ]) {
        assert.throws(() => rewrite(guest(body(...code)).build()), { code: 'invalid_module' });
      }
    }
  });
});
