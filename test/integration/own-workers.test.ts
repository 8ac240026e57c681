/** A project with workers of its own: what it serves, what of it is kept from others and of others from it, and what its crash costs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { AdminClient } from '../../src/admin/mod.ts';
import { digestOf } from '../../src/base/mod.ts';
import type { Route } from '../../src/config/mod.ts';
import { canListProcesses, isAlive, pidsOf } from '../support/node-processes.ts';
import { guest, until } from '../support/node-under-test.ts';
import { type PlatformUnderTest, startPlatform } from '../support/platform-under-test.ts';
import { SteadyLoad } from '../support/steady-load.ts';

const skip = canListProcesses ? false : 'needs /proc to find the processes of a node';

/** What the operator of the node does by its admin API: the commands would take a process each. */
function adminOf(node: PlatformUnderTest): AdminClient {
  const token = readFileSync(path.join(node.dataDir, 'admin-token'), 'utf8').trim();
  return new AdminClient({ url: node.admin, token });
}

/** The process ids of a project's own workers. */
async function ownPids(node: PlatformUnderTest, project: string): Promise<number[]> {
  const { workers } = await adminOf(node).getStatus();
  return workers.filter((worker) => worker.project === project).map(({ pid = 0 }) => pid);
}

/** Deploys the guest `env`. @returns the host of the version alone */
async function deployEnv(
  node: PlatformUnderTest,
  project: string,
  routes: readonly Route[],
  secrets: readonly string[] = [],
): Promise<string> {
  const client = adminOf(node);
  const bytes = readFileSync(guest('env'));
  const artifact = digestOf(bytes);
  await client.putArtifact(project, artifact, bytes);
  const { version } = await client.deploy(project, 'env', { artifact, settings: { secrets }, routes });
  return new URL(version.previewUrl ?? '').host;
}

/** A node with `env` in the default project, on every host. */
async function oneTenant(t: TestContext): Promise<PlatformUnderTest> {
  const node = await startPlatform(t);
  await deployEnv(node, 'default', [{ path: '/*' }]);
  return node;
}

/** The same, and `env` in `shop` on a host of its own, with a secret and workers of its own. */
async function twoTenants(t: TestContext, workers: number): Promise<PlatformUnderTest> {
  const node = await oneTenant(t);
  const client = adminOf(node);
  await client.createProject({ id: 'shop' });
  await client.putSecret('shop', 'SHOP_KEY', 'hunter2');
  const { stdout } = await node.mayfly(['projects', 'workers', 'shop', String(workers)]);
  assert.match(stdout, new RegExp(`^Project shop has ${workers} workers? of its own\\n$`));
  await deployEnv(node, 'shop', shopRoutes, ['SHOP_KEY']);
  assert.equal((await ownPids(node, 'shop')).length, workers);
  return node;
}

const shopRoutes = [{ host: 'shop.example', path: '/*' }];

test(
  'a project’s own workers serve it, as its clients sent the requests; others stay with the shared ones',
  { skip },
  async (t) => {
    const node = await twoTenants(t, 2);
    const answer = await node.ask('/a%20b/c?d=e&f', 'shop.example:81', {
      'X-Mayfly-From': '6.6.6.6 666 666 0.9',
      'x-mayfly-host': 'evil.example',
      Connection: 'close, X-Mayfly-From',
      'X-Own': 'yes',
    });
    assert.equal(answer.status, 200, answer.text);
    const env = new Map(answer.text.split('\n').map((line): [string, string] => [line.split('=')[0] ?? '', line]));
    assert.equal(env.get('SHOP_KEY'), 'SHOP_KEY=hunter2');
    assert.equal(env.get('REQUEST_URI'), 'REQUEST_URI=/a%20b/c?d=e&f');
    assert.equal(env.get('PATH_INFO'), 'PATH_INFO=/a b/c');
    assert.equal(env.get('HTTP_HOST'), 'HTTP_HOST=shop.example:81');
    assert.equal(env.get('SERVER_NAME'), 'SERVER_NAME=shop.example');
    assert.equal(env.get('SERVER_PORT'), `SERVER_PORT=${node.port}`);
    assert.equal(env.get('REMOTE_ADDR'), 'REMOTE_ADDR=127.0.0.1');
    assert.equal(env.get('HTTP_X_OWN'), 'HTTP_X_OWN=yes');
    assert.doesNotMatch(answer.text, /MAYFLY_(?:FROM|HOST)|666|evil/i);
    assert.match((await node.ask('/x')).text, /PATH_INFO=\/x/);
    // A version's own host leads there, too: shared workers are not told what is behind it.
    const own = await deployEnv(node, 'shop', shopRoutes, ['SHOP_KEY']);
    const preview = await node.ask('/preview', own);
    assert.match(preview.text, /SHOP_KEY=hunter2[^]*PATH_INFO=\/preview|PATH_INFO=\/preview[^]*SHOP_KEY=hunter2/);
    const { stdout } = await node.mayfly(['projects']);
    assert.match(stdout, /default.*shared/);
    assert.match(stdout, /shop.*\b2\b/);
  },
);

