import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { type ErrorCode, isMayflyError } from '../base/mod.ts';
import { loadServeTarget } from './serve-target.ts';

/** A folder with these files, gone after the test. */
function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-target-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

const named = (name: string, more = ''): string => `name = "${name}"\nmain = "${name}.wasm"\n${more}`;
const routed = (host: string | undefined, routePath: string): string =>
  `[[routes]]\npath = "${routePath}"\n${host === undefined ? '' : `host = "${host}"\n`}`;

test('loadServeTarget serves a bare artifact on every path, named after its file', async (t) => {
  const folder = folderWith(t, { 'My Tool_2.wasm': '' });
  const { functions } = await loadServeTarget(path.join(folder, 'My Tool_2.wasm'));
  assert.deepEqual(functions[0]?.name, 'my-tool-2');
  assert.deepEqual(functions[0]?.routes, [{ path: '/*', mountPath: '' }]);
});

test("loadServeTarget serves a function's folder on every path, whatever its routes", async (t) => {
  const folder = folderWith(t, { 'mayfly.toml': named('one', routed(undefined, '/one/*')) });
  const { functions } = await loadServeTarget(folder);
  assert.equal(functions[0]?.artifactPath, path.join(folder, 'one.wasm'));
  assert.deepEqual(functions[0]?.routes, [{ path: '/*', mountPath: '' }]);
});

test('loadServeTarget routes a folder of functions by their manifests, or by their names', async (t) => {
  const folder = folderWith(t, {
    'b/mayfly.toml': named('two', routed('example.org', '/exact')),
    'a/mayfly.toml': named('one'),
    'no-function/readme.md': '',
    'readme.md': '',
  });
  const { functions } = await loadServeTarget(folder);
  assert.deepEqual(
    functions.map(({ name, routes }) => [name, routes]),
    [
      ['one', [{ path: '/one/*', mountPath: '/one' }]],
      ['two', [{ host: 'example.org', path: '/exact', mountPath: '/exact' }]],
    ],
  );
});

test('loadServeTarget serves a folder without what is not built yet, and says so', async (t) => {
  const build = '[build]\ncommand = "make"\n';
  const folder = folderWith(t, {
    'a/mayfly.toml': named('one', build),
    'b/mayfly.toml': named('two', build),
    'b/two.wasm': '',
    'c/mayfly.toml': named('three'),
  });
  const { functions, unbuilt } = await loadServeTarget(folder);
  const names = (sources: typeof functions): string[] => sources.map(({ name }) => name);
  assert.deepEqual([names(functions), names(unbuilt)], [['two', 'three'], ['one']]);
});

test('loadServeTarget takes the prefix off the paths to try of a function that is served alone', async (t) => {
  const manifest = named('one', `${routed(undefined, '/one/*')}[example]\ntry = ["/one/list", "/other"]\n`);
  const { functions } = await loadServeTarget(folderWith(t, { 'mayfly.toml': manifest }));
  assert.deepEqual(functions[0]?.tryPaths, ['/list', '/other']);
});

const refused: readonly (readonly [name: string, code: ErrorCode, files: Readonly<Record<string, string>>])[] = [
  ['a folder without functions', 'nothing_to_serve', { 'x/y.txt': '' }],
  ['a bad manifest', 'bad_manifest', { 'mayfly.toml': 'name = 3' }],
  ['bad manifests in a folder', 'bad_functions', { 'a/mayfly.toml': 'x', 'b/mayfly.toml': 'name = 3' }],
  ['a name given twice', 'duplicate_function', { 'a/mayfly.toml': named('x'), 'b/mayfly.toml': named('x') }],
  [
    'a route given twice',
    'route_conflict',
    { 'a/mayfly.toml': named('a', routed(undefined, '/x')), 'b/mayfly.toml': named('b', routed(undefined, '/x')) },
  ],
];
for (const [name, code, files] of refused) {
  test(`loadServeTarget refuses ${name} with ${code}`, async (t) => {
    await assert.rejects(loadServeTarget(folderWith(t, files)), (error) => isMayflyError(error, code));
  });
}

test('loadServeTarget names every bad manifest of a folder', async (t) => {
  const folder = folderWith(t, { 'a/mayfly.toml': 'x', 'b/mayfly.toml': 'name = 3', 'c/mayfly.toml': named('c') });
  await assert.rejects(loadServeTarget(folder), (error) => {
    assert.ok(isMayflyError(error));
    assert.match(error.message, /2 functions[\s\S]*\ba: [\s\S]*\bb: /);
    return true;
  });
});

test('loadServeTarget accepts the same path on different hosts', async (t) => {
  const folder = folderWith(t, {
    'a/mayfly.toml': named('a', routed('a.example', '/x')),
    'b/mayfly.toml': named('b', routed('*.example', '/x')),
    'c/mayfly.toml': named('c', routed(undefined, '/x')),
  });
  assert.equal((await loadServeTarget(folder)).functions.length, 3);
});

test('loadServeTarget refuses a path that is not there with artifact_unreadable', async () => {
  await assert.rejects(loadServeTarget('no-such-file.wasm'), (error) => isMayflyError(error, 'artifact_unreadable'));
});
