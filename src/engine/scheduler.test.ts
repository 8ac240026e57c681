import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../base/mod.ts';
import type { Turns } from './fair-queue.ts';
import { Scheduler } from './scheduler.ts';

test('a turn: newcomers go first, what they have answered goes out, then those that go on have a slice together', async () => {
  const scheduler = new Scheduler(systemClock, { sliceMs: 50, tickMs: 0.5 });
  const events: string[] = [];
  const owner: Turns = { usedMs: 0, waiting: 0 };
  const done = Promise.withResolvers<void>();
  scheduler.beforeTurns = () => void events.push('flush');
  const goesOn = (name: string, ms: number): void => {
    const takeTurn = (): void => {
      events.push(name);
      // As a guest that is resumed: it runs in a microtask.
      queueMicrotask(() => busyFor(ms));
      if (name === 'third') done.resolve();
    };
    scheduler.queueTurn({ owner, takeTurn }, 'yielded');
  };
  goesOn('first', 0);
  goesOn('second, a whole slice', 60);
  goesOn('third', 0);
  scheduler.queueTurn({ owner, takeTurn: () => void events.push('new') }, 'fresh');
  await done.promise;
  const firstTurn = ['flush', 'new', 'flush', 'first', 'second, a whole slice'];
  assert.deepEqual(events, [...firstTurn, 'flush', 'flush', 'third']);
  await scheduler.close();
});

test('a turn: newcomers get as long as the event loop took for its other work, and no longer', async () => {
  const scheduler = new Scheduler(systemClock, { sliceMs: 1, tickMs: 0.5 });
  const owner: Turns = { usedMs: 0, waiting: 0 };
  let served = 0;
  const takeTurn = (): void => {
    served += 1;
    scheduler.spend(owner, 1);
  };
  for (let i = 0; i < 100; i++) scheduler.queueTurn({ owner, takeTurn }, 'fresh');
  busyFor(5);
  const inFirst = await new Promise<number>((resolve) => setImmediate(() => resolve(served)));
  assert.ok(inFirst >= 5 && inFirst <= 10, `${inFirst} newcomers of 1 ms each, beside 5 ms and more of other work`);
  await scheduler.close();
});

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
