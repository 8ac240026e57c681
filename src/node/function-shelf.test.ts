import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, functionName, MayflyError, projectId } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import { CallMeasures, type LoadedFunction } from '../engine/mod.ts';
import { fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { emptyInput } from '../wasi/mod.ts';
import { FunctionShelf, type Opened, type ShelfOptions, type ShelvedFunction } from './function-shelf.ts';
import { loadRetryFirstMs, loadWaitersMax } from './limits.ts';
import type { DeployedVersion } from './protocol.ts';

function deployed(name: string, wallMs = 60_000): DeployedVersion {
  const image: Digest = `sha256:${name}` as Digest;
  const limits = { ...defaultLimits, wallMs };
  return { project: projectId('default'), name: functionName(name), image, env: {}, limits };
}

/** A shelf whose loads end when the test says so. */
class ShelfUnderTest {
  readonly pending = new Map<string, PromiseWithResolvers<Opened>>();
  readonly loads: string[] = [];
  readonly closed: string[] = [];
  readonly failures: unknown[] = [];
  readonly total = new CallMeasures();
  nowMs = 0;
  readonly shelf: FunctionShelf;

  constructor(options: Partial<ShelfOptions> = {}) {
    this.shelf = new FunctionShelf({
      load: ({ name }) => {
        this.loads.push(name);
        const pending = Promise.withResolvers<Opened>();
        this.pending.set(name, pending);
        return pending.promise;
      },
      measuresOf: () => this.total,
      failed: (_deployed, error) => this.failures.push(error),
      nowMs: () => this.nowMs,
      loadsMax: 2,
      loadedMax: 100,
      loadedBytesMax: 1e9,
      ...options,
    });
  }

  /** The load of `name` is done. */
  async done(name: string, imageBytes = 1): Promise<void> {
    const loaded: LoadedFunction = {
      ...fakeFunction(({ sink, request }) => {
        sink.head(200, [], fakeTiming);
        sink.write(Buffer.from(`${name} ${request.path}`));
        sink.end(fakeTiming);
      }, name),
      close: () => Promise.resolve(void this.closed.push(name)),
    };
    this.pending.get(name)?.resolve({ loaded, imageBytes });
    await turns();
  }

  async fails(name: string, error: unknown): Promise<void> {
    this.pending.get(name)?.reject(error);
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One call. `said` is the body or the error's code, once there is one. */
function call(placed: LoadedFunction, path = '/'): { said: string; readonly abort: () => void } {
  const answer = { said: '', abort: (): void => undefined };
  const started = placed.call(
    {
      method: 'GET',
      path,
      query: '',
      mountPath: '',
      headers: [],
      httpVersion: '1.1',
      serverName: '',
      serverPort: 0,
      remoteAddress: '',
      remotePort: 0,
      body: emptyInput,
      bodyBytes: 0,
    },
    {
      head: () => undefined,
      write: (chunk) => {
        answer.said += Buffer.from(chunk).toString();
        return chunk.byteLength;
      },
      onReady: (wake) => wake(),
      end: () => undefined,
      fail: (error) => (answer.said = error.code),
    },
  );
  return Object.assign(answer, { abort: () => started.abort() });
}

test('FunctionShelf loads a function for its first request, and all that come meanwhile share the load', async () => {
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello'));
  const answers = ['/1', '/2', '/3'].map((path) => call(hello, path));
  assert.deepEqual(under.loads, ['hello']);
  await under.done('hello');
  answers.push(call(hello, '/4'));
  assert.deepEqual(
    answers.map(({ said }) => said),
    ['hello /1', 'hello /2', 'hello /3', 'hello /4'],
  );
  assert.deepEqual(under.loads, ['hello']);
});

test('FunctionShelf tells everybody who waits when a load fails, and tries again later, not at once', async () => {
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello'));
  const [first, second] = [call(hello), call(hello)];
  await under.fails('hello', new MayflyError('image_corrupt', { reason: 'x' }));
  const early = call(hello);
  assert.deepEqual([first.said, second.said, early.said], ['image_corrupt', 'image_corrupt', 'image_corrupt']);
  assert.equal(under.loads.length, 1);
  assert.equal(under.total.outcomes().get('image_corrupt'), 3);

  under.nowMs += loadRetryFirstMs;
  const later = call(hello);
  assert.equal(under.loads.length, 2);
  await under.fails('hello', new Error('still'));
  assert.equal(later.said, 'internal');
  under.nowMs += loadRetryFirstMs;
  call(hello);
  assert.equal(under.loads.length, 2, 'the second time it waits for longer');
  under.nowMs += loadRetryFirstMs;
  const last = call(hello);
  await under.done('hello');
  assert.equal(last.said, 'hello /');
});

test('FunctionShelf loads what is asked for before what nobody waits for, and that one at a time', async () => {
  const under = new ShelfUnderTest();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => under.shelf.place(deployed(name)));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  under.shelf.warmBehind([a, b, c]);
  assert.deepEqual(under.loads, ['a']);
  const answer = call(c);
  assert.deepEqual(under.loads, ['a', 'c']);
  await under.done('c');
  assert.equal(answer.said, 'c /');
  await under.done('a');
  assert.deepEqual(under.loads, ['a', 'c', 'b']);
});

test('FunctionShelf loads no more at once than it may', async () => {
  const under = new ShelfUnderTest();
  for (const name of ['a', 'b', 'c', 'd']) call(under.shelf.place(deployed(name)));
  assert.deepEqual(under.loads, ['a', 'b']);
  await under.done('a');
  assert.deepEqual(under.loads, ['a', 'b', 'c']);
});

test('FunctionShelf puts out what was used least recently, and a request brings it back', async () => {
  const under = new ShelfUnderTest({ loadedMax: 2 });
  const placed = new Map<string, ShelvedFunction>();
  for (const name of ['a', 'b', 'c']) {
    const one = under.shelf.place(deployed(name));
    placed.set(name, one);
    call(one);
    await under.done(name);
    // `a` is used all the time.
    const a = placed.get('a');
    if (a !== undefined) call(a);
  }
  assert.deepEqual(under.closed, ['b']);
  const b = placed.get('b');
  assert.ok(b !== undefined);
  const again = call(b, '/again');
  await under.done('b');
  assert.equal(again.said, 'b /again');
  assert.deepEqual(under.closed, ['b', 'c']);
});

test('FunctionShelf counts the bytes of images, and keeps one that is larger than all it may have', async () => {
  const under = new ShelfUnderTest({ loadedBytesMax: 10 });
  const [small, large] = [under.shelf.place(deployed('small')), under.shelf.place(deployed('large'))];
  call(small);
  await under.done('small', 4);
  const answer = call(large);
  await under.done('large', 40);
  assert.equal(answer.said, 'large /');
  assert.deepEqual(under.closed, ['small']);
});

test('FunctionShelf warms no more than it has room for: that would only put out another', async () => {
  const under = new ShelfUnderTest({ loadedMax: 1 });
  const [a, b] = [under.shelf.place(deployed('a')), under.shelf.place(deployed('b'))];
  under.shelf.warmBehind([a, b]);
  await under.done('a');
  assert.deepEqual(under.loads, ['a']);
  assert.deepEqual(under.closed, []);
});

test('FunctionShelf lets a caller leave that waits, and ends one whose time is up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello', 500));
  const [gone, late] = [call(hello), call(hello)];
  gone.abort();
  assert.equal(gone.said, 'client_gone');
  under.nowMs += 500;
  t.mock.timers.tick(500);
  assert.equal(late.said, 'wall_limit');
  await under.done('hello');
  assert.deepEqual([gone.said, late.said], ['client_gone', 'wall_limit']);
  assert.equal(under.total.outcomes().get('wall_limit'), 1);
});

