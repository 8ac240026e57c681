/** The commands that speak to a node, over an admin API and a control plane in memory. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import type { AdminUnderTest } from '../../test/support/admin-under-test.ts';
import { mayfly, temporaryFolder } from '../../test/support/node-under-test.ts';
import type { Lifetime } from '../../test/support/node-under-test.ts';
import { AdminProblem } from '../admin/mod.ts';
import { MayflyError } from '../base/mod.ts';
import { followLog } from './commands/logs.ts';
import { runCli } from './mod.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

interface Cli {
  readonly admin: AdminUnderTest;
  readonly folder: string;
  /** Runs a command in this process, with the node and its token. */
  readonly run: (...args: readonly string[]) => Promise<Ran>;
}

async function start(t: Lifetime): Promise<Cli> {
  const admin = await startAdminUnderTest(t);
  const folder = temporaryFolder(t);
  const tokenFile = path.join(folder, 'token');
  writeFileSync(tokenFile, `${admin.nodeToken}\n`);
  const run = async (...args: readonly string[]): Promise<Ran> => {
    let out = '';
    let said = '';
    const terminal = {
      print: (text: string) => void (out += text),
      say: (text: string) => void (said += text),
      reader: 'program' as const,
    };
    const code = await runCli([...args, '--admin', admin.url, '--token-file', tokenFile], terminal);
    return { code, out, said };
  };
  return { admin, folder, run };
}

/** A function's folder; its artifact is text, as nothing is built here. */
function functionFolder(folder: string, name: string, more = ''): string {
  const own = path.join(folder, name);
  mkdirSync(own, { recursive: true });
  writeFileSync(path.join(own, 'mayfly.toml'), `name = "${name}"\nmain = "main.wasm"\n${more}`);
  writeFileSync(path.join(own, 'main.wasm'), `artifact of ${name}`);
  return own;
}

test('deploy uploads once, says what is new and where it is reached, and that nothing is when nothing is', async (t) => {
  const { admin, folder, run } = await start(t);
  const own = functionFolder(folder, 'hello', '[[routes]]\npath = "/hi/*"\n[vars]\nA = "1"\n');
  const first = await run('deploy', own, '--project', 'default', '--message', 'first');
  assert.equal(first.code, 0, first.said);
  assert.match(first.out, /^Deployed hello v1/);
  assert.match(first.out, /reached at +http:\/\/127\.0\.0\.1:8080\/hi\/\n/);
  assert.match(first.out, /preview +http:\/\/v1\.hello\.default\.preview\.localhost:8080\/\n/);
  const again = await run('deploy', own, '--project', 'default');
  assert.match(again.out, /^Nothing new in hello v1/);
  functionFolder(folder, 'hello', '[[routes]]\npath = "/hi/*"\n[vars]\nA = "2"\n');
  const third = await run('deploy', own, '--project', 'default', '--percent', '10', '--sticky-by', 'cookie:sid');
  assert.match(third.out, /^Deployed hello v2/);
  assert.match(third.out, /traffic +v1 90 %, v2 10 %/);
  const { settings } = await admin.client().getVersion('default', 'hello', 2);
  assert.deepEqual(settings.vars, { A: '2' });
  const json = JSON.parse((await run('deploy', own, '--project', 'default', '--force', '--json')).out) as {
    outcome: string;
    version: { version: number };
  };
  assert.deepEqual([json.outcome, json.version.version], ['created', 3]);
});

test('deploy runs the build command, and not with --no-build', async (t) => {
  const { folder, run } = await start(t);
  const own = functionFolder(folder, 'hello', '[build]\ncommand = "echo built >> main.wasm"\n');
  await run('deploy', own, '--no-build', '--project', 'default');
  const built = await run('deploy', own, '--project', 'default');
  assert.match(built.out, /^Deployed hello v2/);
  const failing = functionFolder(folder, 'failing', '[build]\ncommand = "exit 3"\n');
  const failed = await run('deploy', failing, '--project', 'default');
  assert.deepEqual([failed.code, failed.out], [1, '']);
  assert.match(failed.said, /\[build_failed\]/);
});

test('what the node refuses is told with its code, its mistakes and what to do', async (t) => {
  const { folder, run } = await start(t);
  const own = functionFolder(folder, 'hello', 'secrets = ["NONE"]\n');
  const refused = await run('deploy', own, '--project', 'default');
  assert.equal(refused.code, 1);
  assert.match(refused.said, /\[secret_missing\]\n {2}Set it first: mayfly secrets set NONE/);
  const bad = await run('functions', 'show', 'Not-A-Name', '--project', 'shop');
  assert.match(bad.said, /^Cannot use the input: 1 mistake \[bad_input\]\n {2}function: /);
  assert.match((await run('functions', 'show', 'none', '--project', 'shop')).said, /\[not_found\]/);
});

