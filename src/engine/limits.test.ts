import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import wabt from 'wabt';
import { kib, mib, projectId } from '../base/mod.ts';
import { answer, guestBytes, loadGuest, silentInput, specOf } from './engine-under-test.ts';
import { createEngine } from './engine.ts';
import { send } from './send.ts';
import type { Engine, LoadedFunction } from './types.ts';

describe('limits', () => {
  let engine: Engine;
  before(() => {
    engine = createEngine();
  });
  after(() => engine.close());

  const hogs = {
    hog: [
      'empty',
      'br_if',
      'br_table',
      'inside',
      'nested',
      'recursion',
      'indirect',
      'store',
      'grow',
      'clock',
      'yield',
      'random',
      'head&empty',
    ],
    'hog-bulk': ['fill', 'copy'],
    'hog-tail-call': [''],
    catcher: ['l'],
  } as const;
  for (const [guest, shapes] of Object.entries(hogs)) {
    for (const shape of shapes) {
      it(`${guest} ${shape}: an endless loop ends with cpu_limit`, async () => {
        const hog = await loadGuest(engine, guest, { cpuMs: 20, memoryBytes: 32 * mib });
        assert.equal(await answer(hog, `/?${shape}`), 'cpu_limit');
      });
    }
  }

  it('another function answers while hogs run, and each hog ends', async () => {
    const hog = await loadGuest(engine, 'hog', { cpuMs: 100 });
    const env = await loadGuest(engine, 'env');
    const ends = Promise.all([0, 1, 2, 3].map(() => answer(hog, '/?empty')));
    const order: string[] = [];
    void ends.then(() => order.push('hogs'));
    for (let i = 0; i < 10; i++) {
      assert.match(await answer(env, '/'), /REQUEST_METHOD=GET/);
      await new Promise((resolve) => setImmediate(resolve));
    }
    order.push('answers');
    assert.deepEqual(await ends, ['cpu_limit', 'cpu_limit', 'cpu_limit', 'cpu_limit']);
    assert.deepEqual(order, ['answers', 'hogs']);
  });

  it('memoryBytes: growth past it answers -1, a trap or an exit after that is memory_limit', async () => {
    const grower = await loadGuest(engine, 'grower', { memoryBytes: 4 * mib, cpuMs: 1000 });
    const told = /before=(\d+) grown=(\d+) after=(\d+)/.exec(await answer(grower, '/'));
    assert.equal(Number(told?.[3]) * 64 * kib <= 4 * mib, true, 'no more than it may have');
    assert.equal(Number(told?.[3]) * 64 * kib > 3 * mib, true, 'all that it may have');
    for (const end of ['abort', 'exit', 'trap'])
      assert.equal(await answer(grower, `/?then=${end}`), 'memory_limit', end);
    assert.match(await answer(grower, '/?step=1&max=1'), /before=\d+ grown=1 /, 'every request starts anew');
  });

  it('wallMs: ends a guest that sleeps, and one that waits for a body that does not come', async () => {
    const sleeper = await loadGuest(engine, 'sleeper', { wallMs: 1500 });
    assert.equal(await answer(sleeper, '/?ms=60000'), 'wall_limit');
    assert.match(await answer(sleeper, '/?ms=5'), /waited_us=\d/, 'the slot goes on');
    const stdin = await loadGuest(engine, 'stdin', { wallMs: 60 });
    const code = await new Promise<string>((resolve) => {
      stdin.call(
        { ...requestTo('/'), method: 'POST', body: silentInput, bodyBytes: undefined },
        {
          head: () => {},
          write: (chunk) => chunk.byteLength,
          onReady: () => {},
          end: () => resolve('end'),
          fail: (error) => resolve(error.code),
        },
      );
    });
    assert.equal(code, 'wall_limit');
  });

  it('a stack overflow cannot be caught: a guest at the end of its stack could not be interrupted', async () => {
    // At the depth where a call does not fit any more, neither does the call that asks whether to go on.
    const tools = await wabt();
    const text = `(module (memory 1)
      (func $deeper (try (do (call $deeper)) (catch_all (loop $again (try (do (loop $spin (br $spin))) (catch_all)) (br $again)))))
      (func (export "_start") (call $deeper)))`;
    const module = tools.parseWat('overflow.wat', text, { exceptions: true });
    const overflow = await engine.load(await specOf(module.toBinary({}).buffer, { cpuMs: 20 }));
    assert.equal(await answer(overflow, '/'), 'guest_trap');
  });

  it('abort: ends a guest that waits, at once', async () => {
    const sleeper = await loadGuest(engine, 'sleeper', {});
    const leaving = new AbortController();
    const ended = send(sleeper, { url: '/?ms=20000', signal: leaving.signal });
    setTimeout(() => leaving.abort(), 20);
    await assert.rejects(ended, { code: 'client_gone' });
    assert.match(await answer(sleeper, '/?ms=1'), /waited_us=\d/);
  });

  it('a full queue refuses as overloaded, and what waits is served', async () => {
    const narrow = createEngine({ slotsPerFunctionMax: 1, queueMax: 2, sliceMs: 1000 });
    const sleeper = await loadGuest(narrow, 'sleeper');
    const first = answer(sleeper, '/?ms=500');
    // By then it has its slot, however busy the thread was with loading.
    await new Promise((resolve) => setTimeout(resolve, 10));
    const answers = await Promise.all([first, ...[1, 2, 3].map(() => answer(sleeper, '/?ms=1'))]);
    assert.equal(answers.filter((text) => text.startsWith('waited_us')).length, 3);
    assert.deepEqual(
      answers.filter((text) => !text.startsWith('waited_us')),
      ['overloaded'],
    );
    await narrow.close();
  });

  for (const [kind, guest, url, wanted] of [
    ['busy with guests refuses what comes when waiting takes too long', 'hog', '/?empty', 'overloaded'],
    ['whose guests sleep lets calls wait as long as it takes', 'sleeper', '/?ms=20', 'waited_us'],
  ] as const) {
    it(`a thread ${kind}`, async () => {
      const impatient = createEngine({ slotsPerFunctionMax: 1, queueLeast: 1, queueWaitMsMax: 0 });
      const loaded = await loadGuest(impatient, guest, { cpuMs: 120 });
      const [first, ...others] = [1, 2, 3].map(() => answer(loaded, url));
      await first;
      // The second gets its slot, for which it has waited, in the next turn; the third still waits.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const late = await answer(loaded, url);
      assert.equal(late.startsWith(wanted), true, late);
      await Promise.all(others);
      await impatient.close();
    });
  }

  it('a caller that leaves while it waits for a slot is told, and its place goes to the next', async () => {
    const narrow = createEngine({ slotsPerFunctionMax: 1 });
    const sleeper = await loadGuest(narrow, 'sleeper');
    const first = answer(sleeper, '/?ms=20');
    const leaving = new AbortController();
    const second = send(sleeper, { url: '/?ms=1', signal: leaving.signal });
    const third = answer(sleeper, '/?ms=1');
    leaving.abort();
    await assert.rejects(second, { code: 'client_gone' });
    assert.match(await first, /waited_us/);
    assert.match(await third, /waited_us/);
    await narrow.close();
  });

  it('growth past what a project has room for answers -1, and a trap after that is overloaded', async () => {
    const tight = createEngine({ slotBytesMax: 4 * mib });
    const grower = await loadGuest(tight, 'grower', { memoryBytes: 16 * mib, cpuMs: 10_000 });
    const told = Number(/grown=(\d+) /.exec(await answer(grower, '/'))?.[1]);
    assert.ok(told > 30 && told < 52, `${told} pages`);
    assert.equal(await answer(grower, '/?then=trap'), 'overloaded');
    assert.equal(await answer(grower, '/?step=1&max=1&then=trap'), 'guest_trap', 'it was not refused anything');
    await tight.close();
  });

  it('a call that waits for a slot past its deadline ends with wall_limit', async () => {
    const narrow = createEngine({ slotsPerFunctionMax: 1 });
    const sleeper = await loadGuest(narrow, 'sleeper', { wallMs: 1500 });
    const first = answer(sleeper, '/?ms=1000');
    assert.equal(await answer(sleeper, '/?ms=1000'), 'wall_limit');
    assert.match(await first, /waited_us/);
    await narrow.close();
  });

  it('close: waits for calls under way, and refuses new ones', async () => {
    const short = createEngine();
    const sleeper = await loadGuest(short, 'sleeper');
    const under = answer(sleeper, '/?ms=30');
    const closed = sleeper.close();
    assert.equal(await answer(sleeper, '/'), 'overloaded');
    await closed;
    assert.match(await under, /waited_us/);
    await short.close();
  });

  it('a closed engine loads nothing, nor does one that is closed meanwhile', async () => {
    const closed = createEngine();
    const spec = await specOf(guestBytes('env'));
    const under = assert.rejects(closed.load(spec), { code: 'engine_closed' });
    await closed.close();
    await under;
    await assert.rejects(closed.load(spec), { code: 'engine_closed' });
  });

  it('one project with many functions has no more places and slots than its share: others are served meanwhile', async () => {
    const narrow = createEngine({ slotBytesMax: 12 * mib, waitingMax: 20 });
    const spec = await specOf(guestBytes('sleeper'));
    const greedy = await Promise.all(Array.from({ length: 10 }, () => narrow.load(spec)));
    const other = await narrow.load({ ...spec, project: projectId('other') });
    const answers = greedy.flatMap((each) => Array.from({ length: 20 }, () => answer(each, '/?ms=300')));
    assert.match(await answer(other, '/?ms=1'), /waited_us/);
    const ends = await Promise.all(answers);
    assert.ok(ends.filter((text) => text === 'overloaded').length > 100, 'refused at once');
    assert.ok(ends.filter((text) => text.startsWith('waited_us')).length > 10, 'those that were taken on are served');
    await narrow.close();
  });

  it('load: an image that no project has room for is refused', async () => {
    const tiny = createEngine({ slotBytesMax: 128 * kib });
    await assert.rejects(loadGuest(tiny, 'env'), { code: 'module_too_large' });
    await tiny.close();
    const few = createEngine({ memoriesMax: 2 });
    await assert.rejects(loadGuest(few, 'env'), { code: 'module_too_large' });
    await few.close();
  });

  it('load: a memoryBytes that the image does not fit is refused', async () => {
    const spec = await specOf(guestBytes('env'));
    const small = { ...spec, limits: { ...spec.limits, memoryBytes: 64 * kib } };
    await assert.rejects(engine.load(small), { code: 'bad_limit' });
    await assert.rejects(engine.load({ ...spec, image: spec.image.slice(0, 999) }), { code: 'image_corrupt' });
  });

  function requestTo(path: string): Parameters<LoadedFunction['call']>[0] {
    const server = { httpVersion: '1.1', serverName: 'localhost', serverPort: 80 };
    const remote = { remoteAddress: '127.0.0.1', remotePort: 1 };
    return {
      method: 'GET',
      path,
      query: '',
      mountPath: '',
      headers: [],
      ...server,
      ...remote,
      body: silentInput,
      bodyBytes: 0,
    };
  }
});
