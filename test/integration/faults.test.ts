/** What is left when processes of a node are killed, and what its clients see of it. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { canListProcesses, isAlive, pidsOf, processesOf } from '../support/node-processes.ts';
import {
  guest,
  mayfly,
  type NodeUnderTest,
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
    const artifact = path.join(temporaryFolder(t), 'endless.wasm');
    writeFileSync(artifact, endlessInitialiser);
    const started = startNodeUnderTest(t, [artifact, '--workers', '1', '--data-dir', temporaryFolder(t)]);
    const failed = assert.rejects(started, /supervisor_failed/);
    await until(() => allOf('builder').length > 0, 'a builder');
    const [builder] = allOf('builder');
    const [supervisor = 0] = allOf('supervisor');
    process.kill(supervisor, 'SIGKILL');
    await failed;
    await until(() => !isAlive(builder ?? 0), 'the builder to end');

    /** Of this test, which has started one node. */
    function allOf(role: 'builder' | 'supervisor'): number[] {
      return processesOf(process.pid)
        .filter((each) => each.role === role)
        .map(({ pid }) => pid);
    }
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
    const artifact = path.join(temporaryFolder(t), 'endless.wasm');
    writeFileSync(artifact, endlessInitialiser);
    const result = mayfly(['serve', artifact, '--listen', '127.0.0.1:0', '--data-dir', temporaryFolder(t)]);
    const builders = (): number[] =>
      processesOf(process.pid)
        .filter(({ role }) => role === 'builder')
        .map(({ pid }) => pid);
    await until(() => builders().length > 0, 'a builder');
    for (const pid of builders()) process.kill(pid, 'SIGKILL');
    const { code, stderr } = await result;
    assert.equal(code, 1);
    assert.match(stderr, /builder was ended by SIGKILL/);
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