test('functions, versions and routes are listed for people, and as JSON for programs', async (t) => {
  const { admin, run } = await start(t);
  await admin.control.deploy('shop', 'cart', 'cart 2', { message: 'red \u001b[31m' });
  const functions = await run('functions', '--project', 'shop');
  assert.match(functions.out, /^FUNCTION +TRAFFIC +VERSIONS .*\ncart +v2 +2 /);
  assert.equal(
    (JSON.parse((await run('functions', 'list', '--json', '--project', 'shop')).out) as unknown[]).length,
    1,
  );
  assert.match(
    (await run('functions', 'show', 'cart', '--project', 'shop')).out,
    /reached at +http:\/\/shop\.example:8080\/cart\//,
  );
  const versions = await run('versions', 'cart', '--project', 'shop');
  assert.match(versions.out, /\nv2 +100 % .*red \\u\{1b\}\[31m\nv1 /);
  assert.equal(versions.out.includes('\u001b'), false);
  const one = await run('versions', 'cart', '--project', 'shop', '--limit', '1', '--json');
  assert.deepEqual(
    (JSON.parse(one.out) as { version: number }[]).map(({ version }) => version),
    [2],
  );
  assert.match((await run('routes', '--project', 'shop')).out, /shop\.example +\/cart\/\* +cart/);
  assert.match((await run('functions', '--project', 'default')).said, /no function in project default yet/);
  assert.equal((await run('functions', 'delete', 'cart', '--project', 'shop')).code, 0);
  assert.equal((await run('functions', 'show', 'cart', '--project', 'shop')).code, 1);
});

test('deployments split traffic, and rollback gives it back', async (t) => {
  const { admin, run } = await start(t);
  await admin.control.deploy('shop', 'cart', 'cart 2');
  const set = await run(
    'deployments',
    'set',
    'cart',
    '1=30',
    'v2=70%',
    '--sticky-by',
    'header:x-user',
    '--project',
    'shop',
  );
  assert.equal(set.out, 'Traffic of cart: v1 30 %, v2 70 %\n');
  assert.match(
    (await run('deployments', 'list', 'cart', '--project', 'shop')).out,
    /\nnow +v1 30 %, v2 70 % +header:x-user .*\n1 before +v2 /,
  );
  assert.equal((await run('rollback', 'cart', '--to', '1', '--project', 'shop')).out, 'Traffic of cart: v1\n');
  for (const pairs of [['1=30'], ['1=50', '2=51'], ['a=100'], ['1']]) {
    const bad = await run('deployments', 'set', 'cart', ...pairs, '--project', 'shop');
    assert.deepEqual([bad.code, bad.said.includes('[bad_usage]')], [2, true], pairs.join(' '));
  }
});

test('secrets come from a file or from stdin, and never from the command line or back', async (t) => {
  const { admin, folder, run } = await start(t);
  const file = path.join(folder, 'value');
  writeFileSync(file, 'hunter2\n');
  assert.equal((await run('secrets', 'set', 'FROM_FILE', '--from-file', file, '--project', 'shop')).code, 0);
  const token = path.join(folder, 'token');
  const where = ['--project', 'shop', '--admin', admin.url, '--token-file', token];
  const piped = await mayfly(['secrets', 'set', 'FROM_STDIN', ...where], { stdin: 'hunter3\n' });
  assert.equal(piped.code, 0, piped.stderr);
  const listed = await run('secrets', 'list', '--project', 'shop');
  assert.match(listed.out, /FROM_FILE[^]*FROM_STDIN[^]*KEY/);
  assert.doesNotMatch(listed.out + piped.stdout, /hunter/);
  assert.equal((await run('secrets', 'set', 'X', 'hunter2', '--project', 'shop')).code, 2);
  assert.equal((await run('secrets', 'delete', 'FROM_FILE', '--project', 'shop')).code, 0);
});

test('tokens and projects are made, listed and taken away', async (t) => {
  const { admin, run } = await start(t);
  assert.equal((await run('projects', 'create', 'new', '--limit', 'cpuMs=100')).out, 'Created project new\n');
  assert.match((await run('projects')).out, /\nnew +\S+ \S+ +shared +cpuMs=100\n/);
  const created = await run('tokens', 'create', 'ci', '--scope', 'deploy', '--expires', '90d', '--project', 'new');
  assert.match(created.out, /^mfy_[\w-]{43}\n$/);
  assert.match(created.said, /for project new: deploy\. It is not shown again/);
  const client = admin.client(created.out.trim());
  assert.deepEqual(
    (await client.listProjects()).items.map(({ id }) => id),
    ['new'],
  );
  const listed = await run('tokens', 'list');
  assert.match(listed.out, /\bci +new +deploy\b/);
  const id = /^(\S+) +ci /m.exec(listed.out)?.[1] ?? '';
  assert.equal((await run('tokens', 'revoke', id)).code, 0);
  assert.equal((await run('tokens', 'create', 'x', '--scope', 'root')).code, 2);
  assert.equal((await run('tokens', 'create', 'x', '--expires', 'soon', '--project', 'new')).code, 2);
  assert.equal((await run('projects', 'delete', 'new')).code, 0);
  assert.match((await run('projects', 'delete', 'shop')).said, /\[not_empty\]/);
  assert.match((await run('status')).out, /^Mayfly +1\.2\.3\n/);
});

test('logs are shown so that a terminal does not act on them', async (t) => {
  const { admin, run } = await start(t);
  const nasty = '\u001b]0;pwned\u0007\rhello\u202e\u009b2J\u{e0041}';
  admin.log('shop', 'cart', nasty);
  const shown = await run('logs', 'cart', '--project', 'shop');
  assert.match(
    shown.out,
    /info +│ a line of shop\n.*info +│ \\u\{1b\}\]0;pwned\\u\{7\}\\u\{d\}hello\\u\{202e\}\\u\{9b\}2J\\u\{e0041\}\n$/,
  );
  const one = await run('logs', 'cart', '--project', 'shop', '--limit', '1', '--json');
  assert.equal((JSON.parse(one.out) as { text: string }).text, nasty);
  assert.match(one.out, /^[\x20-\x7e]*\n$/);
  assert.equal((await run('logs', 'cart', '--project', 'shop', '--since', 'yesterday')).code, 2);
  assert.equal((await run('logs', 'cart', '--project', 'shop', '--since', '2030-01-01')).out, '');
});

