import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';
import { restartDelayMaxMs, restartHealthyMs } from './limits.ts';

test('Backoff lets the first start again at once, and the others wait longer each time, up to a bound', () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 8 }, () => backoff.ended(1));
  assert.deepEqual(waits, [0, 50, 100, 200, 400, 800, 800, 800]);
  assert.equal(waits.at(-1), restartDelayMaxMs);
});

test('Backoff begins anew with what has lived long', () => {
  const backoff = new Backoff();
  for (let time = 0; time < 5; time++) backoff.ended(1);
  assert.equal(backoff.ended(restartHealthyMs + 1), 0);
  assert.equal(backoff.ended(1), 50);
});

test('Backoff lets as many as it is told start again at once', () => {
  const backoff = new Backoff(3);
  assert.deepEqual(
    Array.from({ length: 5 }, () => backoff.ended(1)),
    [0, 0, 0, 50, 100],
  );
});
