import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../base/mod.ts';
import type { Turns } from './fair-queue.ts';
import { Scheduler } from './scheduler.ts';

test('a turn: newcomers go first, what they have answered goes out, then one that goes on has its slice', async () => {
  const scheduler = new Scheduler(systemClock, { sliceMs: 1, tickMs: 0.5 });
  const events: string[] = [];
  const owner: Turns = { usedMs: 0, waiting: 0 };
  const done = Promise.withResolvers<void>();
  scheduler.beforeTurns = () => void events.push('flush');
  for (const name of ['goes on 1', 'goes on 2']) {
    const takeTurn = (): void => {
      events.push(name);
      if (name === 'goes on 2') done.resolve();
    };
    scheduler.queueTurn({ owner, takeTurn }, 'yielded');
  }
  scheduler.queueTurn({ owner, takeTurn: () => void events.push('new') }, 'fresh');
  await done.promise;
  assert.deepEqual(events, ['flush', 'new', 'flush', 'goes on 1', 'flush', 'flush', 'goes on 2']);
  await scheduler.close();
});
