import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { u32 } from '../../../test/support/wasm-builder.ts';
import { functionNames, producers } from './custom-sections.ts';
import { decodeModule } from './decode.ts';
import { Writer } from './writer.ts';

function name(text: string): number[] {
  return [...new Writer().name(text).finish()];
}

/** A type, two functions of it and their bodies. */
const twoFunctions = Buffer.from('0061736d0100000001040160000003030200000a070202000b02000b', 'hex');

/** A module of two functions with a custom section of this name and content. */
function moduleWith(section: string, content: readonly number[]): ReturnType<typeof decodeModule> {
  const custom = [...name(section), ...content];
  return decodeModule(Uint8Array.from([...twoFunctions, 0, ...u32(custom.length), ...custom]));
}

describe('functionNames', () => {
  test('reads the names of functions, and steps over what else has names', () => {
    const names = [0, 5, ...name('hull'), 1, 11, 2, 0, ...name('one'), 1, ...name('two')];
    // The module's name says it has five bytes.
    assert.deepEqual(
      [...functionNames(moduleWith('name', names))],
      [
        [0, 'one'],
        [1, 'two'],
      ],
    );
  });

  test('keeps what it read before something was malformed', () => {
    assert.deepEqual([...functionNames(moduleWith('name', [1, 40, 2, 0, ...name('one')]))], []);
    assert.deepEqual([...functionNames(moduleWith('name', [1, 7, 2, 0, ...name('one'), 1]))], [[0, 'one']]);
  });

  test('is not impressed by any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (content) => {
        for (const [, text] of functionNames(moduleWith('name', [...content]))) assert.ok(text.length <= 200);
        assert.ok(producers(moduleWith('producers', [...content])).length <= 64);
      }),
    );
  });
});

describe('producers', () => {
  test('reads fields with their values', () => {
    const content = [
      2,
      ...name('language'),
      1,
      ...name('C11'),
      ...name(''),
      ...name('sdk'),
      1,
      ...name('x'),
      ...name('1'),
    ];
    assert.deepEqual(producers(moduleWith('producers', content)), [
      { field: 'language', name: 'C11', version: '' },
      { field: 'sdk', name: 'x', version: '1' },
    ]);
    assert.deepEqual(producers(moduleWith('other', content)), []);
  });

  test('ends at once when it announces what is not there', () => {
    const start = performance.now();
    assert.deepEqual(producers(moduleWith('producers', [0xff, 0xff, 0xff, 0xff, 0x0f])), []);
    // Fields and values of no bytes do not exist: each takes some.
    assert.deepEqual(producers(moduleWith('producers', [1, ...name('sdk'), 0xff, 0xff, 0xff, 0xff, 0x0f])), []);
    assert.ok(performance.now() - start < 200);
  });
});
