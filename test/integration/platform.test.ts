/** A node that takes deploys, as its users see it: commands on one side, requests on the other. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { startDev } from '../support/dev-under-test.ts';
import { isAlive, pidsOf, processesOf } from '../support/node-processes.ts';
import { guest, mayfly, temporaryFolder, until } from '../support/node-under-test.ts';
import { type PlatformUnderTest, startPlatform } from '../support/platform-under-test.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { assemble } from '../support/wasm-text.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Makes a folder of a function that answers `text` and has the manifest's `more`. */
function functionFolder(folder: string, name: string, text: string, more = ''): string {
  const answer = `Content-Type: text/plain\n\n${text}\n`;
  const escaped = answer.replaceAll('\n', '\\n');
  const wasm = assemble(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "\\10\\00\\00\\00\\${answer.length.toString(16).padStart(2, '0')}\\00\\00\\00${escaped}")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))`);
  writeFileSync(path.join(folder, `${name}.wasm`), wasm);
  writeFileSync(path.join(folder, 'mayfly.toml'), `name = "${name}"\nmain = "${name}.wasm"\n${more}`);
  return folder;
}

/** Deploys a function that answers `text`. */
function deploy(
  node: PlatformUnderTest,
  folder: string,
  name: string,
  text: string,
  ...flags: string[]
): Promise<unknown> {
  return node.json(['deploy', functionFolder(folder, name, text), ...flags]);
}

test('from init to a secret: a function is begun, written, tested, deployed, routed, split, rolled back, listened to and told a secret', async (t) => {
  const node = await startPlatform(t);
  const folder = path.join(temporaryFolder(t), 'greeter');
  const run = async (args: readonly string[], stdin = ''): Promise<string> => {
    const { code, stdout, stderr } = await node.mayfly(args, { stdin });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const edit = (name: string, from: string | RegExp, to: string): void => {
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8');
    const edited = text.replace(from, to);
    assert.notEqual(edited, text, `${name} has nothing like ${String(from)}`);
    writeFileSync(file, edited);
  };

  // Begun, and written while it is served. The compiler is the one of this repository: nothing is installed.
  const begun = await mayfly(['init', folder, '--template', 'assemblyscript']);
  assert.equal(begun.code, 0, begun.stderr);
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const dev = startDev(t, folder);
  await dev.next('reloaded');
  assert.equal(await dev.ask('/you'), 'Hello, you!\n');
  edit('main.ts', "+ '!\\n'", "+ '.\\n'");
  await dev.next('reloaded');
  assert.equal(await dev.ask('/you'), 'Hello, you.\n');
  assert.equal(await dev.stop(), 0);

  // Tested: its tests are about what it did before, until they are changed as well.
  const failed = await mayfly(['test', folder, '--no-build']);
  assert.equal(failed.code, 1, failed.stderr);
  assert.match(failed.stdout, /Hello, Ada!/);
  edit('main.test.mjs', 'Hello, Ada!', 'Hello, Ada.');
  const tested = await mayfly(['test', folder]);
  assert.equal(tested.code, 0, `${tested.stdout}${tested.stderr}`);
  assert.match(tested.stdout, /pass 4\n/);

  assert.match(await run(['deploy', folder, '--message', 'the first']), /Deployed greeter v1/);
  assert.equal((await node.ask('/greeter/you')).text, 'Hello, you.\n');

  edit(
    'mayfly.toml',
    '[vars]',
    '[[routes]]\npath = "/greeter/*"\n\n[[routes]]\nhost = "hi.example.org"\npath = "/to/*"\n\n[vars]',
  );
  // Only the manifest changes from here on.
  const deployAgain = ['deploy', folder, '--no-build'];
  assert.match(await run(deployAgain), /route hi\.example\.org\/to\/\* is new/);
  assert.match(await run(['routes']), /hi\.example\.org +\/to\/\* +greeter/);
  assert.equal((await node.ask('/to/you', 'hi.example.org')).text, 'Hello, you.\n');
  assert.equal((await node.ask('/to/you', 'elsewhere.example.org')).status, 404);

  edit('mayfly.toml', 'GREETING = "Hello"', 'GREETING = "Bonjour"');
  assert.match(await run([...deployAgain, '--percent', '10']), /v2[\s\S]*GREETING has another value/);
  const answers = await Promise.all(Array.from({ length: 100 }, () => node.ask('/greeter/you')));
  const french = answers.filter(({ text }) => text.startsWith('Bonjour')).length;
  // Each of two workers is exact; how many of the hundred each got decides the rest.
  assert.ok(french >= 8 && french <= 12, `${french} of 100`);
  for (const [version, text] of [
    ['v1', 'Hello'],
    ['v2', 'Bonjour'],
  ] as const) {
    const preview = await node.ask('/you', `${version}.greeter.default.preview.localhost:${node.port}`);
    assert.equal(preview.text, `${text}, you.\n`);
  }
  assert.match(await run(['versions', 'greeter']), /v2[\s\S]*10 %[\s\S]*v1[\s\S]*90 %[\s\S]*the first/);

  await run(['deployments', 'set', 'greeter', '1=50', '2=50', '--sticky-by', 'cookie:who']);
  for (const who of ['ada', 'bob', 'eve']) {
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => node.ask('/greeter/you', undefined, { Cookie: `who=${who}` })),
    );
    assert.equal(new Set(asked.map(({ text }) => text)).size, 1);
  }
  assert.match(await run(['rollback', 'greeter']), /v1/);
  const after = await Promise.all(Array.from({ length: 20 }, () => node.ask('/greeter/you')));
  assert.ok(after.every(({ text }) => text === 'Hello, you.\n'));

  await until(async () => (await run(['logs', 'greeter'])).includes('info  │ GET /you'), 'the function’s own log');
  edit('mayfly.toml', /\[vars\]\n.*\n/, '');
  edit('mayfly.toml', /(main = .*\n)/, '$1secrets = ["GREETING"]\n');
  const refused = await node.mayfly(deployAgain);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /GREETING[\s\S]*mayfly secrets set GREETING[\s\S]*\[secret_missing\]|secret_missing/);
  await run(['secrets', 'set', 'GREETING'], 'Hush');
  await run(deployAgain);
  assert.equal((await node.ask('/greeter/you')).text, 'Hush, you.\n');
  await run(['secrets', 'set', 'GREETING'], 'Psst');
  assert.equal((await node.ask('/greeter/you')).text, 'Psst, you.\n');
  assert.doesNotMatch(
    (await run(['secrets'])) + (await run(['functions', 'show', 'greeter'])) + node.log(),
    /Psst|Hush/,
  );

  await run(['functions', 'delete', 'greeter']);
  assert.equal((await node.ask('/greeter/you')).status, 404);
  assert.equal(await node.stop(), 0);
});

describe('a node that takes deploys', () => {
  test('keeps what was deployed over a restart, and over a supervisor that is killed', async (t) => {
    const first = await startPlatform(t);
    const folder = temporaryFolder(t);
    await deploy(first, folder, 'kept', 'one');
    await deploy(first, folder, 'kept', 'two', '--percent', '50');
    assert.equal(await first.stop(), 0);
    const second = await startPlatform(t, first.dataDir);
    const texts = async (): Promise<string[]> => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => second.ask('/kept')));
      return [...new Set(answers.map(({ text }) => text))].toSorted();
    };
    assert.deepEqual(await texts(), ['one\n', 'two\n']);
    const [supervisor = 0] = pidsOf(second.guardianPid, 'supervisor');
    process.kill(supervisor, 'SIGKILL');
    assert.deepEqual(await texts(), ['one\n', 'two\n']);
    await second.logged(/supervisor is back/);
    await deploy(second, folder, 'kept', 'three');
    assert.deepEqual(await texts(), ['three\n']);
  });

  test('loses no request while it deploys, splits and rolls back', async (t) => {
    const node = await startPlatform(t);
    const folder = temporaryFolder(t);
    await deploy(node, folder, 'busy', 'version 1');
    const load = new SteadyLoad(node.port, 6, () => ({
      path: '/busy',
      judge: (status, body) =>
        status === 200 && /^version \d+\n$/.test(body) ? undefined : `status ${status}, ${body}`,
    }));
    for (let version = 2; version <= 5; version++) await deploy(node, folder, 'busy', `version ${version}`);
    await node.json(['deployments', 'set', 'busy', '4=30', '5=70']);
    await node.json(['rollback', 'busy']);
    await node.json(['deploy', functionFolder(folder, 'busy', 'version 5')]);
    const { answered, lost } = await load.stop();
    assert.deepEqual(lost, []);
    assert.ok(answered > 50, `${answered} answered`);
  });

  test('has its data for itself: files that nobody else reads, and no other node', async (t) => {
    const node = await startPlatform(t);
    for (const [name, mode] of [
      ['admin-token', 0o600],
      ['node.key', 0o600],
      ['control.sqlite', 0o600],
      ['artifacts', 0o700],
      ['run', 0o700],
      ['run/admin.sock', 0o600],
    ] as const)
      assert.equal(statSync(path.join(node.dataDir, name)).mode & 0o777, mode, name);
    const other = await mayfly([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      '--data-dir',
      node.dataDir,
    ]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /another node uses it.*\[data_dir_in_use\]/s);
    assert.equal(((await node.json(['status'])) as { workers: unknown[] }).workers.length, 2);
  });

  test('is spoken to by commands on its machine where nobody else can listen, and after it was killed by nobody', async (t) => {
    const node = await startPlatform(t);
    // No address is given, and nothing listens on the usual one.
    assert.equal((await node.mayfly(['status'])).code, 0);
    const pids = [node.guardianPid, ...processesOf(node.guardianPid).map(({ pid }) => pid)];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until(() => !pids.some(isAlive), 'the end of the node');
    assert.ok(statSync(path.join(node.dataDir, 'run/admin.sock')).isSocket(), 'it is left behind');
    const { code, stderr } = await node.mayfly(['status']);
    assert.equal(code, 1);
    assert.match(stderr, /run\/admin\.sock: nothing listens there \[node_unreachable\]/);
    const next = await startPlatform(t, node.dataDir);
    assert.equal((await next.mayfly(['status'])).code, 0);
    assert.equal(await next.stop(), 0);
    // Its folder stays: the token is sent nowhere else while the node does not run.
    assert.match((await next.mayfly(['status'])).stderr, /run\/admin\.sock: nothing listens there/);
  });

  test('has no socket in a data directory whose path is too long for one, and says so', async (t) => {
    const deep = path.join(temporaryFolder(t), ...Array.from({ length: 8 }, () => 'a-folder-deeper'), 'data');
    const node = await startPlatform(t, deep);
    assert.match(node.log(), /has no socket in the data directory/);
    assert.ok(!existsSync(path.join(deep, 'run')));
    assert.equal((await node.mayfly(['status', '--admin', node.admin])).code, 0);
  });

  test('tells its operator’s token once, and makes another when that is lost', async (t) => {
    const first = await startPlatform(t);
    const file = path.join(first.dataDir, 'admin-token');
    const token = readFileSync(file, 'utf8');
    await first.stop();
    const second = await startPlatform(t, first.dataDir);
    assert.equal(readFileSync(file, 'utf8'), token);
    await second.stop();
    writeFileSync(file, 'mfy_wrong\n');
    const third = await startPlatform(t, first.dataDir);
    assert.match(readFileSync(file, 'utf8'), /^mfy_[\w-]{43}\n$/);
    assert.notEqual(readFileSync(file, 'utf8'), token);
    await third.json(['functions']);
    assert.doesNotMatch(third.log(), /mfy_/);
  });

  test('tells a function’s own lines from what the node says about it, with the code of a failure', async (t) => {
    const node = await startPlatform(t);
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'crash.wasm'), readFileSync(guest('crash')));
    writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "crash"\nmain = "crash.wasm"\n');
    await node.json(['deploy', folder]);
    assert.equal((await node.ask('/crash/?unreachable')).status, 500);
    const shown = async (): Promise<string> => (await node.mayfly(['logs', 'crash'])).stdout;
    await until(async () => / warn {2}! .*\[guest_trap\]\n/.test(await shown()), 'the line about the trap');
    const lines = (await node.mayfly(['logs', 'crash', '--json'])).stdout.trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '{}') as { source: string; code: string };
    assert.deepEqual([last.source, last.code], ['platform', 'guest_trap']);
  });

  test('refuses an artifact that cannot be served, and goes on serving what it did', async (t) => {
    const node = await startPlatform(t);
    const folder = temporaryFolder(t);
    await deploy(node, folder, 'fine', 'fine');
    for (const [file, says] of [
      [guest('unknown-import'), /unknown_import/],
      [path.join(root, 'package.json'), /not_wasm/],
    ] as const) {
      writeFileSync(path.join(folder, 'fine.wasm'), readFileSync(file));
      const { code, stderr } = await node.mayfly(['deploy', folder]);
      assert.equal(code, 1);
      assert.match(stderr, says);
    }
    assert.equal((await node.ask('/fine')).text, 'fine\n');
    assert.deepEqual(((await node.json(['functions', 'show', 'fine'])) as { versions: number[] }).versions, [1]);
    assert.equal((await node.ask('/', 'v2.fine.default.preview.localhost')).status, 404);
    assert.equal((await node.ask('/', 'v1.fine.other.preview.localhost')).status, 404);
  });

  test('keeps images for as long as a version needs them', async (t) => {
    const first = await startPlatform(t);
    const images = path.join(first.dataDir, 'images');
    const folder = temporaryFolder(t);
    await deploy(first, folder, 'kept', 'one');
    await deploy(first, folder, 'kept', 'two');
    await deploy(first, folder, 'gone', 'three');
    assert.equal((await first.mayfly(['functions', 'delete', 'gone'])).code, 0);
    assert.equal(readdirSync(images).length, 3);
    await first.stop();
    // Made long ago.
    for (const name of readdirSync(images)) utimesSync(path.join(images, name), 0, 0);
    const second = await startPlatform(t, first.dataDir);
    await until(() => readdirSync(images).length === 2, 'the image that nobody needs to be gone');
    assert.equal((await second.ask('/kept')).text, 'two\n');
    assert.equal((await second.ask('/', `v1.kept.default.preview.localhost:${second.port}`)).text, 'one\n');
    await second.json(['rollback', 'kept']);
    assert.equal((await second.ask('/kept')).text, 'one\n');
  });

  test('says what is wrong with options that are for another kind of node', async () => {
    for (const args of [
      ['serve', 'examples', '--admin', '127.0.0.1:0'],
      ['serve', 'examples', '--preview-domain', 'x'],
      ['serve', '--env', 'A=b'],
      ['serve', '--limit', 'cpuMs=1'],
      ['serve', '--preview-domain', '*.x'],
      ['serve', '--preview-domain', 'UPPER'],
    ]) {
      const { code, stderr } = await mayfly(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /Cannot .*\[bad_usage\]/s);
    }
  });
});
