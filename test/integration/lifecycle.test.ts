/** A node's start and stop, and what is left after each; faults.test.ts has what happens when its processes are killed. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../support/node-processes.ts';
import {
  folderOfGuests,
  guest,
  mayfly,
  startNodeUnderTest,
  temporaryFolder,
  until,
} from '../support/node-under-test.ts';

/** One request on a connection of `agent`. */
function ask(url: string, agent: Agent): Promise<{ readonly status: number; readonly connection: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; connection: string | undefined }>();
  const request = get(url, { agent }, (response) => {
    response.resume();
    response.on('end', () => resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }));
    response.on('error', reject);
  });
  request.on('error', reject);
  return promise;
}

test('SIGTERM under load loses no request, and the node exits with 0', async (t) => {
  const node = await startNodeUnderTest(t, [guest('env'), '--workers', '2']);
  let answered = 0;
  let lost = 0;
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (;;) {
        const { status, connection } = await ask(node.url, agent);
        assert.equal(status, 200);
        answered++;
        if (connection === 'close') return;
      }
    } catch (error) {
      // A connection that was not accepted any more has lost nothing: its client knows that nothing was done.
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) lost++;
    } finally {
      agent.destroy();
    }
  };
  const clients = Array.from({ length: 20 }, client);
  await until(() => answered > 200, 'some load');
  const code = await node.stop();
  await Promise.all(clients);
  assert.equal(lost, 0);
  assert.equal(code, 0);
  for (const pid of node.workerPids) assert.ok(!isAlive(pid));
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets a long request finish`, async (t) => {
    const node = await startNodeUnderTest(t, [guest('sleeper'), '--workers', '1']);
    const pending = fetch(`${node.url}/?ms=1000`);
    await sleep(200);
    const stopped = node.stop(signal);
    const response = await pending;
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('connection'), 'close');
    await response.text();
    assert.equal(await stopped, 0);
  });
}

test('a worker can read its images and its code, and has no other permission', async (t) => {
  if (process.platform !== 'linux') return;
  const node = await startNodeUnderTest(t, [guest('env'), '--workers', '1']);
  const [pid = 0] = node.workerPids;
  const flags = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    .split('\0')
    .filter((part) => part.startsWith('--'));
  assert.ok(flags.includes('--permission'));
  assert.ok(flags.some((flag) => /^--allow-fs-read=.*images$/.test(flag)));
  const allowed = flags.filter((flag) => flag.startsWith('--allow') && !isCodeCache(flag));
  const kinds = new Set(allowed.map((flag) => flag.replace(/=.*/, '')));
  assert.deepEqual([...kinds].toSorted(), ['--allow-fs-read', '--allow-net', '--allow-worker']);
  // The environment of the node is not passed on: it may hold what functions are not to see.
  assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /PATH=/);
});

/** What a worker gives up once its code is loaded: see code-cache.test.ts. */
function isCodeCache(flag: string): boolean {
  return /^--allow-fs-(?:read|write)=.*\/mayfly\/code$/.test(flag);
}

test('a restart prepares nothing anew, and a damaged image is made again', async (t) => {
  const dataDir = path.join(temporaryFolder(t), 'data');
  const args = [guest('env'), '--workers', '1', '--data-dir', dataDir];
  const images = (): string[] => readdirSync(path.join(dataDir, 'images'));
  const first = await startNodeUnderTest(t, args);
  assert.equal(await first.stop(), 0);
  const [image = '', ...others] = images();
  assert.match(image, /^[0-9a-f]{64}\.image$/);
  assert.equal(others.length, 0);
  const file = path.join(dataDir, 'images', image);
  const bytes = readFileSync(file);

  truncateSync(file, 100);
  const second = await startNodeUnderTest(t, args);
  assert.equal((await fetch(second.url)).status, 200);
  assert.equal(await second.stop(), 0);
  assert.deepEqual(images(), [image]);
  assert.deepEqual(readFileSync(file), bytes);
});

test('what a function writes is in its own log once the node has stopped, and so is how it failed', async (t) => {
  const folder = temporaryFolder(t);
  const functions = folderOfGuests(t, { crash: '', stderr: '' });
  const node = await startNodeUnderTest(t, [functions, '--workers', '1', '--data-dir', folder]);
  assert.equal((await fetch(`${node.url}/crash/?unreachable`)).status, 500);
  // More than is sent at once: what the last requests have written is still on its way when the node is to stop.
  for (let count = 0; count < 2; count++) await fetch(`${node.url}/stderr/?bytes=40000`);
  assert.equal(await node.stop(), 0);
  const logOf = (name: string): readonly Readonly<Record<string, unknown>>[] => {
    const own = path.join(folder, 'logs/default', name);
    const text = readdirSync(own).map((file) => readFileSync(path.join(own, file), 'utf8'));
    // encodeRecord's form.
    const lines = text.join('').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const stderr = logOf('stderr');
  assert.equal(stderr.length, 2 * Math.floor(40_000 / 64));
  assert.ok(stderr.every(({ function: name, source }) => name === 'stderr' && source === 'guest'));
  assert.ok(logOf('crash').some(({ source, code }) => source === 'platform' && code === 'guest_trap'));
});

test('two nodes share a data directory, and not a port', async (t) => {
  const first = await startNodeUnderTest(t, [guest('env'), '--workers', '1']);
  const second = await startNodeUnderTest(t, [guest('env'), '--workers', '1']);
  assert.notEqual(first.port, second.port);
  const third = await mayfly(['serve', guest('env'), '--listen', `127.0.0.1:${first.port}`]);
  assert.equal(third.code, 1);
  assert.match(third.stderr, /listen_failed/);
  for (const node of [first, second]) assert.equal((await fetch(node.url)).status, 200);
});

test('serve . serves the folder it is in', async (t) => {
  const folder = temporaryFolder(t);
  copyFileSync(guest('env'), path.join(folder, 'here.wasm'));
  writeFileSync(path.join(folder, 'mayfly.toml'), 'name = "here"\nmain = "here.wasm"\n');
  const node = await startNodeUnderTest(t, ['.', '--workers', '1'], folder);
  assert.equal((await fetch(`${node.url}/any/path`)).status, 200);
});

test('every URL that `serve examples` prints answers', async (t) => {
  const node = await startNodeUnderTest(t, ['examples', '--workers', '1']);
  assert.ok(node.tryUrls.length >= 5);
  for (const url of node.tryUrls) {
    const response = await fetch(url);
    await response.arrayBuffer();
    assert.equal(response.status, 200, url);
  }
});
