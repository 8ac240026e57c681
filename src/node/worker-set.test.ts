import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FunctionName, isMayflyError, MayflyError, type ProjectId, toWireError } from '../base/mod.ts';
import { ServerTiming } from '../gateway/mod.ts';
import type { ChildLink } from './guardian-link.ts';
import type { Exit } from './guardian-protocol.ts';
import { createLog, LogStyle } from './log.ts';
import type { DeployedFunction, ToWorker, WorkerCommand } from './protocol.ts';
import { WorkerSet, type WorkerSetTools } from './worker-set.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';

const settings = {
  code: 'this',
  address: { host: '127.0.0.1', port: 1 },
  imagesFolder: '/images',
  serverTiming: ServerTiming.hidden,
  logStyle: LogStyle.json,
};

/** What is published in these tests: a function of that name alone. */
function version(name: string): readonly DeployedFunction[] {
  return [
    {
      project: 'p' as ProjectId,
      name: name as FunctionName,
      routes: [],
      versions: [],
    },
  ];
}

/** Does what it is told as a worker does, as far as a set can tell. */
class FakeWorker implements ChildLink {
  readonly pid: number;
  readonly exit = Promise.withResolvers<Exit>();
  readonly exited: Promise<Exit> = this.exit.promise;
  /** What it was told: `load a`, `switch`, `listen 0`, `stop`. */
  readonly told: string[] = [];
  note: unknown;
  loaded: string | undefined;
  served: string | undefined;
  place: number | undefined;
  hasEnded = false;
  #listener: (message: unknown) => void = () => {};
  readonly #mishap: Mishap;

  constructor(pid: number, mishap: Mishap) {
    this.pid = pid;
    this.#mishap = mishap;
    void this.exited.then(() => (this.hasEnded = true));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener;
  }

  say(message: unknown): void {
    this.#listener(message);
  }

  send(message: object, extra: { readonly socket?: number; readonly note?: unknown } = {}): void {
    if (extra.note !== undefined) this.note = extra.note;
    // Only what a supervisor sends.
    const order = message as ToWorker;
    if (order.kind === 'linesTaken' || order.kind === 'preview') return;
    if (order.kind === 'stop') {
      this.told.push('stop');
      setImmediate(() => this.exit.resolve({ code: 0, signal: null }));
      return;
    }
    const { command, request } = order;
    const name = command.kind === 'load' ? ` ${command.snapshot.functions[0]?.name ?? ''}` : '';
    this.told.push(`${command.kind}${name}${extra.socket === undefined ? '' : ` ${extra.socket}`}`);
    setImmediate(() => this.#answer(request, command, extra.socket));
  }

  kill(): void {
    this.exit.resolve({ code: null, signal: 'SIGKILL' });
  }

  #answer(request: number, command: WorkerCommand, socket: number | undefined): void {
    const mishap = this.#mishap(this, command);
    if (mishap === 'dies') this.kill();
    else if (mishap === 'fails')
      this.say({ kind: 'failed', request, error: toWireError(new MayflyError('image_corrupt', { reason: 'test' })) });
    else if (mishap !== 'hangs') {
      if (command.kind === 'load') this.loaded = command.snapshot.functions[0]?.name;
      if (command.kind === 'discard') this.loaded = undefined;
      if (command.kind === 'switch') this.served = this.loaded;
      if (command.kind === 'listen') this.place = socket;
      this.say({ kind: 'done', request });
      if (mishap === 'dies after') this.kill();
    }
  }
}

/** What goes wrong when a worker is told something; undefined when nothing does. */
type Mishap = (worker: FakeWorker, command: WorkerCommand) => 'dies' | 'dies after' | 'fails' | 'hangs' | undefined;

function setOf(
  places: number,
  mishap: Mishap = () => undefined,
  inOrder: NonNullable<WorkerSetTools['inOrder']> = (functions) => functions,
): { set: WorkerSet; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const set = new WorkerSet(places, settings, {
    spawn: (_spec, note) => {
      const worker = new FakeWorker(workers.length + 1, (...args) => mishap(...args));
      worker.note = note;
      workers.push(worker);
      return worker;
    },
    log,
    onLines: () => {},
    inOrder,
    firstNumber: 1000,
    onCodeChanged: () => {},
  });
  return { set, workers };
}

