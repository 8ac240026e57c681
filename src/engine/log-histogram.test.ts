import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LogHistogram } from './log-histogram.ts';

test('LogHistogram puts every time in a bucket that ends above it, by a quarter at most', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 100_000, noNaN: true }), (ms) => {
      const histogram = new LogHistogram();
      histogram.add(ms);
      const [bucket] = [...histogram.buckets()];
      assert.ok(bucket !== undefined && bucket.count === 1);
      assert.ok(bucket.upToMs >= ms && bucket.upToMs <= ms * 1.26 + 1 / 16_000, `${ms} ms is in ${bucket.upToMs}`);
    }),
  );
});

test('LogHistogram tells buckets from short to long, and every time is in one', () => {
  const histogram = new LogHistogram();
  const times = Array.from({ length: 2000 }, (_, at) => 1.01 ** at / 1e6);
  for (const ms of times) histogram.add(ms);
  const buckets = [...histogram.buckets()];
  assert.deepEqual(
    buckets.map(({ upToMs }) => upToMs),
    buckets.map(({ upToMs }) => upToMs).toSorted((a, b) => a - b),
  );
  assert.equal(
    buckets.reduce((sum, { count }) => sum + count, 0),
    times.length,
  );
  assert.equal(histogram.count, times.length);
});

test('LogHistogram tells quantiles within the width of a bucket', () => {
  const histogram = new LogHistogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  for (const share of [0.5, 0.9, 0.99, 1]) {
    const told = histogram.quantileMs(share);
    assert.ok(told >= share * 1000 && told <= share * 1000 * 1.26, `${share} is told as ${told} ms`);
  }
  assert.equal(histogram.sumMs, 500_500);
});

test('LogHistogram takes what no clock should say', () => {
  const histogram = new LogHistogram();
  for (const ms of [-1, 0, 1e12, Infinity, Number.NaN]) histogram.add(ms);
  assert.equal(histogram.count, 5);
  assert.equal(
    [...histogram.buckets()].reduce((sum, { count }) => sum + count, 0),
    5,
  );
});

test('LogHistogram of nothing says 0', () => {
  assert.equal(new LogHistogram().quantileMs(0.99), 0);
  assert.deepEqual([...new LogHistogram().buckets()], []);
});
