import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/node-under-test.ts';
import { isMayflyError, MayflyError, toWireError } from '../base/mod.ts';
import { ServerTiming } from '../gateway/mod.ts';
import type { ChildId, FromGuardian, ToGuardian } from './guardian-protocol.ts';
import { Guardian } from './guardian.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { createLog, LogStyle } from './log.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';

/** What a guardian uses of a process. */
class FakeProcess extends EventEmitter {
  /** More than any process has. */
  readonly pid = 2 ** 30;
  exitCode: number | null = null;
  readonly signalCode = null;
  connected = true;
  readonly heard: unknown[] = [];
  readonly handles: unknown[] = [];

  send(message: unknown, ...rest: unknown[]): void {
    this.heard.push(message);
    if (rest.length > 1) this.handles.push(rest[0]);
    if ((message as { kind?: string }).kind === 'stop') this.end(0); // a message of the guardian has a kind
  }

  say(message: ToGuardian | object): void {
    this.emit('message', message);
  }

  end(code: number): void {
    this.connected = false;
    this.exitCode = code;
    this.emit('exit', code, null);
  }

  kill(): void {
    this.end(137);
  }

  /** What it was told first of this kind. */
  told<K extends FromGuardian['kind']>(kind: K): Extract<FromGuardian, { kind: K }> | undefined {
    // What it hears is what a guardian says.
    return (this.heard as FromGuardian[]).findLast(
      (one): one is Extract<FromGuardian, { kind: K }> => one.kind === kind,
    );
  }
}

interface Started {
  readonly guardian: Guardian;
  readonly supervisors: FakeProcess[];
  readonly children: FakeProcess[];
  readonly sockets: ListeningSockets;
}

async function start(t: TestContext): Promise<Started> {
  const sockets = await ListeningSockets.open({ host: '127.0.0.1', port: 0 }, 2);
  const supervisors: FakeProcess[] = [];
  const children: FakeProcess[] = [];
  const make = (list: FakeProcess[]): ChildProcess => {
    const made = new FakeProcess();
    list.push(made);
    return made as unknown as ChildProcess; // as much of one as is used
  };
  const settings = {
    functions: [],
    env: {},
    limits: {},
    address: sockets.address,
    dataDir: { path: '/data', lifetime: 'kept' },
    workers: 2,
    serverTiming: ServerTiming.hidden,
    logStyle: LogStyle.json,
  } as const;
  const guardian = new Guardian(
    { log, sockets, settings, onProgress: () => {} },
    { supervisor: () => make(supervisors), child: () => make(children) },
  );
  t.after(() => guardian.stop(0));
  return { guardian, supervisors, children, sockets };
}

const id = 'one' as ChildId;
const spec = { file: 'worker', execArgv: [], env: {} };

async function ready(started: Started): Promise<void> {
  const done = started.guardian.start();
  started.supervisors[0]?.say({ kind: 'ready', report: { workerPids: [1, 2] } });
  assert.deepEqual(await done, { workerPids: [1, 2] });
}

