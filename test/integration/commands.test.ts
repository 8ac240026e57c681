/** The commands as a shell sees them: what they print, and how they end. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { guest, mayfly, temporaryFolder } from '../support/node-under-test.ts';

describe('mayfly', () => {
  for (const args of [
    [],
    ['--help'],
    ['help', 'serve'],
    ['serve', '--help'],
    ['run', '--help'],
    ['inspect', '-h'],
    ['bench', '-h'],
  ]) {
    test(`${args.join(' ') || '(nothing)'} shows help`, async () => {
      const { code, stdout, stderr } = await mayfly(args);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Usage: mayfly/);
      assert.match(stdout, /\$ mayfly /);
    });
  }

  test('--version shows the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    }; // npm's own format
    assert.equal((await mayfly(['--version'])).stdout.trim(), version);
  });
});

/** Command lines that are wrong in themselves: exit code 2, before anything is done. */
const badUsage: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['srve'], /unknown command 'srve'[\s\S]*Did you mean serve\?/],
  [['serve', '--lisen', 'x'], /unknown option '--lisen'[\s\S]*--listen/],
  [['serve', 'a', 'b'], /too many arguments/],
  [['serve', guest('env'), '--listen', 'nowhere'], /Cannot listen on nowhere: it is not an address/],
  [['serve', guest('env'), '--listen', '127.0.0.1:99999'], /Cannot listen on/],
  [['serve', guest('env'), '--workers', '0'], /A whole number from 1/],
  [['serve', guest('env'), '--limit', 'cpuMs=fast'], /Cannot set limit cpuMs: it is fast, .* is wanted \[bad_limit\]/],
  [['serve', guest('env'), '--limit', 'cpums=50'], /one of cpuMs, .*\[unknown_limit\]\n {2}Did you mean cpuMs\?/],
  [['serve', guest('env'), '--limit', 'memoryBytes=1'], /\[bad_limit\]/],
  [['serve', guest('env'), '--limit', 'cpuMs'], /NAME=VALUE/],
  [['serve', guest('env'), '--env', 'A'], /Cannot set the variable A/],
  [['inspect'], /missing required argument 'file'/],
  [['run', '--dir', '::x', guest('tool')], /Cannot load the folder/],
  [['bench', guest('env'), '--calls', 'many'], /whole number/],
];
describe('mayfly with a wrong command line', () => {
  for (const [args, says] of badUsage) {
    test(args.map((arg) => path.basename(arg)).join(' '), async () => {
      const { code, stdout, stderr } = await mayfly(args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.match(stderr, /^Cannot /);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }
});

/** Files that cannot be served, and the code that says why. */
const badFiles: readonly (readonly [name: string, bytes: () => Uint8Array, code: string])[] = [
  ['text', () => Buffer.from('hello, world'), 'not_wasm'],
  ['an empty file', () => Buffer.alloc(0), 'not_wasm'],
  ['a truncated module', () => readFileSync(guest('env')).subarray(0, 2000), 'malformed_module'],
  ['an import nobody provides', () => readFileSync(guest('unknown-import')), 'unknown_import'],
  ['a component', () => Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), 'unsupported_feature'],
  ['a library', () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), 'no_entry_point'],
];
describe('mayfly serve', () => {
  for (const [name, bytes, code] of badFiles) {
    test(`refuses ${name} with ${code}, and starts nothing`, async (t) => {
      const folder = temporaryFolder(t);
      const file = path.join(folder, 'bad.wasm');
      writeFileSync(file, bytes());
      const result = await mayfly(['serve', file, '--listen', '127.0.0.1:0', '--data-dir', path.join(folder, 'data')]);
      assert.equal(result.code, 1, result.stderr);
      assert.equal(result.stdout, '');
      // A busy machine takes long enough for a line of progress.
      assert.match(result.stderr, /^(?:Preparing .*\n)*Cannot /);
      assert.match(result.stderr, new RegExp(`bad \\(.*bad\\.wasm\\).*\\[${code}\\]`));
      assert.doesNotMatch(result.stderr, /\n\s+at /);
    });
  }

  test('names every bad function of a folder', async (t) => {
    const folder = temporaryFolder(t);
    for (const [name, bytes] of [
      ['one', 'x'],
      ['two', 'yy'],
      ['good', readFileSync(guest('env'))],
    ] as const) {
      mkdirSync(path.join(folder, name));
      writeFileSync(
        path.join(folder, name, 'mayfly.toml'),
        `name = "${name}"\nmain = "f.wasm"\n[build]\ncommand = "make all"\n`,
      );
      writeFileSync(path.join(folder, name, 'f.wasm'), bytes);
    }
    const { code, stderr } = await mayfly([
      'serve',
      folder,
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      path.join(folder, 'data'),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot serve 2 functions/);
    assert.match(stderr, /one \(.*\[not_wasm\]/);
    assert.match(stderr, /two \(.*\[not_wasm\]/);
    assert.doesNotMatch(stderr, /good \(/);
  });

  test('tells every mistake of a manifest by line and column', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "X"\nmian = "x.wasm"\n');
    const { code, stderr } = await mayfly(['serve', folder]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /mayfly\.toml: 3 mistakes \[bad_manifest\]\n {2}1:1: name is "X"[\s\S]*1:1: main is missing[\s\S]*2:1: mian is not a key/,
    );
  });

  test('refuses a path that is not there, and one that cannot be read', async (t) => {
    const missing = await mayfly(['serve', 'no-such.wasm']);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /Cannot read no-such\.wasm: there is no such file or folder \[artifact_unreadable\]/);
    const folder = temporaryFolder(t);
    const locked = path.join(folder, 'locked.wasm');
    writeFileSync(locked, readFileSync(guest('env')));
    chmodSync(locked, 0);
    // Root reads everything.
    if (process.getuid?.() === 0) return;
    const result = await mayfly(['serve', locked, '--listen', '127.0.0.1:0']);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /permission is denied[\s\S]*artifact_unreadable/);
  });

  test('refuses a port in use before it prepares anything', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { code, stdout, stderr } = await mayfly(['serve', guest('env'), '--listen', `127.0.0.1:${address.port}`]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /Cannot listen on 127\.0\.0\.1:\d+: the port is in use \[listen_failed\]\n {2}Stop the other program/,
    );
  });

  test('refuses a data directory that it cannot use', async (t) => {
    const file = path.join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await mayfly(['serve', guest('env'), '--listen', '127.0.0.1:0', '--data-dir', file]);
    assert.equal(code, 1);
    assert.match(stderr, /\[data_dir_unusable\]\n {2}Give another one with --data-dir/);
  });
});

describe('mayfly inspect', () => {
  test('tells what a command is', async () => {
    const { code, stdout } = await mayfly(['inspect', guest('env')]);
    assert.equal(code, 0);
    assert.match(stdout, /env\.wasm: WASI command, /);
    assert.match(stdout, /wasi_snapshot_preview1\.fd_write\s+provided/);
    assert.match(stdout, /Passes\n[\s\S]*preemption\s+applied/);
    assert.match(stdout, /Image\n/);
  });

  test('names what is missing, and fails', async () => {
    const { code, stdout, stderr } = await mayfly(['inspect', guest('unknown-import')]);
    assert.equal(code, 1);
    assert.match(stdout, /mystery\.do_something\s+missing/);
    assert.match(stderr, /\[unknown_import\]/);
  });

  test('prints JSON', async () => {
    const { code, stdout } = await mayfly(['inspect', '--json', guest('unknown-import')]);
    assert.equal(code, 1);
    const report: unknown = JSON.parse(stdout);
    assert.ok(typeof report === 'object' && report !== null && 'problem' in report && 'imports' in report);
  });
});

describe('mayfly run', () => {
  test('passes arguments, output and the exit code through', async () => {
    const echoed = await mayfly(['run', guest('tool'), 'echo', '--help', 'ä', '']);
    assert.equal(echoed.code, 0, echoed.stderr);
    assert.equal(Buffer.from(echoed.stdout, 'latin1').toString(), '--help ä \n');
    assert.equal((await mayfly(['run', guest('tool'), 'exit', '7'])).code, 7);
  });

  test('passes stdin through, whole', async () => {
    const text = 'line\n'.repeat(100_000);
    const { code, stdout } = await mayfly(['run', guest('tool'), 'cat'], { stdin: text });
    assert.equal(code, 0);
    assert.equal(stdout, text);
  });

  test('loads a folder, and discards what is written to it', async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(path.join(folder, 'a.txt'), 'from the host');
    const read = await mayfly(['run', '--dir', `${folder}::/data`, guest('tool'), 'cat', '/data/a.txt']);
    assert.equal(read.stdout, 'from the host');
    const written = await mayfly([
      'run',
      '--dir',
      `${folder}::/data`,
      guest('tool'),
      'write',
      '/data/a.txt',
      'changed',
    ]);
    assert.equal(written.code, 0, written.stderr);
    assert.equal(readFileSync(path.join(folder, 'a.txt'), 'utf8'), 'from the host');
  });

  test('reports a trap as a shell reports an abort', async () => {
    const { code, stderr } = await mayfly(['run', guest('tool'), 'trap']);
    assert.equal(code, 134);
    assert.notEqual(stderr, '');
  });
});

describe('mayfly bench', () => {
  test('measures every phase, beside a naive instance', async () => {
    const { code, stdout, stderr } = await mayfly(['bench', '--calls', '200', '--json', guest('env')]);
    assert.equal(code, 0, stderr);
    const { ends, ...phases } = JSON.parse(stdout) as Record<string, Record<string, number>>; // benchFunction's report
    assert.deepEqual(Object.keys(phases).toSorted(), ['guest', 'naive', 'rewind', 'sandbox', 'start', 'total']);
    for (const phase of Object.values(phases)) assert.ok((phase['p50Us'] ?? 0) > 0);
    assert.deepEqual(Object.keys(ends ?? {}), ['firstUs', 'lastUs']);
  });
});
