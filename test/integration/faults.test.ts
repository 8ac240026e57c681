/** What is left when processes of a node are killed, and what its clients see of it. */
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { canListProcesses, isAlive, type NodeProcess, pidsOf, processesOf } from '../support/node-processes.ts';
import {
  guest,
  type NodeUnderTest,
  repositoryRoot,
  startMayfly,
  startNodeUnderTest,
  temporaryFolder,
  until,
} from '../support/node-under-test.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { assemble } from '../support/wasm-text.ts';

const skip = canListProcesses ? false : 'needs /proc to find the processes of a node';

/** A node with two workers and a third that stands by, under load. */
async function loadedNode(t: TestContext): Promise<{ node: NodeUnderTest; guardian: number; load: SteadyLoad }> {
  const node = await startNodeUnderTest(t, [guest('env'), '--workers', '2']);
  const guardian = node.process.pid ?? 0;
  await until(() => pidsOf(guardian, 'worker').length === 3, 'the worker that stands by');
  const load = new SteadyLoad(node.port, 8);
  t.after(async () => void (await load.stop()));
  await until(() => load.answered > 100, 'some load');
  return { node, guardian, load };
}

/** Waits until something is served that was asked for after now. */
async function untilAnswered(load: SteadyLoad): Promise<void> {
  load.take();
  await until(() => load.answered > 50, 'answers');
}

/** The id of the one process of this role that this test has started. */
function one(role: NodeProcess['role']): number {
  const first = processesOf(process.pid).find((each) => each.role === role);
  assert.ok(first);
  return first.pid;
}

/** A node that will not start by itself: its builder is busy with an initialiser that never returns. */
async function startingNode(t: TestContext): Promise<{ failed: Promise<never>; guardian: number; builder: number }> {
  const artifact = path.join(temporaryFolder(t), 'endless.wasm');
  writeFileSync(artifact, endlessInitialiser);
  const args = ['serve', artifact, '--listen', '127.0.0.1:0', '--workers', '1', '--data-dir', temporaryFolder(t)];
  const { child, result } = startMayfly(args);
  const failed = result.then(({ code, stderr }): never => {
    throw new Error(`ended with ${code}: ${stderr}`);
  });
  failed.catch(() => {});
  await until(() => processesOf(process.pid).some(({ role }) => role === 'builder'), 'a builder');
  return { failed, guardian: child.pid ?? 0, builder: one('builder') };
}

describe('a worker', { skip }, () => {
  test('that is killed is replaced by one that stood by; only what it had taken on is lost', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    const [victim = 0] = node.workerPids;
    process.kill(victim, 'SIGKILL');
    await node.logged(/worker is back/);
    await until(() => pidsOf(guardian, 'worker').length === 3, 'another one to stand by');
    await untilAnswered(load);
    const { lost } = await load.stop();
    assert.deepEqual(
      [...new Set(lost)].filter((what) => !/ECONNRESET|socket hang up|aborted/.test(what)),
      [],
    );
    // No more than one request on each connection.
    assert.ok(lost.length <= 8, lost.join());
    assert.equal(await node.stop(), 0);
  });

  test('that is asked to end loses no request, and is replaced', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    const [victim = 0] = node.workerPids;
    process.kill(victim, 'SIGTERM');
    await until(() => !isAlive(victim), 'the worker to end');
    await until(() => pidsOf(guardian, 'worker').length === 3, 'another one to stand by');
    await untilAnswered(load);
    assert.deepEqual((await load.stop()).lost, []);
  });

  test('that dies again and again is started again each time', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    for (let death = 0; death < 5; death++) {
      await until(() => pidsOf(guardian, 'worker').length >= 2, 'workers');
      for (const pid of pidsOf(guardian, 'worker')) process.kill(pid, 'SIGKILL');
      await untilAnswered(load);
    }
    await until(() => pidsOf(guardian, 'worker').length === 3, 'all workers');
    assert.equal(await node.stop(), 0);
  });
});

describe('a supervisor', { skip }, () => {
  test('that is killed is replaced by one that adopts the workers; no request is lost', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    const workers = pidsOf(guardian, 'worker');
    const [victim = 0] = pidsOf(guardian, 'supervisor');
    process.kill(victim, 'SIGKILL');
    await node.logged(/supervisor is back/);
    assert.deepEqual(pidsOf(guardian, 'worker'), workers);
    assert.notEqual(pidsOf(guardian, 'supervisor')[0], victim);
    assert.deepEqual(load.take().lost, []);
    // It knows them: it replaces one that is killed.
    process.kill(node.workerPids[1] ?? 0, 'SIGKILL');
    await node.logged(/worker is back/);
    await untilAnswered(load);
    assert.equal(await node.stop(), 0);
  });

  test('that is killed together with all workers comes back, and they do too', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    for (const { pid } of processesOf(guardian)) process.kill(pid, 'SIGKILL');
    await untilAnswered(load);
    await until(() => pidsOf(guardian, 'worker').length === 3, 'all workers');
    assert.equal(await node.stop(), 0);
  });

  test('that is killed while the node starts ends the node, and the builder with it', async (t) => {
    const { failed, builder } = await startingNode(t);
    process.kill(one('supervisor'), 'SIGKILL');
    await assert.rejects(failed, /supervisor_failed/);
    await until(() => !isAlive(builder), 'the builder to end');
  });
});

