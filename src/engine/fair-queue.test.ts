import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as assertProperty, constantFrom, double, property, tuple } from 'fast-check';
import { FairQueue, type Turns } from './fair-queue.ts';

interface Entry {
  readonly owner: Turns;
  readonly id: number;
}

function newOwner(): Turns {
  return { usedMs: 0, waiting: 0 };
}

/** The order in which entries come out, when each takes its owner so long. */
function drained(entries: readonly Entry[], costMs: (entry: Entry) => number): number[] {
  const queue = new FairQueue<Entry>();
  for (const entry of entries) queue.push(entry);
  const order: number[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    entry.owner.usedMs += costMs(entry);
    order.push(entry.id);
  }
  return order;
}

describe('FairQueue', () => {
  it('serves owners in turn when one of them has many entries', () => {
    const [a, b] = [newOwner(), newOwner()];
    const greedy = Array.from({ length: 5 }, (_, id) => ({ owner: a, id }));
    const other = [10, 11].map((id) => ({ owner: b, id }));
    assert.deepEqual(
      drained([...greedy, ...other], ({ owner }) => (owner === a ? 1 : 1.5)),
      [0, 10, 1, 11, 2, 3, 4],
    );
  });

  it('serves an owner more often whose entries take less time', () => {
    const [slow, quick] = [newOwner(), newOwner()];
    const entries = [0, 1, 2].map((id) => ({ owner: slow, id }));
    const others = [10, 11, 12, 13, 14, 15].map((id) => ({ owner: quick, id }));
    const order = drained([...entries, ...others], ({ owner }) => (owner === slow ? 4.5 : 1));
    assert.deepEqual(order, [0, 10, 11, 12, 13, 14, 1, 15, 2]);
  });

  it('loses nothing, doubles nothing, and never lets an owner wait whose time is the least', () => {
    const pushed = array(tuple(constantFrom(0, 1, 2, 3, 4), double({ min: 0, max: 10, noNaN: true })));
    assertProperty(
      property(pushed, (pairs) => {
        const owners = Array.from({ length: 5 }, newOwner);
        const queue = new FairQueue<Entry>();
        const waiting = new Map<Turns, number[]>();
        pairs.forEach(([index, usedMs], id) => {
          const owner = owners[index] ?? newOwner();
          if (owner.waiting === 0) owner.usedMs = usedMs;
          queue.push({ owner, id });
          waiting.set(owner, [...(waiting.get(owner) ?? []), id]);
        });
        for (const [, costMs] of pairs) {
          const least = Math.min(...[...waiting.keys()].map(({ usedMs }) => usedMs));
          const entry = queue.shift();
          assert.ok(entry !== undefined);
          assert.equal(entry.owner.usedMs, least);
          const own = waiting.get(entry.owner) ?? [];
          assert.equal(own.shift(), entry.id);
          assert.equal(entry.owner.waiting, own.length);
          if (own.length === 0) waiting.delete(entry.owner);
          entry.owner.usedMs += costMs;
        }
        assert.equal(queue.shift(), undefined);
        assert.equal(queue.length, 0);
      }),
    );
  });
});
