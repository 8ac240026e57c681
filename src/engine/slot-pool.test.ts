import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { projectId, systemClock } from '../base/mod.ts';
import { Resources } from './resources.ts';
import { type PooledSlot, SlotPool } from './slot-pool.ts';

interface FakeSlot extends PooledSlot {
  memoryBytes: number;
  hasGrown: boolean;
}

interface PoolOptions {
  readonly slotsMax?: number;
  readonly bytesMax?: number;
  readonly memoriesMax?: number;
  readonly make?: () => FakeSlot;
  /** The image is large. */
  readonly makeInPieces?: () => Promise<FakeSlot>;
  readonly onMade?: (slot: FakeSlot | undefined) => void;
  /** Shared with other pools; one of its own unless told. */
  readonly resources?: Resources;
  readonly project?: string;
}

function fakeSlot(): FakeSlot {
  return { memoryBytes: 100, hasGrown: false, accountedBytes: 0, cool: () => undefined };
}

function resourcesOf({ bytesMax = 10_000, memoriesMax = 1000 }: PoolOptions): Resources {
  return new Resources(systemClock, { slotBytesMax: bytesMax, memoriesMax, waitingMax: 100 });
}

/** Slots of 100 bytes and one memory, whose pristine memory takes 10. */
function pool(options: PoolOptions = {}): SlotPool<FakeSlot> {
  const make = options.make ?? fakeSlot;
  const resources = options.resources ?? resourcesOf(options);
  const image = {
    slotRoom: { bytes: 100, memories: 1 },
    pristineRoom: { bytes: 10, memories: 1 },
    release: () => undefined,
    isLarge: options.makeInPieces !== undefined,
  };
  const account = resources.account(projectId(options.project ?? 'one'));
  const { slotsMax = 100, makeInPieces = () => Promise.resolve(make()), onMade = () => undefined } = options;
  return new SlotPool({ image, account, resources, slotsMax, make, makeInPieces, onMade });
}

