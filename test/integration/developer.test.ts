/** What a developer does on their own machine: begin a function, build it, test it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runCli } from '../../src/cli/mod.ts';
import { isAlive } from '../support/node-processes.ts';
import { guest, type Lifetime, mayfly, temporaryFolder, until } from '../support/node-under-test.ts';

const root = path.resolve(import.meta.dirname, '../..');
// Whose images are made once, and not among those of whoever runs the tests.
process.env['XDG_CACHE_HOME'] = path.join(tmpdir(), 'mayfly-test-cache');
/** What a busy machine may take to start a process or two. */
const patienceMs = 60_000;
const templates = ['assemblyscript', 'c', 'go', 'rust'];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command within this process, which is quicker. What its children print is not in `stderr`. */
async function run(args: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const code = await runCli(args, {
    print: (text) => void (stdout += text),
    say: (text) => void (stderr += text),
    reader: 'program',
  });
  return { code, stdout, stderr };
}

/** A function's folder. */
function functionFolder(lifetime: Lifetime, manifest: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder(lifetime);
  writeFileSync(path.join(folder, 'mayfly.toml'), manifest);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

/** Begins a function from `template`. AssemblyScript's compiler is the one of this repository. */
async function begin(lifetime: Lifetime, template: string): Promise<string> {
  const folder = path.join(temporaryFolder(lifetime), 'my-function');
  const { code, stdout, stderr } = await run(['init', folder, '--template', template]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /mayfly dev/);
  if (template === 'assemblyscript') symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

describe('mayfly init', () => {
  test('without arguments lists the templates', async () => {
    const { code, stdout } = await run(['init']);
    assert.equal(code, 0);
    for (const name of templates) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  });

  for (const template of templates) {
    test(`begins a function from ${template}, with its name in it and nothing left of the template`, async (t) => {
      const folder = await begin(t, template);
      const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
        (name) => !name.startsWith('node_modules'),
      );
      for (const name of ['.gitignore', 'README.md', 'main.test.mjs', 'mayfly.toml'])
        assert.ok(names.includes(name), name);
      assert.ok(!names.includes('template.toml'));
      for (const name of names) {
        if (path.extname(name) !== '' && existsSync(path.join(folder, name)))
          assert.doesNotMatch(readFileSync(path.join(folder, name), 'utf8'), /\{\{/, name);
      }
      assert.match(readFileSync(path.join(folder, 'mayfly.toml'), 'utf8'), /^name = "my-function"$/m);
    });
  }

  const refused: readonly (readonly [
    name: string,
    args: readonly [string, ...string[]],
    code: number,
    says: RegExp,
  ])[] = [
    ['no template', ['x'], 2, /no --template is given[\s\S]*rust/],
    ['an unknown template', ['x', '--template', 'cobol'], 2, /there is no template "cobol"[\s\S]*rust/],
    ['a template outside', ['x', '--template', '../../x'], 2, /there is no template/],
    ['a template by its path', ['x', '--template', path.join(root, 'templates/c')], 2, /there is no template/],
    ['a template that is an object’s', ['x', '--template', '__proto__'], 2, /there is no template/],
    ['escapes for a terminal', ['x', '--template', '\u001b[2J'], 2, /there is no template "\\\\u\{1b\}\[2J"/],
    ['a folder that cannot be a name', ['My_Function', '--template', 'c'], 2, /Cannot name a function .*[\s\S]*--name/],
    ['a name that is a path', ['x', '--template', 'c', '--name', '../x'], 2, /Cannot name a function/],
    ['a folder with something in it', ['full', '--template', 'c'], 1, /there is something in it.*\[folder_not_empty\]/],
    ['a file', ['file', '--template', 'c'], 1, /is a file.*\[folder_not_empty\]/],
    ['a folder in a file', ['file/x', '--template', 'c'], 1, /is a file.*\[folder_not_empty\]/],
  ];
  for (const [name, args, code, says] of refused) {
    test(`refuses ${name}, and writes nothing`, async (t) => {
      const folder = temporaryFolder(t);
      mkdirSync(path.join(folder, 'full'));
      writeFileSync(path.join(folder, 'full/precious'), 'mine');
      writeFileSync(path.join(folder, 'file'), 'mine');
      const [dir, ...flags] = args;
      const result = await run(['init', path.join(folder, dir), ...flags]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, says);
      assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted(), [
        'file',
        'full',
        'full/precious',
      ]);
    });
  }

  test('refuses a template without a folder', async () => {
    const { code, stderr } = await run(['init', '--template', 'c']);
    assert.equal(code, 2);
    assert.match(stderr, /no DIR is given/);
  });

  test('begins in an empty folder that is there, and in the current one', async (t) => {
    const folder = path.join(temporaryFolder(t), 'here');
    mkdirSync(folder);
    assert.equal((await mayfly(['init', '.', '--template', 'c'], { cwd: folder })).code, 0);
    assert.match(readFileSync(path.join(folder, 'mayfly.toml'), 'utf8'), /^name = "here"$/m);
  });
});

/** Why a template cannot be built on this machine. */
const missingToolchains: Readonly<Record<string, string | false>> = {
  assemblyscript: false,
  c: works('test -e /usr/lib/wasm32-wasi/libc.a && ls /usr/lib/llvm-*/lib/clang/*/lib/wasi/*builtins*')
    ? false
    : 'no clang for WASI',
  go: works('go version') ? false : 'no Go',
  rust: works('ls "$(rustc --print target-libdir --target wasm32-wasip1)"') ? false : 'no Rust for WASI',
};

function works(command: string): boolean {
  return spawnSync('/bin/sh', ['-c', command], { stdio: 'ignore' }).status === 0;
}

describe('a template', () => {
  for (const template of templates) {
    test(
      `in ${template} builds, and passes its own tests`,
      { skip: missingToolchains[template] ?? false },
      async (t) => {
        const folder = await begin(t, template);
        const tested = await mayfly(['test', folder]);
        assert.equal(tested.code, 0, `${tested.stderr}${tested.stdout}`);
        assert.match(tested.stdout, /pass 4\n/);
      },
    );
  }
});

describe('mayfly build', () => {
  test('runs the build command in the folder, and shows what it prints', async (t) => {
    const command = `echo compiling >&2; echo done; cp '${guest('env')}' f.wasm`;
    const folder = functionFolder(t, `name = "f"\nmain = "f.wasm"\n[build]\ncommand = '''${command}'''\n`);
    const { code, stdout, stderr } = await mayfly(['build', folder]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, 'compiling\ndone\n');
    assert.match(stdout, /^f: .*f\.wasm .* KiB, image .* KiB, starts in about \d+ .*s a request, built in /);
    const report = JSON.parse((await run(['build', folder, '--json'])).stdout) as {
      name: string;
      image: { bytes: number };
    };
    assert.equal(report.name, 'f');
    assert.ok(report.image.bytes > 0);
  });

  const failing: readonly (readonly [name: string, command: string, says: RegExp])[] = [
    ['fails', 'exit 3', /Cannot build f: exit 3 ended with exit code 3 \[build_failed\]/],
    ['has no program', 'no-such-compiler', /exit code 127 \[build_failed\]\n {2}.*install its toolchain/],
    ['is killed', 'kill -9 $$', /was ended by SIGKILL \[build_failed\]/],
    ['makes nothing', 'true', /there is no such file.*\[artifact_unreadable\]\n {2}The build command ended well/],
    ['makes rubbish', 'echo hello > f.wasm', /\[not_wasm\]/],
    ['makes half of it', `head -c 2000 '${guest('env')}' > f.wasm`, /\[malformed_module\]/],
    ['makes a folder', 'mkdir f.wasm', /it is a folder.*\[artifact_unreadable\]/],
    [
      'makes a link out of the folder',
      'ln -s /etc/passwd f.wasm',
      /a link out of the function's folder.*\[artifact_unreadable\]/,
    ],
    ['makes a pipe', 'mkfifo f.wasm', /a pipe.*\[artifact_unreadable\]/],
  ];
  for (const [name, command, says] of failing) {
    test(`says why, when the command ${name}`, async (t) => {
      const folder = functionFolder(t, `name = "f"\nmain = "f.wasm"\n[build]\ncommand = '''${command}'''\n`);
      const { code, stdout, stderr } = await run(['build', folder, '--json']);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }

  test('ends the command, and all that it has started, when it is interrupted', async (t) => {
    const folder = functionFolder(
      t,
      'name = "f"\nmain = "f.wasm"\n[build]\ncommand = "sleep 1000 & echo $! > pid; wait"\n',
    );
    const child = spawn(process.execPath, [path.join(root, 'src/main.ts'), 'build', folder], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const pidFile = path.join(folder, 'pid');
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'the build', patienceMs);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    await until(() => !isAlive(Number(readFileSync(pidFile, 'utf8'))), 'its end', patienceMs);
  });

  test('refuses a folder without a manifest, and one that is not there', async (t) => {
    for (const dir of [temporaryFolder(t), path.join(temporaryFolder(t), 'missing')]) {
      const { code, stderr } = await run(['build', dir]);
      assert.equal(code, 1);
      assert.match(stderr, /\[nothing_to_serve\]\n {2}.*mayfly init|\[artifact_unreadable\]/);
    }
  });
});

const testFile = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logs, request, testFunction } from 'mayfly/test';
`;

describe('mayfly test', () => {
  test('gives tests the function, with its variables, secrets, limits and log', async (t) => {
    const folder = functionFolder(t, 'name = "f"\nmain = "f.wasm"\nsecrets = ["KEY"]\n[vars]\nCOLOUR = "blue"\n', {
      '.env': 'KEY=from the file\nOTHER=not mine\n',
      'f.test.ts': `${testFile}
        test('a path', async () => {
          const text: string = await (await request('/a%20b?x=1', { headers: { 'X-Test': 'yes' } })).text();
          for (const line of ['PATH_INFO=/a b', 'QUERY_STRING=x=1', 'HTTP_X_TEST=yes', 'COLOUR=blue', 'KEY=from the file'])
            assert.ok(text.split('\\n').includes(line), line);
          assert.doesNotMatch(text, /OTHER/);
        });
        test('a host', async () => {
          const text = await (await request(new Request('https://shop.example.org/x', { method: 'PUT', body: 'b' }))).text();
          assert.match(text, /^HTTP_HOST=shop.example.org$/m);
          assert.match(text, /^REQUEST_METHOD=PUT$/m);
        });
        test('other settings', async () => {
          const other = testFunction({ env: { COLOUR: 'red' }, limits: { requestBodyBytes: 1 } });
          assert.match(await (await other.request('/')).text(), /^COLOUR=red$/m);
          assert.equal((await other.request('/', { method: 'POST', body: 'xx' })).status, 413);
          assert.match(await (await request('/')).text(), /^COLOUR=blue$/m);
          assert.deepEqual(await logs(), []);
        });
      `,
    });
    copyFileSync(guest('env'), path.join(folder, 'f.wasm'));
    const { code, stdout } = await mayfly(['test'], { cwd: folder });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /pass 3\n/);
  });

  test('tells failures of the function by their codes, and its log by request', async (t) => {
    const folder = functionFolder(t, 'name = "f"\nmain = "f.wasm"\n', {
      'f.test.mjs': `${testFile}
        test('a trap', async () => {
          const response = await request('/?unreachable');
          assert.equal(response.status, 500);
          assert.equal((await response.json()).code, 'guest_trap');
          assert.match((await logs()).join('\\n'), /unreachable/);
        });
        test('the next request', async () => {
          assert.equal((await request('/')).status, 200);
          assert.deepEqual(await logs(), []);
        });
      `,
    });
    copyFileSync(guest('crash'), path.join(folder, 'f.wasm'));
    const { code, stdout } = await mayfly(['test', folder]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /pass 2\n/);
  });

  test('fails when a test does, and runs only those that --filter names', async (t) => {
    const folder = functionFolder(t, 'name = "f"\nmain = "f.wasm"\n', {
      'f.test.mjs': `${testFile}test('good', () => {}); test('bad', () => assert.fail('no'));`,
    });
    copyFileSync(guest('env'), path.join(folder, 'f.wasm'));
    assert.equal((await mayfly(['test', folder])).code, 1);
    assert.equal((await mayfly(['test', folder, '--filter', 'good'])).code, 0);
  });

  test('says what is missing: tests, an artifact, a manifest', async (t) => {
    const folder = functionFolder(t, 'name = "f"\nmain = "f.wasm"\n');
    const none = await run(['test', folder]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /there is no \*\.test\.ts[\s\S]*mayfly\/test/);
    writeFileSync(path.join(folder, 'f.test.mjs'), testFile);
    assert.match((await run(['test', folder])).stderr, /\[artifact_unreadable\]/);
    assert.match((await run(['test', temporaryFolder(t)])).stderr, /\[nothing_to_serve\]/);
  });
});