test('FunctionShelf refuses at once what would wait in too long a line', () => {
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello'));
  const waiting = Array.from({ length: loadWaitersMax }, () => call(hello));
  assert.equal(call(hello).said, 'overloaded');
  for (const { abort } of waiting) abort();
});

test('FunctionShelf closes a function that is removed while it is loaded, and refuses who waits', async () => {
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello'));
  const waiting = call(hello);
  await under.shelf.remove(hello);
  assert.equal(waiting.said, 'overloaded');
  await under.done('hello');
  assert.deepEqual(under.closed, ['hello']);
  assert.equal(call(hello).said, 'overloaded');
  assert.equal(under.loads.length, 1);
});

test('FunctionShelf.ready loads what is not there, also when it has just failed, and says why it cannot', async () => {
  const under = new ShelfUnderTest();
  const hello = under.shelf.place(deployed('hello'));
  call(hello);
  await under.fails('hello', new MayflyError('image_corrupt', { reason: 'x' }));
  const refused = assert.rejects(under.shelf.ready(hello), { code: 'image_corrupt' });
  await under.fails('hello', new MayflyError('image_corrupt', { reason: 'x' }));
  await refused;
  const ready = under.shelf.ready(hello);
  await under.done('hello');
  await ready;
  await under.shelf.ready(hello);
  assert.equal(under.loads.length, 3);
});

test('FunctionShelf tells of a load behind that failed, as nobody else is told', async () => {
  const under = new ShelfUnderTest();
  const a = under.shelf.place(deployed('a'));
  under.shelf.warmBehind([a]);
  const problem = new MayflyError('image_corrupt', { reason: 'x' });
  await under.fails('a', problem);
  assert.deepEqual(under.failures, [problem]);
});

test('FunctionShelf.takeUsed tells what was called since it was asked before, the last one at the end', () => {
  const { shelf } = new ShelfUnderTest();
  const [one, two, three] = ['one', 'two', 'three'].map((name) => shelf.place(deployed(name)));
  const used = (): string =>
    shelf
      .takeUsed()
      .map(({ name }) => name)
      .join(' ');
  for (const placed of [two, one, two]) if (placed !== undefined) call(placed);
  assert.equal(used(), 'one two');
  if (three !== undefined) call(three);
  assert.equal(used(), 'three');
  assert.equal(used(), '');
});