/** Waits for a supervisor to be started again. */
async function nextSupervisor({ supervisors }: Started, count: number): Promise<FakeProcess> {
  for (let turn = 0; turn < 400 && supervisors.length < count; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  const found = supervisors[count - 1];
  assert.ok(found);
  return found;
}

test('Guardian fails to start with what its supervisor says, and leaves nothing', async (t) => {
  const { guardian, supervisors, children } = await start(t);
  const done = guardian.start();
  supervisors[0]?.say({ kind: 'spawn', id, spec, note: 'idle' });
  supervisors[0]?.say({ kind: 'failed', error: toWireError(new MayflyError('image_corrupt', { reason: 'test' })) });
  await assert.rejects(done, (error) => isMayflyError(error, 'image_corrupt'));
  assert.deepEqual(
    [...supervisors, ...children].map(({ connected }) => connected),
    [false, false],
  );
});

test('Guardian fails to start when its supervisor ends', async (t) => {
  const { guardian, supervisors } = await start(t);
  const done = guardian.start();
  supervisors[0]?.end(1);
  await assert.rejects(done, (error) => isMayflyError(error, 'supervisor_failed'));
  assert.equal(supervisors.length, 1);
});

test('Guardian passes messages on as they are, with the socket of a place', async (t) => {
  const started = await start(t);
  await ready(started);
  const [supervisor] = started.supervisors;
  supervisor?.say({ kind: 'spawn', id, spec, note: 'idle' });
  const message = { any: ['thing'] };
  supervisor?.say({ kind: 'send', id, message, socket: 1, note: 1 });
  const [child] = started.children;
  assert.equal(child?.heard[0], message);
  assert.equal(child?.handles[0], started.sockets.of(1));
  child?.say(message);
  assert.deepEqual(supervisor?.told('message'), { kind: 'message', id, message });
});

test('Guardian tells the next supervisor of the children that are there, what was noted, and what was kept', async (t) => {
  const started = await start(t);
  await ready(started);
  const [supervisor] = started.supervisors;
  supervisor?.say({ kind: 'keep', kept: ['functions'] });
  const other = 'other' as ChildId;
  supervisor?.say({ kind: 'spawn', id, spec, note: 'idle' });
  supervisor?.say({ kind: 'spawn', id: other, spec, note: 'idle' });
  supervisor?.say({ kind: 'send', id, message: {}, note: 0 });
  supervisor?.end(1);
  // Nobody is there to be told.
  started.children[1]?.end(1);
  const next = await nextSupervisor(started, 2);
  const begun = next.told('start');
  assert.equal(begun?.cause, 'crash');
  assert.equal(begun?.epoch, 2);
  assert.deepEqual(begun?.kept, ['functions']);
  assert.deepEqual(
    begun?.children.map((child) => [child.id, child.note]),
    [[id, 0]],
  );
  // What the one before still has to say is not heard.
  supervisor?.say({ kind: 'kill', id });
  assert.equal(started.children[0]?.connected, true);
});

test('Guardian restarts its supervisor, once for all who ask meanwhile', async (t) => {
  const started = await start(t);
  await ready(started);
  const restarts = [started.guardian.restart(), started.guardian.restart()];
  const next = await nextSupervisor(started, 2);
  assert.equal(next.told('start')?.cause, 'restart');
  next.say({ kind: 'ready', report: { workerPids: [] } });
  await Promise.all(restarts);
  assert.equal(started.supervisors.length, 2);
});

test('Guardian says why a restart failed, and starts a supervisor again that ended in it', async (t) => {
  const started = await start(t);
  await ready(started);
  const restarted = started.guardian.restart();
  const failed = assert.rejects(restarted, (error) => isMayflyError(error, 'supervisor_failed'));
  (await nextSupervisor(started, 2)).end(1);
  await failed;
  assert.equal((await nextSupervisor(started, 3)).told('start')?.cause, 'restart');
});

test('Guardian starts nothing more once it stops', async (t) => {
  const started = await start(t);
  await ready(started);
  await started.guardian.stop(0);
  started.supervisors[0]?.say({ kind: 'spawn', id, spec, note: 'idle' });
  assert.equal(started.children.length, 0);
  assert.equal(started.supervisors.length, 1);
});

test('Guardian.stop ends those that are to end last after the others, and closes their sockets', async (t) => {
  const started = await start(t);
  await ready(started);
  const [supervisor] = started.supervisors;
  const socket = path.join(temporaryFolder(t), '0');
  for (const ends of ['last', undefined] as const) {
    const name = `ends ${ends}` as ChildId;
    supervisor?.say({ kind: 'spawn', id: name, spec: { ...spec, ...(ends === undefined ? {} : { ends }) }, note: 0 });
    if (ends === 'last') supervisor?.say({ kind: 'send', id: name, message: {}, socket });
  }
  const [last, other] = started.children;
  assert.equal(last?.handles.length, 1);
  assert.ok(existsSync(socket));
  let endedFirst: string | undefined;
  last?.once('exit', () => (endedFirst ??= 'last'));
  other?.once('exit', () => (endedFirst ??= 'other'));
  await started.guardian.stop(1000);
  assert.equal(endedFirst, 'other');
  assert.ok(!existsSync(socket));
});
