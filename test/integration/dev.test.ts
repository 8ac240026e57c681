/** `mayfly dev`: what a developer sees while they write a function, and what its folder can do to it. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { startDev } from '../support/dev-under-test.ts';
import { isAlive } from '../support/node-processes.ts';
import { guest, mayfly, temporaryFolder, until } from '../support/node-under-test.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What a busy machine may take to start a process or two. */
const patienceMs = 60_000;

/** A function whose "compiler" copies the guest that the file `source` names. */
function copied(t: TestContext, source: string, command = `cp "$(cat source)" f.wasm`): string {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, 'source'), source);
  writeFileSync(path.join(folder, 'mayfly.toml'), `name = "f"\nmain = "f.wasm"\n[build]\ncommand = '''${command}'''\n`);
  return folder;
}

test('dev builds and serves a function, and each change of it', async (t) => {
  const dev = startDev(t, copied(t, guest('env')));
  const first = await dev.next('reloaded');
  assert.equal(first['function'], 'f');
  assert.match(await dev.ask('/a/b'), /^PATH_INFO=\/a\/b$/m);
  dev.write('source', guest('hello-rust'));
  const second = await dev.next('reloaded');
  assert.doesNotMatch(await dev.ask(), /PATH_INFO=/);
  t.diagnostic(`reloaded in ${Number(second['reloadMs']).toFixed(1)} ms`);
  const manifest = readFileSync(path.join(dev.folder, 'mayfly.toml'), 'utf8');
  dev.write('source', guest('env'));
  await dev.next('reloaded');
  dev.write('mayfly.toml', `${manifest}[vars]\nCOLOUR = "green"\n`);
  await dev.next('reloaded');
  assert.match(await dev.ask(), /^COLOUR=green$/m);
  assert.equal(await dev.stop(), 0);
  assert.equal(dev.lines.filter(({ event }) => event === 'failed').length, 0);
});

test('dev builds AssemblyScript, and a change that an editor makes by renaming', async (t) => {
  const folder = path.join(temporaryFolder(t), 'my-function');
  assert.equal((await mayfly(['init', folder, '--template', 'assemblyscript'])).code, 0);
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const dev = startDev(t, folder);
  await dev.next('reloaded');
  assert.equal(await dev.ask('/Ada'), 'Hello, Ada!\n');
  const log = await dev.next('log');
  assert.deepEqual([log['function'], log['source'], log['text']], ['my-function', 'guest', 'GET /Ada']);
  const source = readFileSync(path.join(folder, 'main.ts'), 'utf8');
  dev.write('main.ts.tmp', source.replace("name : 'world'", "name.toUpperCase() : 'world'"));
  renameSync(path.join(folder, 'main.ts.tmp'), path.join(folder, 'main.ts'));
  await dev.next('reloaded');
  assert.equal(await dev.ask('/Ada'), 'Hello, ADA!\n');
  dev.write('main.ts', `${source}\nlet wrong: i32 = "text";\n`);
  assert.equal((await dev.next('failed'))['code'], 'build_failed');
  assert.match(dev.stderr(), /ERROR TS2322|not assignable/);
  assert.equal(await dev.ask('/Ada'), 'Hello, ADA!\n');
  assert.equal(await dev.stop(), 0);
});

test('dev goes on serving the last good version, whatever becomes of the next', async (t) => {
  const dev = startDev(t, copied(t, guest('env'), `cp "$(cat source)" f.wasm || rm f.wasm`));
  await dev.next('reloaded');
  const expect = async (code: string): Promise<void> => {
    const failed = await dev.next('failed');
    assert.deepEqual([failed['code'], failed['served']], [code, 'last good']);
    assert.match(await dev.ask(), /REQUEST_METHOD=GET/);
  };
  dev.write('source', 'no-such-file'); // the artifact vanishes
  await expect('artifact_unreadable');
  writeFileSync(path.join(dev.folder, 'half'), readFileSync(guest('hello-rust')).subarray(0, 5000));
  dev.write('source', 'half');
  await expect('malformed_module');
  dev.write('source', guest('unknown-import'));
  await expect('unknown_import');
  const manifest = readFileSync(path.join(dev.folder, 'mayfly.toml'), 'utf8');
  dev.write('mayfly.toml', manifest.replace('main =', 'mian ='));
  await expect('bad_manifest');
  rmSync(path.join(dev.folder, 'mayfly.toml'));
  await expect('nothing_to_serve');
  dev.write('source', guest('hello-rust'));
  dev.write('mayfly.toml', manifest);
  await dev.next('reloaded');
  assert.doesNotMatch(await dev.ask(), /REQUEST_METHOD=/);
});