/** Lets everything that is under way happen, the shortest waits included. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('WorkerSet', () => {
  test('starts a worker for each place, and then one that stands by', async () => {
    const { set, workers } = setOf(2);
    await set.start();
    assert.equal(workers.length, 2);
    await set.publish(version('a'));
    await settle();
    assert.deepEqual(
      workers.map(({ place, served }) => [place, served]),
      [
        [0, 'a'],
        [1, 'a'],
        [undefined, 'a'],
      ],
    );
    assert.deepEqual(set.pids, [1, 2]);
    assert.deepEqual(
      workers.map(({ note }) => note),
      [0, 1, 'idle'],
    );
  });

  test('has workers load functions in the order that is wanted', async () => {
    const { set, workers } = setOf(1, undefined, (functions) => functions.toReversed());
    await set.publish([...version('a'), ...version('b')]);
    assert.equal(workers[0]?.served, 'b');
  });

  test('has the worker that stands by take the place of one that ended, and starts another', async () => {
    const { set, workers } = setOf(2);
    await set.start();
    await set.publish(version('a'));
    await settle();
    workers[0]?.kill();
    await settle();
    assert.deepEqual(set.pids, [3, 2]);
    assert.equal(workers[2]?.place, 0);
    assert.equal(workers.length, 4);
    assert.equal(workers[3]?.served, 'a');
  });

  test('fills a place again whose worker ends in the moment that it has taken it', async () => {
    let died = 0;
    const { set, workers } = setOf(2, (_, command) =>
      command.kind === 'listen' && died++ < 3 ? 'dies after' : undefined,
    );
    await set.start();
    await set.publish(version('a'));
    await until(() => set.pids.every((pid) => pid > 0));
    const inPlace = workers.filter(({ pid }) => set.pids.includes(pid));
    assert.deepEqual(new Set(inPlace.map(({ place }) => place)), new Set([0, 1]));
  });

  test('has a worker that was asked to end replaced at once', async () => {
    const { set, workers } = setOf(1);
    await set.start();
    await set.publish(version('a'));
    await settle();
    workers[0]?.say({ kind: 'leaving' });
    await settle();
    assert.deepEqual(set.pids, [2]);
    // It is done with what it had begun, and asked nothing any more.
    const told = workers[0]?.told.length;
    const published = set.publish(version('b'));
    await settle();
    assert.equal(workers[0]?.told.length, told);
    assert.equal(workers[1]?.served, 'b');
    // Until it has ended, it may answer as before.
    assert.equal(await Promise.race([published.then(() => 'published'), settle().then(() => 'waits')]), 'waits');
    workers[0]?.exit.resolve({ code: 0, signal: null });
    await published;
  });

  test('switches no worker before all have loaded', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { set, workers } = setOf(2, (worker, command) => {
      if (worker.pid !== 2 || command.kind !== 'load' || command.snapshot.functions[0]?.name !== 'b') return undefined;
      const request = 1000;
      void held.then(() => worker.say({ kind: 'done', request }));
      return 'hangs';
    });
    await set.start();
    await set.publish(version('a'));
    await settle();
    const published = set.publish(version('b'));
    await settle();
    assert.deepEqual(
      workers.map(({ served }) => served),
      ['a', 'a', 'a'],
    );
    // It ends instead of answering: the others and its successor go on.
    workers[1]?.kill();
    release();
    await published;
    await settle();
    assert.deepEqual(
      workers.filter(({ pid }) => set.pids.includes(pid)).map(({ served }) => served),
      ['b', 'b'],
    );
  });

  test('serves nowhere what one worker cannot load', async () => {
    const { set, workers } = setOf(3, (worker, command) =>
      worker.pid === 2 && command.kind === 'load' && command.snapshot.functions[0]?.name === 'b' ? 'fails' : undefined,
    );
    await set.start();
    await set.publish(version('a'));
    await settle();
    await assert.rejects(set.publish(version('b')), (error) => isMayflyError(error, 'image_corrupt'));
    await settle();
    assert.deepEqual(
      workers.map(({ served }) => served),
      ['a', 'a', 'a', 'a'],
    );
    assert.deepEqual(
      workers.map(({ loaded }) => loaded).filter((name) => name === 'b'),
      [],
    );
    // What comes next is served again, by all.
    await set.publish(version('c'));
    assert.deepEqual(
      workers.filter(({ place }) => place !== undefined).map(({ served }) => served),
      ['c', 'c', 'c'],
    );
  });

  test('gives up on what workers die of, and serves on', async () => {
    const { set, workers } = setOf(2, (_worker, command) =>
      command.kind === 'load' && command.snapshot.functions[0]?.name === 'poison' ? 'dies' : undefined,
    );
    await set.start();
    await set.publish(version('a'));
    await settle();
    await assert.rejects(set.publish(version('poison')), (error) => isMayflyError(error, 'worker_failed'));
    await until(() => set.pids.every((pid) => workers.some((each) => each.pid === pid && each.served === 'a')));
    await set.publish(version('b'));
    assert.ok(set.pids.every((pid) => workers.some((each) => each.pid === pid && each.served === 'b')));
  });

  test('gives a worker that comes while something is published the newest', async () => {
    const { set, workers } = setOf(1);
    await set.start();
    await set.publish(version('a'));
    await settle();
    workers[0]?.kill();
    const published = set.publish(version('b'));
    await published;
    await settle();
    const live = workers.filter(({ pid, note }) => set.pids.includes(pid) || note === 'idle');
    assert.deepEqual(
      live.map(({ served }) => served),
      ['b', 'b'],
    );
  });

  test('publishes one after the other', async () => {
    const { set, workers } = setOf(1);
    await set.start();
    await Promise.all(['a', 'b', 'c'].map((name) => set.publish(version(name))));
    assert.deepEqual(workers[0]?.told, [
      'begin',
      'load a',
      'switch',
      'listen 0',
      'load b',
      'switch',
      'load c',
      'switch',
    ]);
  });

  test('fails to start when a worker cannot be', async () => {
    const { set } = setOf(2, (_worker, command) => (command.kind === 'begin' ? 'dies' : undefined));
    await assert.rejects(set.start(), (error) => isMayflyError(error, 'worker_failed'));
    set.stop();
  });

  test('publishes also when all workers died of what is current', async () => {
    let isPoison = false;
    const { set, workers } = setOf(1, (_worker, command) =>
      isPoison && command.kind === 'load' && command.snapshot.functions[0]?.name === 'a' ? 'dies' : undefined,
    );
    await set.start();
    await set.publish(version('a'));
    isPoison = true;
    await settle();
    for (const worker of workers) worker.kill();
    await settle();
    await set.publish(version('b'));
    await until(() => workers.some(({ pid, place, served }) => pid === set.pids[0] && place === 0 && served === 'b'));
    set.stop();
  });
});

describe('WorkerSet that takes over', () => {
  /** Workers that a supervisor before this one has left: one in a place, one that stands by, one that leaves. */
  function leftBehind(): FakeWorker[] {
    return [0, 'idle', 'leaving'].map((note, index) => {
      const worker = new FakeWorker(100 + index, () => undefined);
      worker.note = note;
      worker.served = 'a';
      return worker;
    });
  }

  test('has no more workers than it wants when all have died, and something is published at once', async () => {
    const { set, workers } = setOf(2);
    await set.start();
    await set.publish(version('a'));
    await settle();
    for (const worker of workers) worker.kill();
    await new Promise((resolve) => setImmediate(resolve));
    await set.publish(version('b'));
    await settle();
    const alive = workers.filter(({ told, hasEnded }) => !hasEnded && !told.includes('stop'));
    assert.equal(alive.length, 3);
    assert.ok(alive.every(({ served }) => served === 'b'));
    assert.deepEqual(new Set(alive.map(({ place }) => place)), new Set([0, 1, undefined]));
  });

  test('after a crash goes on with the workers that are there', async () => {
    const { set, workers } = setOf(2);
    const left = leftBehind();
    set.adopt(
      left.map((link) => ({ link, note: link.note })),
      'current',
    );
    await set.start();
    left[2]?.exit.resolve({ code: 0, signal: null });
    await set.publish(version('a'));
    await settle();
    assert.deepEqual(set.pids, [100, 101]);
    // One to stand by is all that had to be started.
    assert.equal(workers.length, 1);
    assert.deepEqual(left[2]?.told, []);
    assert.deepEqual(left[0]?.told, ['load a', 'switch']);
  });

  test('for a restart replaces the workers one after the other, once a new one is warm', async () => {
    const { set, workers } = setOf(2);
    const left = [0, 1].map((note) => {
      const worker = new FakeWorker(100 + note, () => undefined);
      worker.note = note;
      return worker;
    });
    set.adopt(
      left.map((link) => ({ link, note: link.note })),
      'old',
    );
    await set.start();
    assert.equal(workers.length, 1);
    await set.publish(version('b'));
    await settle();
    assert.deepEqual(
      left.map(({ told }) => told),
      [['stop'], ['stop']],
    );
    assert.deepEqual(set.pids, [1, 2]);
    assert.deepEqual(
      workers.map(({ served, place }) => [served, place]),
      [
        ['b', 0],
        ['b', 1],
        ['b', undefined],
      ],
    );
  });

  test('for a restart leaves the workers alone when the new code cannot load what is to be served', async () => {
    const { set } = setOf(1, (_worker, command) => (command.kind === 'load' ? 'fails' : undefined));
    const old = new FakeWorker(100, () => undefined);
    set.adopt([{ link: old, note: 0 }], 'old');
    await set.start();
    await assert.rejects(set.publish(version('b')));
    assert.deepEqual(old.told, []);
    assert.deepEqual(set.pids, [100]);
    set.stop();
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isSo(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(isSo());
}
