/**
 * The package as npm's registry would have it: packed, installed in an empty folder, and run there by whichever node is
 * first on a PATH without `.bin`. It shows that nothing needed at run time is left behind in the checkout.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** What the installed package serves. */
const artifact = join(root, 'examples/hello-c/hello.wasm');

/** What `npm pack` and the build it calls need of a checkout; packed from a copy, so that nobody's dist/ is touched. */
const checkoutFiles =
  'bin src templates tools package.json tsconfig.json tsconfig.build.json CHANGELOG.md LICENSE README.md'.split(' ');

/** The environment of somebody who never heard of this checkout. */
const env: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env)
    .filter(([name]) => !/^(?:npm_(?!config_)|npm_config_(?:local_)?prefix$|NODE_TEST_CONTEXT$)/.test(name))
    .map(([name, value]) => [name, name === 'PATH' ? withoutBin(value) : value]),
);

function withoutBin(path = ''): string {
  return path
    .split(delimiter)
    .filter((each) => !/node_modules[\\/]\.bin[\\/]?$/.test(each))
    .join(delimiter);
}

const run = promisify(execFile);

/** Waits until `child` has printed the address it serves on. @throws Error when it ends before */
async function addressOf(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
      if (found !== null) resolve(found[0]);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', (code) => reject(new Error(`mayfly serve ended with ${code ?? 'a signal'}: ${output}`)));
  });
}

describe('the packed package', { timeout: 120_000 }, () => {
  let folder = '';
  let home = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mayfly-package-'));
    const checkout = join(folder, 'checkout');
    for (const path of checkoutFiles) cpSync(join(root, path), join(checkout, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    await run('npm', ['pack', '--pack-destination', folder], { cwd: checkout, env });

    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'package.json'), '{ "private": true }');
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--omit=dev'];
    await run('npm', ['install', ...flags, join(folder, tarball)], { cwd: home, env });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: string[]): ChildProcess =>
    spawn('node', [join(home, 'node_modules/mayfly/bin/mayfly'), ...args], { cwd: home, env });

  test('holds what runs and what explains it, and no sources or tests', () => {
    const names = readdirSync(join(home, 'node_modules/mayfly')).toSorted();
    assert.deepEqual(names, ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'package.json', 'templates']);
    const built = readdirSync(join(home, 'node_modules/mayfly/dist'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      built.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path)),
      [],
    );
  });

  test('begins a function, and runs its tests where nothing else is installed', async () => {
    const own = join(folder, 'begun');
    assert.deepEqual(await once(start('init', own, '--template', 'c'), 'close'), [0, null]);
    assert.ok(readdirSync(own).includes('.gitignore'));
    cpSync(join(root, 'test/guests/env.wasm'), join(own, 'main.wasm'));
    writeFileSync(
      join(own, 'main.test.mjs'),
      `import { test } from 'node:test';
       import { request } from 'mayfly/test';
       test('answers', async () => { if ((await request('/')).status !== 200) throw new Error('no'); });`,
    );
    assert.deepEqual(await once(start('test', '--no-build', own), 'close'), [0, null]);
  });

  test('says its version', async () => {
    const child = start('--version');
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    assert.deepEqual(await once(child, 'close'), [0, null]);
    // Ours, which npm has read before.
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.match(Buffer.concat(chunks).toString('utf8'), new RegExp(`\\b${RegExp.escape(version)}\\b`));
  });

  test('serves a function and stops when it is told to', async () => {
    const child = start('serve', artifact, '--listen', '127.0.0.1:0');
    try {
      const response = await fetch(`${await addressOf(child)}/world`);
      assert.equal(response.status, 200);
      assert.match(await response.text(), /from C: you asked with GET for \/world/);
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'close'), [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
