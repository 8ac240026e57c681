import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as assertProperty, constantFrom, property } from 'fast-check';
import { FairQueue } from './fair-queue.ts';

function drained(entries: readonly { owner: string; id: number }[]): number[] {
  const queue = new FairQueue<{ owner: string; id: number }>();
  for (const entry of entries) queue.push(entry);
  const order: number[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) order.push(entry.id);
  return order;
}

describe('FairQueue', () => {
  it('serves owners in turn when one of them has many entries', () => {
    const greedy = Array.from({ length: 5 }, (_, id) => ({ owner: 'a', id }));
    assert.deepEqual(drained([...greedy, { owner: 'b', id: 10 }, { owner: 'b', id: 11 }]), [0, 10, 1, 11, 2, 3, 4]);
  });

  it('loses nothing, doubles nothing, and keeps each owner’s order', () => {
    const entries = array(constantFrom('a', 'b', 'c')).map((owners) => owners.map((owner, id) => ({ owner, id })));
    assertProperty(
      property(entries, (all) => {
        const order = drained(all);
        for (const owner of ['a', 'b', 'c']) {
          const own = all.filter((entry) => entry.owner === owner).map((entry) => entry.id);
          assert.deepEqual(
            order.filter((id) => own.includes(id)),
            own,
          );
        }
        assert.equal(order.length, all.length);
      }),
    );
  });
});