test('own workers that are killed cost others nothing, and are back within a second', { skip }, async (t) => {
  const node = await twoTenants(t, 1);
  const others = new SteadyLoad(node.port, 2);
  t.after(async () => void (await others.stop()));
  // Two shared workers and an own one, and two that stand by.
  await until(() => pidsOf(node.guardianPid, 'worker').length === 5, 'those that stand by');
  const [victim = 0] = await ownPids(node, 'shop');
  process.kill(victim, 'SIGKILL');
  await until(() => !isAlive(victim), 'the worker to end');
  const killedMs = performance.now();
  // It waits at the socket for whoever comes next.
  assert.equal((await node.ask('/', 'shop.example')).status, 200);
  t.diagnostic(`served again after ${Math.round(performance.now() - killedMs)} ms`);
  const [next = 0] = await ownPids(node, 'shop');
  assert.notEqual(next, victim);
  assert.deepEqual((await others.stop()).lost, []);
  assert.equal(await node.stop(), 0);
});

test('own workers are given, changed and taken away under load without losing a request', { skip }, async (t) => {
  const node = await oneTenant(t);
  // Few enough that a machine which is busy with much else has no worker refuse them as too many.
  const load = new SteadyLoad(node.port, 2);
  t.after(async () => void (await load.stop()));
  for (const count of [1, 2, 0, 1]) {
    await adminOf(node).changeProject('default', { workers: count });
    assert.deepEqual(load.take().lost, [], `with ${count}`);
    await until(() => load.answered > 100, 'answers');
    assert.equal((await ownPids(node, 'default')).length, count);
  }
  // All of it is replaced, and one is asked to end.
  process.kill(node.guardianPid, 'SIGHUP');
  await node.logged(/restarted: supervisor and workers are new/);
  const [leaver = 0] = await ownPids(node, 'default');
  process.kill(leaver, 'SIGTERM');
  await until(() => !isAlive(leaver), 'the worker to end');
  assert.deepEqual(load.take().lost, []);
  await until(() => load.answered > 100, 'answers');
  assert.deepEqual((await load.stop()).lost, []);
  // Nobody is left of those that were replaced: there are two shared ones and an own one, and two that stand by.
  await until(() => pidsOf(node.guardianPid, 'worker').length === 5, 'the others to end');
  assert.equal(readdirSync(path.join(node.dataDir, 'own')).length, 1);
});

test(
  'a supervisor that is killed adopts own workers, and a node that is started again has them',
  { skip },
  async (t) => {
    const node = await twoTenants(t, 1);
    const before = await ownPids(node, 'shop');
    const [supervisor = 0] = pidsOf(node.guardianPid, 'supervisor');
    process.kill(supervisor, 'SIGKILL');
    await node.logged(/supervisor is back/);
    assert.deepEqual(await ownPids(node, 'shop'), before);
    assert.match((await node.ask('/', 'shop.example')).text, /SHOP_KEY=hunter2/);
    assert.equal(await node.stop(), 0);
    assert.match(readFileSync(path.join(node.dataDir, 'last-used.json'), 'utf8'), /"shop\/env"/);
    const again = await startPlatform(t, node.dataDir);
    assert.equal((await ownPids(again, 'shop')).length, 1);
    assert.match((await again.ask('/', 'shop.example')).text, /SHOP_KEY=hunter2/);
    const { stderr, code } = await again.mayfly(['projects', 'workers', 'shop', '9999']);
    assert.equal(code, 1);
    assert.match(stderr, /\[too_many_workers\]/);
  },
);
