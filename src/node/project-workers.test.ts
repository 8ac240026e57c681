import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder, until } from '../../test/support/node-under-test.ts';
import { type Digest, functionName, isMayflyError, MayflyError, projectId, toWireError } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import { ServerTiming } from '../gateway/mod.ts';
import type { ChildLink } from './guardian-link.ts';
import type { ChildSpec, Exit } from './guardian-protocol.ts';
import { createLog, LogStyle } from './log.ts';
import { isOwnNote } from './own-worker-link.ts';
import { ProjectWorkers } from './project-workers.ts';
import type { DeployedFunction, DeployedVersion, ToWorker } from './protocol.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';

/** Does what it is told as a worker does, and keeps all that it is told. */
class FakeWorker implements ChildLink {
  readonly pid: number;
  readonly spec: ChildSpec;
  readonly #exit = Promise.withResolvers<Exit>();
  readonly exited: Promise<Exit> = this.#exit.promise;
  /** All of it, as text. */
  told = '';
  note: unknown;
  socket: number | string | undefined;
  isLeaving = false;
  #listener: (message: unknown) => void = () => {};
  readonly #refuses: (command: string, text: string) => boolean;

  constructor(pid: number, spec: ChildSpec, note: unknown, refuses: (command: string, text: string) => boolean) {
    this.pid = pid;
    this.spec = spec;
    this.note = note;
    this.#refuses = refuses;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener;
  }

  say(message: unknown): void {
    this.#listener(message);
  }