/** Takes slots until there are no more. */
function takeAll(slots: SlotPool<FakeSlot>): FakeSlot[] {
  const taken: FakeSlot[] = [];
  for (let slot = slots.take(); slot !== undefined; slot = slots.take()) taken.push(slot);
  return taken;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('SlotPool', () => {
  it('take makes no slot while more are being rewound than calls wait, and neither does prepareSpare', async () => {
    const slots = pool();
    const first = slots.take();
    assert.ok(first !== undefined);
    slots.expect(first);
    assert.equal(slots.take(), undefined);
    slots.prepareSpare();
    await nextTurn();
    assert.equal(slots.count, 1);
    assert.ok(slots.take(1) !== undefined, 'for a second one that waits');
    assert.ok(slots.keeps(first));
    assert.ok(slots.take() !== undefined, 'nothing is to be expected any more');
    assert.equal(slots.count, 3);
  });

  it('discard of a slot that was expected lets others be made', () => {
    const slots = pool();
    const first = slots.take();
    assert.ok(first !== undefined);
    slots.expect(first);
    slots.discard(first);
    assert.ok(slots.take() !== undefined);
    assert.equal(slots.count, 1);
  });

  it('take makes slots up to its maximum, and gives them again when they are back', () => {
    const slots = pool({ slotsMax: 2 });
    const [first, second] = [slots.take(), slots.take()];
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(slots.take(), undefined);
    slots.putBack(first);
    assert.equal(slots.take(), first);
  });

  it('take makes no more slots than its project has room for, and none at all when there is none', () => {
    // A project alone gets four fifths.
    assert.equal(takeAll(pool({ bytesMax: 1000 })).length, 7);
    assert.equal(takeAll(pool({ memoriesMax: 10 })).length, 7);
    assert.equal(takeAll(pool({ bytesMax: 100 })).length, 0);
  });

  it('take leaves room for other projects, however many functions a project has', () => {
    const resources = resourcesOf({ bytesMax: 10_000 });
    const greedy = Array.from({ length: 20 }, () => pool({ resources, project: 'greedy' }));
    const taken = greedy.flatMap(takeAll);
    assert.ok(taken.length > 60 && taken.length < 80, `${taken.length}`);
    assert.ok(takeAll(pool({ resources, project: 'other' })).length >= 10);
  });

  it('take gives up idle slots of the same project, those first that were needed least recently', () => {
    const resources = resourcesOf({ bytesMax: 850 });
    const [old, recent, next] = [pool({ resources }), pool({ resources }), pool({ resources })];
    for (const slots of [old, recent]) {
      const taken = [slots.take(), slots.take(), slots.take()];
      for (const slot of taken) if (slot !== undefined) slots.putBack(slot);
    }
    old.trim();
    assert.ok(next.take() !== undefined);
    assert.equal(old.count, 0);
    assert.equal(recent.count, 3);
  });

  it('take gives up idle slots of a project that has more, and never of one that has less', () => {
    const resources = resourcesOf({ bytesMax: 1000 });
    const [large, small] = [pool({ resources, project: 'large' }), pool({ resources, project: 'small' })];
    for (const slot of takeAll(large)) large.putBack(slot);
    const held = large.count;
    assert.equal(takeAll(small).length, 7, 'all that it would get alone, as the other needs none');
    assert.ok(held > 0 && large.count === 0);
    assert.equal(
      takeAll(large).length,
      2,
      'slots that are taken are kept, and there is some room left for whoever comes',
    );
  });

  it('grows asks for room, and what was given is given back with the slot', () => {
    const slots = pool({ bytesMax: 1000 });
    const slot = slots.take();
    assert.ok(slot !== undefined);
    assert.equal(slots.grows(slot, 2000), false);
    assert.equal(slots.grows(slot, 600), true);
    assert.equal(slots.take(), undefined, 'there is no room for another one');
    Object.assign(slot, { memoryBytes: 700, hasGrown: true });
    assert.equal(slots.keeps(slot), true);
    slots.discard(slot);
    assert.equal(takeAll(slots).length, 7);
  });

  it('take answers nothing when the machine has no room', () => {
    const slots = pool({
      make: () => {
        throw new RangeError('no memory');
      },
    });
    assert.equal(slots.take(), undefined);
  });

  it('asks the machine for no other memory right after it had none', () => {
    let asked = 0;
    const slots = pool({
      make: () => {
        asked += 1;
        throw new RangeError('no memory');
      },
    });
    slots.take();
    slots.take();
    assert.equal(asked, 1);
  });

  it('keeps no slot that is more than its project has room for by now', () => {
    const resources = resourcesOf({ bytesMax: 1000 });
    const slots = pool({ resources, project: 'one' });
    const taken = takeAll(slots);
    const [slot, ...others] = taken;
    assert.ok(slot !== undefined);
    takeAll(pool({ resources, project: 'two' }));
    assert.equal(slots.keeps(slot), false);
    slots.discard(slot);
    assert.equal(slots.count, others.length);
  });

  it('a slot of a large image is made in pieces, one at a time, and handed over when it is there', async () => {
    const made: (FakeSlot | undefined)[] = [];
    let underWay = 0;
    const slots = pool({
      makeInPieces: async () => {
        underWay += 1;
        assert.equal(underWay, 1);
        await nextTurn();
        underWay -= 1;
        return fakeSlot();
      },
      onMade: (slot) => made.push(slot),
    });
    assert.equal(slots.take(), undefined);
    assert.equal(slots.take(), undefined);
    assert.equal(slots.count, 1, 'somebody may wait for it');
    await slots.warm();
    const [slot] = made;
    assert.ok(slot !== undefined && made.length === 1);
    slots.putBack(slot);
    assert.equal(slots.take(), slot);
  });

  it('a slot of a large image that there is no memory for leaves nothing behind', async () => {
    const made: (FakeSlot | undefined)[] = [];
    const resources = resourcesOf({});
    const slots = pool({
      resources,
      makeInPieces: () => Promise.reject(new RangeError('no memory')),
      onMade: (slot) => made.push(slot),
    });
    slots.take();
    await nextTurn();
    assert.deepEqual(made, [undefined]);
    assert.equal(slots.count, 0);
    assert.equal(resources.bytes.left, resources.bytes.max);
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
