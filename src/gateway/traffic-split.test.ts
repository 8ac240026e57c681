import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Share, TrafficSplit } from './traffic-split.ts';

/** Shares of 100 between up to ten targets, which are their own index. */
const shares: fc.Arbitrary<Share<number>[]> = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 9 })
  .map((cuts) => [...cuts.toSorted((a, b) => a - b), 100])
  .map((ends) => ends.map((end, index) => ({ target: index, percent: end - (ends[index - 1] ?? 0) })));

const counts = (targets: readonly number[]): Map<number, number> => {
  const found = new Map<number, number>();
  for (const target of targets) found.set(target, (found.get(target) ?? 0) + 1);
  return found;
};

test('TrafficSplit.choose gives each its percents of any 100 requests in a row', () => {
  fc.assert(
    fc.property(shares, fc.nat({ max: 250 }), (given, skipped) => {
      const split = new TrafficSplit(given, undefined, 'f');
      for (let count = 0; count < skipped; count++) split.choose([]);
      const found = counts(Array.from({ length: 100 }, () => split.choose([])));
      for (const { target, percent } of given) assert.equal(found.get(target), percent);
    }),
  );
});

test('TrafficSplit.choose spreads a small share instead of giving it in one go', () => {
  const split = new TrafficSplit(
    [
      { target: 'a', percent: 90 },
      { target: 'b', percent: 10 },
    ],
    undefined,
    'f',
  );
  const chosen = Array.from({ length: 100 }, () => split.choose([])).join('');
  for (let start = 0; start < 100; start += 10) assert.match(chosen.slice(start, start + 10), /^a*ba*$/);
});

test('TrafficSplit.choose keeps a client where it is, whatever others do', () => {
  fc.assert(
    fc.property(shares, fc.string(), fc.nat({ max: 20 }), (given, client, others) => {
      const [one, other] = [0, 1].map(() => new TrafficSplit(given, { header: 'X-Client' }, 'f'));
      const headers = ['Host', 'x', 'x-CLIENT', client];
      const first = one?.choose(headers);
      for (let count = 0; count < others; count++) one?.choose([]);
      assert.equal(one?.choose(headers), first);
      assert.equal(other?.choose(headers), first, 'another worker does the same');
    }),
  );
});

test('TrafficSplit.choose moves clients only to a version that gets more', () => {
  const at = (percent: number): TrafficSplit<string> =>
    new TrafficSplit(
      [
        { target: 'old', percent: 100 - percent },
        { target: 'new', percent },
      ],
      { cookie: 'id' },
      'f',
    );
  const splits = [1, 5, 10, 50, 90, 99].map(at);
  for (let client = 0; client < 2000; client++) {
    const path = splits.map((split) => split.choose(['Cookie', `a=b; id=${client}; c=d`])).join(' ');
    assert.match(path, /^(?:old ?)*(?:new ?)*$/);
  }
});

test('TrafficSplit.choose spreads clients as the percents say, and those of each function anew', () => {
  const given = [
    { target: 0, percent: 70 },
    { target: 1, percent: 30 },
  ];
  const clients = Array.from({ length: 20_000 }, (_, index) => ['cookie', `id=user-${index}`]);
  const chosen = ['f', 'g'].map((name) => {
    const split = new TrafficSplit(given, { cookie: 'id' }, name);
    return clients.map((headers) => split.choose(headers));
  });
  for (const one of chosen) {
    const share = (counts(one).get(1) ?? 0) / clients.length;
    assert.ok(Math.abs(share - 0.3) < 0.015, `${share}`);
  }
  const both = clients.filter((_, index) => chosen[0]?.[index] === 1 && chosen[1]?.[index] === 1).length;
  assert.ok(Math.abs(both / clients.length - 0.09) < 0.015, `${both}`);
});

test('TrafficSplit.choose counts requests without the key like any others', () => {
  const split = new TrafficSplit(
    [
      { target: 0, percent: 75 },
      { target: 1, percent: 25 },
    ],
    { cookie: 'id' },
    'f',
  );
  const without = [[], ['Cookie', ''], ['Cookie', 'ID=x; identity=x; xid=x'], ['X-Cookie', 'id=1']];
  const found = counts(Array.from({ length: 100 }, (_, index) => split.choose(without[index % 4] ?? [])));
  assert.deepEqual([found.get(0), found.get(1)], [75, 25]);
});