describe('a guardian', { skip }, () => {
  test('that is killed takes all processes with it', async (t) => {
    const { node, guardian } = await loadedNode(t);
    const all = processesOf(guardian);
    assert.equal(all.length, 4);
    node.process.kill('SIGKILL');
    await until(() => all.every(({ pid }) => !isAlive(pid)), 'all processes to end', 20_000);
  });

  test('that is killed while the node starts takes the builder with it', async (t) => {
    const { failed, builder, guardian } = await startingNode(t);
    process.kill(guardian, 'SIGKILL');
    await assert.rejects(failed);
    await until(() => !isAlive(builder), 'the builder to end');
  });

  test('that is killed lets requests finish', async (t) => {
    const node = await startNodeUnderTest(t, [guest('sleeper'), '--workers', '1']);
    const response = fetch(`${node.url}/?ms=1500`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    node.process.kill('SIGKILL');
    assert.equal((await response).status, 200);
  });
});

describe('a builder', { skip }, () => {
  test('that is killed fails what it was to build, and leaves nothing', async (t) => {
    const { failed, builder } = await startingNode(t);
    process.kill(builder, 'SIGKILL');
    await assert.rejects(failed, /builder was ended by SIGKILL/);
    assert.deepEqual(processesOf(process.pid), []);
  });
});

describe('a restart', { skip }, () => {
  /** A node that serves an artifact that can be replaced. */
  async function nodeOf(t: TestContext, first: string): Promise<{ node: NodeUnderTest; artifact: string }> {
    const folder = path.join(temporaryFolder(t), 'function');
    mkdirSync(folder);
    const artifact = path.join(folder, 'one.wasm');
    copyFileSync(guest(first), artifact);
    return { node: await startNodeUnderTest(t, [artifact, '--workers', '2']), artifact };
  }

  test('replaces supervisor and workers one after the other, and loses no request', async (t) => {
    const { node, guardian, load } = await loadedNode(t);
    const before = processesOf(guardian).map(({ pid }) => pid);
    node.process.kill('SIGHUP');
    await node.logged(/restarted/);
    await until(() => pidsOf(guardian, 'worker').length === 3, 'the old workers to end, and one to stand by');
    await untilAnswered(load);
    assert.deepEqual((await load.stop()).lost, []);
    assert.deepEqual(
      processesOf(guardian).filter(({ pid }) => before.includes(pid)),
      [],
    );
    assert.equal(await node.stop(), 0);
  });

  test('serves what is on disk now', async (t) => {
    const { node, artifact } = await nodeOf(t, 'env');
    copyFileSync(guest('hello-rust'), artifact);
    node.process.kill('SIGHUP');
    await node.logged(/restarted/);
    assert.doesNotMatch(await (await fetch(node.url)).text(), /REQUEST_METHOD/);
  });

  test('comes by itself when a worker is to be replaced and other code is on disk', async (t) => {
    const copy = temporaryFolder(t);
    cpSync(path.join(repositoryRoot, 'src'), path.join(copy, 'src'), { recursive: true });
    copyFileSync(path.join(repositoryRoot, 'package.json'), path.join(copy, 'package.json'));
    symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(copy, 'node_modules'));
    const main = path.join(copy, 'src/main.ts');
    const node = await startNodeUnderTest(t, [guest('env'), '--workers', '1'], copy, main);
    const guardian = node.process.pid ?? 0;
    await until(() => pidsOf(guardian, 'worker').length === 2, 'the worker that stands by');
    const before = processesOf(guardian).map(({ pid }) => pid);
    appendFileSync(path.join(copy, 'src/node/worker.ts'), '// It is newer now.\n');
    process.kill(node.workerPids[0] ?? 0, 'SIGKILL');
    await node.logged(/code_changed|code on disk/);
    await node.logged(/"restarted: /);
    assert.equal((await fetch(node.url)).status, 200);
    await until(() => processesOf(guardian).every(({ pid }) => !before.includes(pid)), 'all processes to be new');
    assert.equal(await node.stop(), 0);
  });

  test('serves what it served before where what is on disk cannot be', async (t) => {
    const { node, artifact } = await nodeOf(t, 'env');
    writeFileSync(artifact, 'not wasm');
    node.process.kill('SIGHUP');
    await node.logged(/could not be restarted.*/);
    assert.match(await (await fetch(node.url)).text(), /REQUEST_METHOD/);
    // Also by workers that are started from now on.
    const guardian = node.process.pid ?? 0;
    await until(() => pidsOf(guardian, 'worker').length === 3, 'new workers');
    for (const pid of pidsOf(guardian, 'worker')) process.kill(pid, 'SIGKILL');
    assert.match(await (await fetch(node.url)).text(), /REQUEST_METHOD/);
  });
});

/** Its initialiser never returns, and does not look whether it should. */
const endlessInitialiser = assemble(`(module
  (memory (export "memory") 1)
  (func (export "_initialize") (loop $again (br $again)))
  (func (export "handle")))`);