test('logs --follow goes on where it was when the connection is lost, and ends with what the node refuses', async () => {
  const line = (cursor: string) => ({
    at: '2026-01-01T00:00:00Z',
    source: 'guest' as const,
    level: 'info' as const,
    text: cursor,
    cursor,
  });
  const asked: (string | undefined)[] = [];
  const lost = new MayflyError('node_unreachable', { url: 'u', reason: 'the connection was lost' });
  const client = {
    async *followLogs(_project: string, _name: string, { after }: { after?: string | undefined }) {
      asked.push(after);
      if (after === undefined) yield line('1');
      else if (asked.length === 3) yield line('2');
      else if (asked.length > 4) throw new AdminProblem({ status: 404, code: 'not_found', detail: 'gone' });
      throw lost;
    },
  };
  const printed: string[] = [];
  const said: string[] = [];
  const terminal = { print: () => {}, say: (text: string) => void said.push(text), reader: 'program' as const };
  const followed = { client, project: 'shop', name: 'cart', since: undefined };
  await assert.rejects(
    followLog(followed, terminal, ({ text }) => printed.push(text), 1),
    AdminProblem,
  );
  assert.deepEqual(printed, ['1', '2']);
  assert.deepEqual(asked, [undefined, '1', '1', '2', '2']);
  assert.equal(said.length, 2);
  const never = {
    async *followLogs() {
      yield* [];
      throw lost;
    },
  };
  const first = followLog({ ...followed, client: never }, terminal, () => {}, 1);
  await assert.rejects(first, (error) => error === lost);
});

test('without a node, a token or a good address, it says what to do', async (t) => {
  const { admin, folder, run } = await start(t);
  await admin.server.stop(0);
  const gone = await run('functions', '--project', 'shop');
  assert.equal(gone.code, 1);
  assert.match(gone.said, /nothing listens there \[node_unreachable\]\n {2}Start one with `mayfly serve`/);
  const say: string[] = [];
  const terminal = { print: () => {}, say: (text: string) => void say.push(text), reader: 'program' as const };
  const cases: readonly (readonly [args: string[], pattern: RegExp])[] = [
    [['--admin', 'ftp://x'], /http or https URL/],
    [['--admin', 'http://user:pass@x'], /http or https URL/],
    [['--admin', 'http://x/path'], /http or https URL/],
    [['--admin', 'https://node.example'], /MAYFLY_TOKEN or --token-file is wanted/],
    [['--data-dir', path.join(folder, 'none')], /admin-token: there is no such file/],
    [['--token-file', path.join(folder, 'none')], /no such file/],
    [['--token-file', path.join(import.meta.dirname, 'mod.ts')], /too|bytes|is none/],
  ];
  for (const [args, pattern] of cases) {
    say.length = 0;
    assert.notEqual(await runCli(['status', ...args], terminal), 0);
    assert.match(say.join(''), pattern);
  }
  // The node of a data directory with a place for its socket listens there: the token goes nowhere else.
  mkdirSync(path.join(folder, 'run'));
  writeFileSync(path.join(folder, 'admin-token'), `mfy_${'A'.repeat(43)}`);
  say.length = 0;
  assert.equal(await runCli(['status', '--data-dir', folder], terminal), 1);
  assert.match(say.join(''), /run\/admin\.sock: nothing listens there \[node_unreachable\]/);
  writeFileSync(path.join(folder, 'admin-token'), 'mfy_short');
  say.length = 0;
  assert.equal(await runCli(['status', '--data-dir', folder], terminal), 2);
  assert.doesNotMatch(say.join(''), /mfy_short/);
});

test('a token of one project needs no --project', async (t) => {
  const { admin, folder, run } = await start(t);
  writeFileSync(path.join(folder, 'token'), await admin.addToken('bank', ['read']));
  assert.match((await run('functions')).out, /\ncart /);
});