  send(message: object, { socket, note }: { readonly socket?: number | string; readonly note?: unknown } = {}): void {
    if (note !== undefined) this.note = note;
    if (socket !== undefined) this.socket = socket;
    const text = JSON.stringify(message);
    this.told += `${text}\n`;
    // Only what a supervisor sends.
    const order = message as ToWorker;
    if (order.kind === 'stop') {
      this.isLeaving = true;
      setImmediate(() => this.#exit.resolve({ code: 0, signal: null }));
    }
    if (order.kind !== 'do') return;
    const { request, command } = order;
    const error = toWireError(new MayflyError('image_corrupt', { reason: 'test' }));
    const isRefused = this.#refuses(command.kind, text);
    setImmediate(() => this.say(isRefused ? { kind: 'failed', request, error } : { kind: 'done', request }));
  }

  kill(): void {
    this.#exit.resolve({ code: null, signal: 'SIGKILL' });
  }

  /** Whose own it is; undefined when it is shared. */
  get project(): string | undefined {
    return isOwnNote(this.note) ? this.note.own.project : undefined;
  }
}

const digestOf = (project: string): Digest => `sha256:${project.padEnd(64, '0')}` as Digest;

/** The function of a project, with a secret that has its name in it. */
function functionOf(project: string, env: string = `secret of ${project}`): DeployedFunction {
  const version: DeployedVersion = {
    project: projectId(project),
    name: functionName('f'),
    image: digestOf(project),
    env: { KEY: env },
    limits: defaultLimits,
  };
  const { name } = version;
  return { project: version.project, name, routes: [], versions: [{ ...version, percent: 100 }] };
}

const counts = (given: Readonly<Record<string, number>>): ReadonlyMap<DeployedFunction['project'], number> =>
  new Map(Object.entries(given).map(([project, count]) => [projectId(project), count]));

interface Under {
  readonly node: ProjectWorkers;
  readonly workers: FakeWorker[];
  readonly ownFolder: string;
  readonly closed: string[];
  /** Batches of lines, by whose they are. */
  readonly lines: unknown[];
  refuses: (command: string, text: string) => boolean;
  /** Another supervisor's, over the same processes. */
  readonly successor: (code: 'current' | 'old') => Under;
  readonly living: (project: string | undefined) => FakeWorker[];
  /** Those of them that have a socket. */
  readonly serving: (project: string | undefined) => FakeWorker[];
}

function make(t: TestContext, from?: { readonly folder: string; readonly workers: FakeWorker[] }): Under {
  const folder = from?.folder ?? temporaryFolder(t);
  const workers = from?.workers ?? [];
  const imagesFolder = path.join(folder, 'images');
  const ownFolder = path.join(folder, 'own');
  mkdirSync(imagesFolder, { recursive: true });
  for (const project of ['shop', 'bank']) writeFileSync(path.join(imagesFolder, imageName(project)), project);
  const ended = new Set<FakeWorker>();
  for (const worker of workers) void worker.exited.then(() => ended.add(worker));
  const settings = {
    code: 'this',
    address: { host: '127.0.0.1', port: 1 },
    imagesFolder,
    serverTiming: ServerTiming.hidden,
    logStyle: LogStyle.json,
  };
  const closed: string[] = [];
  const lines: unknown[] = [];
  const node = new ProjectWorkers(1, settings, {
    spawn: (spec, note) => {
      const worker = new FakeWorker(workers.length + 1, spec, note, (command, text) => under.refuses(command, text));
      workers.push(worker);
      void worker.exited.then(() => ended.add(worker));
      return worker;
    },
    log,
    onLines: (batch, project) => lines.push([batch, project]),
    onUsed: () => {},
    preview: async (host) => {
      const [version] = functionOf(host).versions;
      if (version === undefined) throw new MayflyError('no_route', {});
      return version;
    },
    firstNumber: from === undefined ? 1 : 1_000_000,
    onCodeChanged: () => {},
    closeSocket: (socket) => closed.push(socket),
    ownFolder,
  });
  const under: Under = {
    node,
    workers,
    ownFolder,
    closed,
    lines,
    refuses: () => false,
    successor: (code) => {
      // This one is dead by then.
      node.stop();
      const adopted = workers.filter((worker) => !ended.has(worker)).map((link) => ({ link, note: link.note }));
      const next = make(t, { folder, workers });
      next.node.adopt(adopted, code);
      return next;
    },
    living: (project) => workers.filter((worker) => !ended.has(worker) && worker.project === project),
    serving: (project) => under.living(project).filter(({ socket }) => socket !== undefined),
  };
  return under;
}

const imageName = (project: string): string => `${digestOf(project).slice('sha256:'.length)}.image`;

test('ProjectWorkers.publish tells own workers nothing of other projects, and others nothing of theirs', async (t) => {
  const { node, living, ownFolder } = make(t);
  await node.publish([functionOf('bank')], counts({ shop: 2 }));
  const cool = await node.warm(functionOf('shop').versions);
  await node.publish([functionOf('shop'), functionOf('bank')], counts({ shop: 2 }));
  cool();
  await until(() => living('shop').length === 3 && living(undefined).length === 2, 'those that stand by');
  await until(() => living('shop').every(({ told }) => told.includes('"switch"')), 'the last one to be ready');
  const [own, shared] = [living('shop'), living(undefined)];
  assert.equal(own.filter(({ socket }) => socket !== undefined).length, 2);
  for (const { told, socket, spec } of own) {
    assert.match(told, /secret of shop/);
    assert.doesNotMatch(told, /bank/);
    if (socket !== undefined) assert.equal(path.dirname(path.dirname(String(socket))), ownFolder);
    assert.equal(spec.ends, 'last');
    // All that it can read of the node's data.
    const readable = spec.execArgv.find((flag) => flag.startsWith(`--allow-fs-read=${ownFolder}`)) ?? '';
    assert.deepEqual(readdirSync(readable.slice('--allow-fs-read='.length)), [imageName('shop')]);
    assert.ok(!spec.execArgv.includes(`--allow-fs-read=${path.join(path.dirname(ownFolder), 'images')}`));
  }
  for (const { told } of shared) {
    assert.match(told, /secret of bank/);
    assert.doesNotMatch(told, /secret of shop/);
    assert.doesNotMatch(told, new RegExp(digestOf('shop')));
  }
});

test('ProjectWorkers.publish leaves own workers alone that serve what they are to serve', async (t) => {
  const { node, living } = make(t);
  await node.publish([functionOf('shop'), functionOf('bank')], counts({ shop: 1 }));
  const before = living('shop')[0]?.told;
  await node.publish([functionOf('shop'), functionOf('bank', 'changed')], counts({ shop: 1 }));
  assert.equal(living('shop')[0]?.told, before);
});

test('ProjectWorkers.publish has own workers replaced by as many as are wanted now, and leave after that', async (t) => {
  const { node, living, serving, ownFolder, closed } = make(t);
  const functions = [functionOf('shop'), functionOf('bank')];
  for (const count of [1, 3, 2, 0]) {
    await node.publish(functions, counts({ shop: count }));
    await until(() => serving('shop').length === count, `${count} workers`);
    await until(() => readdirSync(ownFolder).length === (count === 0 ? 0 : 1), 'their folder alone');
  }
  assert.equal(closed.length, 6);
  assert.match(living(undefined)[0]?.told ?? '', /secret of shop/);
});

test('ProjectWorkers.publish changes nothing when own workers cannot serve what is new', async (t) => {
  const under = make(t);
  const { node, serving } = under;
  await node.publish([functionOf('shop')], counts({ shop: 1 }));
  under.refuses = (command, text) => command === 'load' && text.includes('bad');
  const bad = [functionOf('shop', 'bad')];
  for (const given of [counts({ shop: 1 }), counts({ shop: 2 })])
    await assert.rejects(node.publish(bad, given), (error) => isMayflyError(error, 'image_corrupt'));
  await until(() => serving('shop').length === 1, 'the workers that were new to leave');
  // Nor when it is the shared workers that cannot.
  const both = [functionOf('shop', 'good'), functionOf('bank', 'bad')];
  await assert.rejects(node.publish(both, counts({ shop: 1 })));
  const loads =
    serving('shop')[0]
      ?.told.split('\n')
      .filter((line) => line.includes('"load"')) ?? [];
  assert.match(loads.at(-1) ?? '', /secret of shop/);
});

test('ProjectWorkers.publish serves others also when a project’s own workers cannot be had', async (t) => {
  const under = make(t);
  under.refuses = (command, text) => command === 'load' && text.includes('secret of shop');
  await under.node.publish([functionOf('shop'), functionOf('bank')], counts({ shop: 1 }));
  await under.node.publish([functionOf('shop'), functionOf('bank', 'changed')], counts({ shop: 1 }));
  assert.match(under.living(undefined)[0]?.told ?? '', /changed/);
});

test('an own worker that ended is replaced, at its own socket', async (t) => {
  const { node, serving } = make(t);
  await node.publish([functionOf('shop')], counts({ shop: 1 }));
  const [first] = serving('shop');
  first?.kill();
  await until(() => serving('shop')[0]?.socket === first?.socket && serving('shop')[0] !== first, 'another one');
});

test('a supervisor takes over own workers, or after a change of the code has them replaced once others serve', async (t) => {
  const before = make(t);
  const functions = [functionOf('shop'), functionOf('bank')];
  await before.node.publish(functions, counts({ shop: 2 }));
  const own = before.serving('shop');

  const next = before.successor('current');
  await next.node.sweep();
  await next.node.publish(functions, counts({ shop: 2 }));
  assert.deepEqual(before.serving('shop'), own);

  const last = next.successor('old');
  await last.node.publish(functions, counts({ shop: 2 }));
  await until(() => own.every(({ isLeaving }) => isLeaving), 'the old ones to leave');
  await until(() => last.serving('shop').length === 2, 'new ones');
  await until(() => readdirSync(last.ownFolder).length === 1, 'their folder alone');
});

test('ProjectWorkers.sweep removes what an earlier run of the node has left', async (t) => {
  const { node, ownFolder } = make(t);
  mkdirSync(path.join(ownFolder, 'left'), { recursive: true });
  await node.sweep();
  assert.ok(!existsSync(path.join(ownFolder, 'left')));
});

test('an own worker learns of no other project’s versions, and writes into no other’s logs', async (t) => {
  const { node, living, lines } = make(t);
  await node.publish([functionOf('shop'), functionOf('bank')], counts({ shop: 1 }));
  const [own] = living('shop');
  const [shared] = living(undefined);
  for (const worker of [own, shared]) for (const host of ['shop', 'bank']) worker?.say({ kind: 'preview', host });
  const answers = (worker: FakeWorker | undefined): string[] =>
    (worker?.told ?? '').split('\n').filter((line) => line.includes('"preview"') && line.includes('"found"'));
  await until(() => answers(own).length === 2 && answers(shared).length === 2, 'the answers');
  assert.match(answers(own).find((line) => line.includes('"host":"shop"')) ?? '', /secret of shop/);
  assert.match(answers(own).find((line) => line.includes('"host":"bank"')) ?? '', /no_route/);
  assert.match(answers(shared).find((line) => line.includes('"host":"shop"')) ?? '', /"sockets"/);
  assert.doesNotMatch(answers(shared).join(), /secret of shop/);
  own?.say({ kind: 'lines', batch: 'x' });
  shared?.say({ kind: 'lines', batch: 'y' });
  assert.deepEqual(lines, [
    ['x', 'shop'],
    ['y', undefined],
  ]);
});

test('ProjectWorkers.publish says so when the data directory is too deep for sockets', async (t) => {
  const { node } = make(t, { folder: path.join(temporaryFolder(t), 'deep'.repeat(30)), workers: [] });
  await assert.rejects(node.publish([functionOf('shop')], counts({ shop: 1 })), (error) =>
    isMayflyError(error, 'data_dir_unusable'),
  );
});
