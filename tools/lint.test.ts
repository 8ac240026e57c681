import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from './repository.ts';
import { commandOf } from './run-program.ts';

/** Bad lines, by where they stand and the rule that refuses them. */
const cases: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['typescript(no-explicit-any)', 'src/base/any.ts', 'export const a: any = 1;'],
  ['typescript(no-unsafe-assignment)', 'src/base/unsafe.ts', `export const a: string = JSON.parse('1');`],
  ['typescript(no-non-null-assertion)', 'src/base/bang.ts', 'export const a = (b: string | undefined): string => b!;'],
  ['typescript(ban-ts-comment)', 'src/base/ignore.ts', '// @ts-ignore\nexport const a: number = 1;'],
  ['typescript(no-floating-promises)', 'src/base/lost.ts', 'const a = async (): Promise<void> => {};\na();'],
  ['typescript(consistent-type-imports)', 'src/base/type.ts', `import { A } from './any.ts';\nexport type B = A;`],
  ['import(no-default-export)', 'src/base/default.ts', 'export default 1;'],
  ['import(no-cycle)', 'src/base/circle.ts', `export { b } from './back.ts';\nexport const a = 1;`],
  ['eslint(no-console)', 'src/engine/print.ts', `console.log('a');`],
  ['eslint(no-restricted-imports)', 'src/wasi/host.ts', `import { WASI } from 'node:wasi';\nexport const a = WASI;`],
  ['eslint(no-restricted-globals)', 'src/wasm/impure.ts', 'export const a = process.argv;'],
  ['unicorn(filename-case)', 'src/base/camelCase.ts', 'export const a = 1;'],
  ['unicorn(prefer-node-protocol)', 'src/base/short.ts', `export { join } from 'path';`],
];

const fine: readonly (readonly [path: string, text: string])[] = [
  ['src/base/back.ts', `import { a } from './circle.ts';\nexport const b: number = a;`],
  ['src/cli/print.ts', `console.log('a');`],
  ['src/base/a.test.ts', `import { test } from 'node:test';\ntest('a', async () => Promise.resolve());`],
];

/** Puts a repository of bad files somewhere else and answers what oxlint says of them under this one's settings. */
function lint(folder: string): { code: string; filename: string }[] {
  for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(join(root, name), join(folder, name));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of [...cases.map((each) => [each[1], each[2]] as const), ...fine]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { stdout } = spawnSync(process.execPath, [commandOf('oxlint'), '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return diagnostics;
}

describe('oxlint', () => {
  let folder = '';
  let found: { code: string; filename: string }[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'mayfly-lint-'));
    found = lint(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [rule, path] of cases) {
    test(`refuses ${path} by ${rule}`, () => {
      const rules = found.filter(({ filename }) => filename === path).map(({ code }) => code);
      assert.ok(rules.includes(rule), `${rules.join(', ')} is wanted to have ${rule}`);
    });
  }
  test('accepts what is fine', () => {
    const paths = fine.map(([path]) => path).filter((path) => path !== 'src/base/back.ts');
    assert.deepEqual(
      found.filter(({ filename }) => paths.includes(filename)),
      [],
    );
  });
});
