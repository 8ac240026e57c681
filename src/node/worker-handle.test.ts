import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { isMayflyError, MayflyError, toWireError } from '../base/mod.ts';
import type { ChildLink } from './guardian-link.ts';
import type { Exit } from './guardian-protocol.ts';
import { workerCommandDeadlineMs, workerLoadDeadlineMs } from './limits.ts';
import { WorkerGone, WorkerHandle } from './worker-handle.ts';

interface Started {
  readonly handle: WorkerHandle;
  readonly sent: readonly object[];
  readonly events: readonly string[];
  /** The worker says this. */
  readonly say: (message: unknown) => void;
  readonly end: () => void;
}

function start(): Started {
  const sent: object[] = [];
  const events: string[] = [];
  const exit = Promise.withResolvers<Exit>();
  let say: (message: unknown) => void = () => {};
  const link: ChildLink = {
    pid: 1,
    exited: exit.promise,
    onMessage: (listener) => (say = listener),
    send: (message) => void sent.push(message),
    kill: () => void events.push('killed'),
  };
  const handle = new WorkerHandle(link, 100, {
    leaving: () => events.push('leaving'),
    preview: () => {},
    ended: () => events.push('ended'),
    lines: (batch) => events.push(`lines ${JSON.stringify(batch)}`),
    used: (functions) => events.push(`used ${JSON.stringify(functions)}`),
  });
  const end = (): void => exit.resolve({ code: null, signal: 'SIGKILL' });
  return { handle, sent, events, say: (message) => say(message), end };
}

const snapshot = { generation: 1, functions: [] };
const isGone = (error: unknown): boolean => error instanceof WorkerGone;

describe('WorkerHandle', () => {
  test('asks, and gives the answer to what was asked', async () => {
    const { handle, sent, say } = start();
    const loaded = handle.load(snapshot);
    const switched = handle.switchTo(1);
    assert.deepEqual(
      sent.map((message) => 'request' in message && message.request),
      [100, 101],
    );
    say({ kind: 'done', request: 101 });
    await switched;
    const error = toWireError(new MayflyError('image_corrupt', { reason: 'test' }));
    say({ kind: 'failed', request: 100, error });
    await assert.rejects(loaded, (failure) => isMayflyError(failure, 'image_corrupt'));
  });

  test('fails what was asked of a worker that ends, and all that is asked later', async () => {
    const { handle, events, end } = start();
    const loaded = handle.load(snapshot);
    end();
    await assert.rejects(loaded, isGone);
    await assert.rejects(handle.switchTo(1), isGone);
    assert.deepEqual(events, ['ended']);
    assert.ok(handle.isGone);
  });

  test('fails what was asked of a worker that leaves, and tells once', async () => {
    const { handle, events, say } = start();
    const loaded = handle.load(snapshot);
    say({ kind: 'leaving' });
    say({ kind: 'leaving' });
    await assert.rejects(loaded, isGone);
    assert.deepEqual(events, ['leaving']);
    assert.ok(handle.isLeaving);
  });

  test('times each command from when the worker can be at it, and kills one that takes too long', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { handle, events, say } = start();
    const loaded = handle.load(snapshot);
    const switched = handle.switchTo(1);
    t.mock.timers.tick(workerLoadDeadlineMs - 1);
    say({ kind: 'done', request: 100 });
    await loaded;
    t.mock.timers.tick(workerCommandDeadlineMs - 1);
    assert.deepEqual(events, []);
    t.mock.timers.tick(1);
    await assert.rejects(switched, isGone);
    assert.deepEqual(events, ['killed']);
  });

  test('does not hear what no worker says', async () => {
    const { handle, events, say } = start();
    const loaded = handle.load(snapshot);
    const odd: readonly unknown[] = [
      undefined,
      null,
      7,
      'done',
      [],
      {},
      { kind: 'done' },
      { kind: 'done', request: '100' },
      { kind: 'done', request: 99 },
      { kind: 'failed', request: 100 },
      { kind: 'toString', request: 100 },
      { kind: 'ready', request: 100 },
    ];
    for (const message of odd) say(message);
    assert.deepEqual(events, []);
    // An error that is none is Mayfly's own.
    say({ kind: 'failed', request: 100, error: { code: 'toString', params: null } });
    await assert.rejects(loaded, (error) => isMayflyError(error, 'internal'));
  });

  test('takes parameters that are not those of a code for no error of that code', async () => {
    const { handle, say } = start();
    const loaded = handle.load(snapshot);
    say({ kind: 'failed', request: 100, error: { code: 'bad_manifest', params: {} } });
    await assert.rejects(loaded, (error) => isMayflyError(error, 'internal'));
  });
});

test('WorkerHandle passes on what functions have logged, and asks for more', () => {
  const { sent, events, say } = start();
  say({ kind: 'lines', batch: { lines: [], dropped: [] } });
  say({ kind: 'lines' });
  assert.deepEqual(events, ['lines {"lines":[],"dropped":[]}', 'lines undefined']);
  assert.deepEqual(sent, [{ kind: 'linesTaken' }, { kind: 'linesTaken' }]);
});
