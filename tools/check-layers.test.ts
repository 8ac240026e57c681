import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLayers } from './check-layers.ts';
import { describe as describeFinding, readRepository, type SourceFile } from './repository.ts';

/** What checkLayers says of one file with one line, beside files that are all right. */
function problemOf(path: string, text: string): string | undefined {
  const others: SourceFile[] = ['src/wasm/mod.ts', 'src/wasm/format/mod.ts', 'src/wasm/format/reader.ts'].map(
    (each) => ({
      path: each,
      text: '',
    }),
  );
  const findings = checkLayers([{ path, text }, ...others]);
  assert.ok(findings.length <= 1, `one finding at most is wanted, there are ${findings.length}`);
  return findings[0] === undefined ? undefined : describeFinding(findings[0]);
}

describe('checkLayers refuses', () => {
  const cases: readonly (readonly [what: string, path: string, text: string, problem: string])[] = [
    ['a higher rank', 'src/wasm/a.ts', `import { a } from '../engine/mod.ts';`, 'a rank below 1 is wanted'],
    ['an equal rank', 'src/wasi/a.ts', `import { a } from '../js/mod.ts';`, 'a rank below 2 is wanted'],
    ['a type of a higher rank', 'src/base/a.ts', `import type { A } from '../cli/mod.ts';`, 'a rank below 0 is wanted'],
    ['an inline type', 'src/base/a.ts', `export type A = import('../cli/mod.ts').A;`, 'a rank below 0 is wanted'],
    ['a re-export', 'src/base/a.ts', `export * from '../cli/mod.ts';`, 'a rank below 0 is wanted'],
    ['a late import', 'src/base/a.ts', `await import('../cli/mod.ts');`, 'a rank below 0 is wanted'],
    ['an import of who knows what', 'src/base/a.ts', 'await import(name);', 'a literal is wanted'],
    ['a side door', 'src/engine/a.ts', `import { a } from '../wasm/format/reader.ts';`, 'src/wasm/mod.ts is wanted'],
    [
      'an inner side door',
      'src/wasm/a.ts',
      `import { a } from './format/reader.ts';`,
      'src/wasm/format/mod.ts is wanted',
    ],
    ["its own folder's door", 'src/engine/a.ts', `import { a } from './mod.ts';`, 'the file behind it is wanted'],
    ['the way in', 'src/cli/a.ts', `import { a } from '../mod.ts';`, 'is wanted by nobody'],
    [
      'tests from the source',
      'src/cli/a.ts',
      `import { a } from '../../test/support/a.ts';`,
      'only what is in src/ is wanted',
    ],
    ['a backend', 'src/control/a.ts', `import { a } from '../storage/sqlite/mod.ts';`, 'wanted only in src/node'],
    ['a backend by its own', 'src/storage/mod.ts', `export * from './sqlite/mod.ts';`, 'wanted only in src/node'],
    [
      "a backend's side door",
      'src/node/a.ts',
      `import { a } from '../storage/sqlite/b.ts';`,
      'sqlite/mod.ts is wanted',
    ],
    ["node's modules in wasm", 'src/wasm/a.ts', `import { a } from 'node:fs';`, `free of node's modules`],
    ["node's modules by their short name", 'src/wasm/a.ts', `import { a } from 'fs';`, `free of node's modules`],
    [
      'a package away from home',
      'src/engine/a.ts',
      `import { z } from 'zod';`,
      'wanted only in src/config and src/control and src/admin',
    ],
    [
      'a part of one',
      'src/engine/a.ts',
      `import { z } from 'zod/mini';`,
      'wanted only in src/config and src/control and src/admin',
    ],
    [
      'a package without a home',
      'src/cli/a.ts',
      `import { a } from '@some/thing/part';`,
      'it imports @some/thing, which has no',
    ],
    ['a folder without a rank', 'src/misc/a.ts', '', 'src/misc has no rank'],
    ['a file on top', 'src/helpers.ts', '', 'it stands in no folder of src/'],
    [
      "a test in another folder's insides",
      'src/engine/a.test.ts',
      `import { a } from '../wasm/b.ts';`,
      'src/wasm/mod.ts is wanted',
    ],
    ['a test that looks up', 'src/wasm/a.test.ts', `import { a } from '../engine/mod.ts';`, 'a rank below 1 is wanted'],
    [
      'a suite in the insides',
      'test/integration/a.test.ts',
      `import { a } from '../../src/wasm/b.ts';`,
      'a mod.ts of src/ is wanted',
    ],
    ['a tool in the insides', 'tools/a.ts', `import { a } from '../src/wasm/b.ts';`, 'a mod.ts of src/ is wanted'],
  ];
  for (const [what, path, text, problem] of cases) {
    test(what, () =>
      assert.ok(problemOf(path, text)?.includes(problem), `${problemOf(path, text)} is wanted to have: ${problem}`),
    );
  }

  test('and says where', () => {
    assert.equal(
      problemOf('src/wasm/a.ts', `\n\nimport type { A } from '../engine/mod.ts';`),
      'Cannot accept src/wasm/a.ts:3: it imports src/engine/mod.ts, which has rank 3, a rank below 1 is wanted',
    );
  });
});

describe('checkLayers accepts', () => {
  const cases: readonly (readonly [what: string, path: string, text: string])[] = [
    ['a lower rank', 'src/engine/a.ts', `import { a } from '../wasm/mod.ts'; import { b } from '../wasi/mod.ts';`],
    ['a neighbour', 'src/wasm/rewrite/a.ts', `import { a } from './b.ts'; import { c } from '../c.ts';`],
    ['an inner door', 'src/wasm/rewrite/a.ts', `import { a } from '../format/mod.ts';`],
    ['a folder without a door', 'src/wasm/a.ts', `import { a } from './component/b.ts';`],
    ['a backend in node', 'src/node/a.ts', `import { a } from '../storage/sqlite/mod.ts';`],
    ['a package at home', 'src/config/a.ts', `import { z } from 'zod/mini';`],
    ["node's modules elsewhere", 'src/engine/a.ts', `import { a } from 'node:fs';`],
    ['every door from the top', 'src/main.ts', `import { a } from './cli/mod.ts'; import { b } from './base/mod.ts';`],
    [
      'a test and its own insides',
      'src/wasm/a.test.ts',
      `import { a } from './format/reader.ts'; import { b } from './mod.ts';`,
    ],
    [
      'a test and its tools',
      'src/wasm/a.test.ts',
      `import fc from 'fast-check'; import { a } from '../../test/support/a.ts';`,
    ],
    ['a test and node', 'src/wasm/a.test.ts', `import { test } from 'node:test';`],
    [
      'a suite at the doors',
      'test/a.test.ts',
      `import { a } from '../src/mod.ts'; import { b } from '../src/wasm/mod.ts';`,
    ],
  ];
  for (const [what, path, text] of cases) test(what, () => assert.equal(problemOf(path, text), undefined));

  test('this repository', () => assert.deepEqual(checkLayers(readRepository()).map(describeFinding), []));
});
