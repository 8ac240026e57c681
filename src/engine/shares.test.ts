import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as assertProperty, integer, property, tuple } from 'fast-check';
import { Good, Share } from './shares.ts';

/** Takes as much as there is room for, one by one. @returns how much that was */
function takeAll(share: Share): number {
  let count = 0;
  for (; share.hasRoom(1); count++) share.change(1);
  return count;
}

describe('Share', () => {
  it('one project alone gets most, and the next one finds some', () => {
    const good = new Good(1000);
    const shares = [new Share(good), new Share(good), new Share(good)];
    assert.deepEqual(shares.map(takeAll), [800, 160, 32]);
    assert.equal(good.oneProjectMax, 800);
  });

  it('is exceeded once others have come, and no longer when the surplus is given back', () => {
    const good = new Good(1000);
    const [first, second] = [new Share(good), new Share(good)];
    takeAll(first);
    assert.equal(first.isExceeded, false);
    takeAll(second);
    assert.equal(first.isExceeded, true);
    assert.equal(second.isExceeded, false);
    for (let round = 0; round < 10; round++) {
      while (first.isExceeded) first.change(-1);
      takeAll(second);
    }
    assert.ok(Math.abs(first.held - second.held) < 10, `${first.held} and ${second.held}`);
  });

  it('never lets more be taken than there is, and always leaves some', () => {
    assertProperty(
      property(array(tuple(integer({ min: 0, max: 5 }), integer({ min: 0, max: 200 }))), (wishes) => {
        const good = new Good(1000);
        const shares = Array.from({ length: 6 }, () => new Share(good));
        for (const [index, amount] of wishes) {
          const share = shares[index] ?? new Share(good);
          if (share.hasRoom(amount)) share.change(amount);
          assert.ok(good.left > 0);
          assert.ok(share.held <= 4 * (1000 - share.held));
        }
      }),
    );
  });
});
