import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryBudget } from './memory-budget.ts';
import { type PooledSlot, SlotPool } from './slot-pool.ts';

interface FakeSlot extends PooledSlot {
  memoryBytes: number;
  hasGrown: boolean;
}

function pool(options: { slotsMax?: number; bytesMax?: number; make?: () => FakeSlot } = {}): SlotPool<FakeSlot> {
  const make = options.make ?? (() => ({ memoryBytes: 100, hasGrown: false, accountedBytes: 0 }));
  const budget = new MemoryBudget(options.bytesMax ?? 10_000);
  return new SlotPool({ image: { initialBytes: 100 }, budget, slotsMax: options.slotsMax ?? 100, make });
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('SlotPool', () => {
  it('take makes slots up to its maximum, and gives them again when they are back', () => {
    const slots = pool({ slotsMax: 2 });
    const [first, second] = [slots.take(), slots.take()];
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(slots.take(), undefined);
    slots.putBack(first);
    assert.equal(slots.take(), first);
  });

  it('take makes no second slot when the budget has no room, and always a first', () => {
    const slots = pool({ bytesMax: 50 });
    assert.ok(slots.take() !== undefined);
    assert.equal(slots.take(), undefined);
  });

  it('take answers nothing when the machine has no room', () => {
    const slots = pool({
      make: () => {
        throw new RangeError('no memory');
      },
    });
    assert.equal(slots.take(), undefined);
  });

  it('keeps no grown slot while the budget is exceeded', () => {
    const slots = pool({ bytesMax: 1000 });
    const slot = slots.take();
    assert.ok(slot !== undefined);
    Object.assign(slot, { memoryBytes: 900, hasGrown: true });
    assert.equal(slots.keeps(slot), true);
    slot.memoryBytes = 1100;
    assert.equal(slots.keeps(slot), false);
    slots.discard(slot);
    assert.equal(slots.count, 0);
    assert.ok(slots.take() !== undefined);
  });

  it('prepareSpare makes one slot ahead, and none when one is idle', async () => {
    const slots = pool();
    const taken = slots.take();
    slots.prepareSpare();
    slots.prepareSpare();
    await nextTurn();
    assert.equal(slots.count, 2);
    slots.prepareSpare();
    await nextTurn();
    assert.equal(slots.count, 2);
    assert.ok(taken !== undefined);
  });

  it('trim gives up half of what nobody needed, and keeps one', () => {
    const slots = pool();
    const taken = Array.from({ length: 9 }, () => slots.take());
    for (const slot of taken) if (slot !== undefined) slots.putBack(slot);
    slots.trim();
    assert.equal(slots.count, 9, 'all were needed a moment ago');
    const counts = [1, 2, 3, 4].map(() => {
      slots.trim();
      return slots.count;
    });
    assert.deepEqual(counts, [5, 3, 2, 1]);
    slots.trim();
    assert.equal(slots.count, 1);
  });

  it('trim gives a grown slot up once nobody has come for a while, and makes a small one in its place', () => {
    const slots = pool();
    const slot = slots.take();
    assert.ok(slot !== undefined);
    Object.assign(slot, { memoryBytes: 5000, hasGrown: true });
    assert.equal(slots.keeps(slot), true);
    slots.putBack(slot);
    for (let count = 0; count < 5; count++) slots.trim();
    assert.equal(slots.take(), slot, 'still there');
    slots.putBack(slot);
    for (let count = 0; count < 6; count++) slots.trim();
    assert.equal(slots.count, 1);
    const fresh = slots.take();
    assert.notEqual(fresh, slot);
    assert.equal(fresh?.hasGrown, false);
  });
});