test('dev begins with a function that is broken, and serves it once it is not', async (t) => {
  const folder = copied(t, 'no-such-file');
  const dev = startDev(t, folder);
  const failed = await dev.next('failed');
  assert.deepEqual([failed['code'], failed['served']], ['build_failed', 'nothing']);
  dev.write('source', guest('env'));
  await dev.next('reloaded');
  assert.match(await dev.ask(), /REQUEST_METHOD=GET/);
});

test('dev ends a build that never ends, and all that it started, when something changes', async (t) => {
  const command = 'if grep -q hang source; then sleep 1000 & echo $! > .pid; wait; fi; cp "$(cat source)" f.wasm';
  const dev = startDev(t, copied(t, guest('env'), command));
  await dev.next('reloaded');
  const pidFile = path.join(dev.folder, '.pid');
  dev.write('source', 'hang');
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'the build to hang', patienceMs);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  assert.match(await dev.ask(), /REQUEST_METHOD=GET/);
  dev.write('source', guest('hello-rust'));
  await dev.next('reloaded');
  await until(() => !isAlive(pid), 'the build to be gone', patienceMs);
  assert.doesNotMatch(await dev.ask(), /REQUEST_METHOD=/);
  assert.equal(dev.lines.filter(({ event }) => event === 'failed').length, 0);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`dev stops at ${signal}, also during a build, and leaves nothing running`, async (t) => {
    const dev = startDev(t, copied(t, guest('env'), 'sleep 1000 & echo $! > .pid; wait'));
    await dev.next('building');
    const pidFile = path.join(dev.folder, '.pid');
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'the build', patienceMs);
    assert.equal(await dev.stop(signal), 0);
    await until(() => !isAlive(Number(readFileSync(pidFile, 'utf8'))), 'the build to be gone', patienceMs);
    assert.equal(dev.lines.filter(({ event }) => event === 'failed').length, 0);
  });
}

test('dev without a build command serves the artifact again once it is whole', async (t) => {
  const folder = temporaryFolder(t);
  const artifact = path.join(folder, 'f.wasm');
  copyFileSync(guest('env'), artifact);
  writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "f"\nmain = "f.wasm"\n');
  const dev = startDev(t, folder);
  await dev.next('reloaded');
  const bytes = readFileSync(guest('hello-rust'));
  writeFileSync(artifact, bytes.subarray(0, 4000));
  assert.equal((await dev.next('failed'))['served'], 'last good');
  assert.match(await dev.ask(), /REQUEST_METHOD=GET/);
  writeFileSync(artifact, bytes);
  await dev.next('reloaded');
  assert.doesNotMatch(await dev.ask(), /REQUEST_METHOD=/);
});

test('dev does not build forever when a build changes what is watched', async (t) => {
  const command = 'date +%s%N > generated; cp "$(cat source)" f.wasm';
  const dev = startDev(t, copied(t, guest('env'), command));
  const ignored = await dev.next('ignored');
  assert.equal(ignored['file'], 'generated');
  await dev.next('reloaded');
  dev.write('source', guest('hello-rust'));
  await until(async () => !/REQUEST_METHOD=/.test(await dev.ask()), 'the change', patienceMs);
});

test('dev builds only for what matters', async (t) => {
  const folder = copied(t, guest('env'));
  mkdirSync(path.join(folder, 'node_modules/x'), { recursive: true });
  mkdirSync(path.join(folder, 'src'));
  const dev = startDev(t, folder);
  await dev.next('reloaded');
  dev.write('src/new.c', 'matters');
  await dev.next('reloaded');
  for (const name of ['node_modules/x/a.js', '.hidden', 'f.test.ts', 'f.wasm', 'backup~']) dev.write(name, 'x');
  dev.write('src/new.c', 'matters'); // written again, and the same
  dev.write('src/other.c', 'matters');
  await dev.next('reloaded');
  const built = dev.lines.filter(({ event }) => event === 'building').map((line) => line['files']);
  assert.deepEqual(built.slice(1), [['src/new.c'], ['src/other.c']]);
});

test('dev shows what a function writes as text, and secrets by name where they are missing', async (t) => {
  const folder = temporaryFolder(t);
  copyFileSync(guest('stderr'), path.join(folder, 'f.wasm'));
  writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "f"\nmain = "f.wasm"\nsecrets = ["KEY"]\n');
  const dev = startDev(t, folder);
  assert.deepEqual((await dev.next('secretsMissing'))['names'], ['KEY']);
  await dev.next('reloaded');
  await dev.ask();
  await dev.next('log');
});

test('dev refuses a folder that is none of a function, and an address that is taken', async (t) => {
  const none = await mayfly(['dev', temporaryFolder(t)]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /\[nothing_to_serve\]/);
  const dev = startDev(t, copied(t, guest('env')));
  const { url } = await dev.next('reloaded');
  const taken = await mayfly(['dev', dev.folder, '--listen', String(url).replace('http://', '')]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /\[listen_failed\]/);
});
