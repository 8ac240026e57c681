import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { describe, test } from 'node:test';
import { describe as describeFinding, readRepository, root } from './repository.ts';
import { tidy } from './tidy.ts';

const head = '/** What it is for. */\n';

/** A mark of unfinished work, put together so that this file has none. */
const unfinished = ['TO', 'DO'].join('');

/** What tidy says of one file, which stands in a folder that has its mod.ts. */
function problemsOf(path: string, text: string): string[] {
  const door = { path: 'src/wasm/mod.ts', text: '/** The folder. */' };
  const files = path === door.path ? [{ path, text }] : [door, { path, text }];
  return tidy(files, ['/somebody/mayfly']).map(describeFinding);
}

describe('tidy refuses', () => {
  const cases: readonly (readonly [what: string, path: string, text: string, problem: string])[] = [
    ['a file that does not say what it is for', 'src/wasm/a.ts', 'export const a = 1;', 'does not say what it is for'],
    ['a comment that is about something else', 'src/wasm/a.ts', 'const a = 1;\n// Two.\nconst b = 2;', 'does not say'],
    ['a suite that does not say what it shows', 'test/a.test.ts', 'test();', 'does not say what it is for'],
    ['a long file', 'src/wasm/a.ts', `${head}${'\n'.repeat(500)}`, 'it has 501 lines'],
    ['unfinished work', 'src/wasm/a.ts', `${head}// ${unfinished}: more`, 'finished work is wanted'],
    ['unfinished work in other texts', 'README.md', unfinished, 'finished work is wanted'],
    ['half a merge', 'README.md', `${'<'.repeat(7)} ours`, 'finished work is wanted'],
    ["a machine's own path", 'docs/a.md', 'Run `cd /somebody/mayfly/src`', 'it names /somebody/mayfly'],
    [
      'a cast without a reason',
      'src/wasm/a.ts',
      `${head}\nexport function a(b: unknown) {\n  return b as string;\n}`,
      'it casts',
    ],
    ['a source named in a string', 'src/wasm/a.ts', `${head}const a = new URL('./b.ts', base);`, `it names './b.ts'`],
    ['a source named in a template', 'src/wasm/a.ts', `${head}const a = \`\${b}/c.ts\`;`, `it names '/c.ts'`],
    ['a test on its own', 'src/wasm/a.test.ts', 'test.only("a", () => {});', 'it runs only some tests'],
    [
      'a test on its own by option',
      'src/wasm/a.test.ts',
      'test("a", { only: true }, () => {});',
      'it runs only some tests',
    ],
    [
      'a skip without a reason',
      'src/wasm/a.test.ts',
      'test("a", { skip: true }, () => {});',
      'the reason as text is wanted',
    ],
    ['a skip by name', 'src/wasm/a.test.ts', 'test.skip("a", () => {});', `{ skip: 'the reason' } is wanted`],
    ['a skip on the way', 'src/wasm/a.test.ts', 'test("a", (t) => { t.skip(); });', 'the reason as text is wanted'],
    ['a folder without a door', 'src/engine/a.ts', head, 'it has no mod.ts'],
    [
      'a door that does not say where to',
      'src/wasm/mod.ts',
      `import './a.ts';\n/** A. */`,
      'it begins with something else',
    ],
    ['a folder in another case', 'test/someThing/a.ts', head, 'its name is no kebab-case'],
    ['a loose version', 'package.json', '{ "dependencies": { "zod": "^4.0.0" } }', 'an exact version is wanted'],
    [
      'the address of a package',
      'package-lock.json',
      '{ "packages": { "a": { "resolved": "https://host/a.tgz" } } }',
      'an address for a',
    ],
    [
      'a platform left out',
      'package-lock.json',
      '{ "packages": { "a": { "optionalDependencies": { "b": "1.0.0" } } } }',
      'it has no b',
    ],
  ];
  for (const [what, path, text, problem] of cases) {
    test(what, () => {
      const problems = problemsOf(path, text);
      assert.ok(
        problems.length === 1 && problems[0]?.includes(problem),
        `${problems.join('; ')} is wanted to have: ${problem}`,
      );
    });
  }

  test('and says where', () => {
    assert.deepEqual(problemsOf('src/wasm/a.ts', `${head}\nconst a = './b.ts';`), [
      "Cannot accept src/wasm/a.ts:3: it names './b.ts' outside an import, which is no file once built: the extension of import.meta.filename is wanted",
    ]);
  });
});

describe('tidy accepts', () => {
  const cases: readonly (readonly [what: string, path: string, text: string])[] = [
    [
      'a docstring above the first declaration',
      'src/wasm/a.ts',
      `import './b.ts';\n\n/** What it is. */\nexport const a = 1;`,
    ],
    ['a docstring above an export', 'src/wasm/a.ts', 'const a = 1;\n/** What it is. */\nexport const b = a;'],
    ['a unit test without a head', 'src/wasm/a.test.ts', `import './b.ts';\ntest();`],
    [
      'a cast with its reason on the line',
      'src/wasm/a.ts',
      `${head}const a = 1;\nconst b = a as number; // Checked above.`,
    ],
    [
      'a cast with its reason above',
      'src/wasm/a.ts',
      `${head}const a = 1;\n// Checked.\nconst b = f(\n  a as number,\n);`,
    ],
    ['a cast in a test', 'src/wasm/a.test.ts', 'const a = 1;\nconst b = a as number;'],
    ['a constant', 'src/wasm/a.ts', `${head}const a = 1;\nconst b = { a } as const;`],
    ['imports of every form', 'src/wasm/a.ts', `${head}export * from './b.ts';\nexport type C = import('./c.ts').C;`],
    ['the name of an extension', 'src/wasm/a.ts', `${head}const a = '.ts';`],
    ['a skip with its reason', 'src/wasm/a.test.ts', 'test("a", { skip: "no toolchain here" }, () => {});'],
    ["somebody else's path", 'docs/a.md', 'See /nobody/mayfly and /somebody/mayfly-2'],
    [
      'a platform that is there',
      'package-lock.json',
      '{ "packages": { "node_modules/a": { "optionalDependencies": { "b": "1.0.0" } }, "node_modules/a/node_modules/b": {} } }',
    ],
    ['an exact version', 'package.json', '{ "dependencies": { "zod": "4.0.0" } }'],
  ];
  for (const [what, path, text] of cases) test(what, () => assert.deepEqual(problemsOf(path, text), []));

  test('this repository', () => {
    assert.deepEqual(tidy(readRepository(), [root, homedir()]).map(describeFinding), []);
  });
});
