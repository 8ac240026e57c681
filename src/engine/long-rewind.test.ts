/** Guests that leave so much behind that their slot is rewound piece by piece. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isMayflyError, mib } from '../base/mod.ts';
import { answer, guestBytes, loadGuest, SlotUnderTest } from './engine-under-test.ts';
import { createEngine } from './engine.ts';
import { send } from './send.ts';

/** So much that no machine rewinds it at once. */
const memoryBytes = 64 * mib;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ways for a request to end, and what its caller is told. One that fails and was refused memory is taken to have failed for that. */
const endings = {
  'hog-pages': { '': /^pristine/, t: /^memory_limit$/, e: /^memory_limit$/, l: /^cpu_limit$/ },
  'hog-table': { '': /^pristine/, t: /^guest_trap$/, e: /^guest_trap$/, l: /^cpu_limit$/ },
} as const;

describe('a long rewind', () => {
  for (const guest of ['hog-pages', 'hog-table'] as const) {
    it(`${guest}: nothing is left of a request, however it ended, and the slot is not free before`, async () => {
      const slot = await SlotUnderTest.make(guestBytes(guest), { memoryBytes });
      for (const [ending, told] of Object.entries(endings[guest])) {
        slot.expectGuest(ending === 'l' ? 'never ends' : 'ends by itself');
        assert.match(await answer(slot, `/?${ending}`), told, ending);
        if (guest === 'hog-pages') assert.ok(!slot.isIdle, ending);
        await slot.untilIdle();
        assert.ok(slot.slot.matchesImage(), `after ${ending || 'a return'}`);
        slot.expectGuest('ends by itself');
        assert.match(await answer(slot, '/'), /^pristine/, `after ${ending || 'a return'}`);
        await slot.untilIdle();
      }
      await slot.close();
    });
  }

  it('hog-pages: nothing is left of a request whose caller has gone', async () => {
    const slot = await SlotUnderTest.make(guestBytes('hog-pages'), { memoryBytes });
    const signal = AbortSignal.timeout(20);
    await assert.rejects(send(slot, { url: '/?l', signal }), (error) => isMayflyError(error, 'client_gone'));
    await slot.untilIdle();
    assert.ok(slot.slot.matchesImage());
    await slot.close();
  });

  it('lets the thread do other things between its pieces, and is on its project’s account', async () => {
    const slot = await SlotUnderTest.make(guestBytes('hog-pages'), { memoryBytes });
    await answer(slot, '/');
    const usedMs = slot.owner.usedMs;
    const firstMs = slot.slot.lastRewindMs;
    let turns = 0;
    for (; !slot.isIdle; turns++) await nextTurn();
    assert.ok(turns > 0);
    const furtherMs = slot.slot.lastRewindMs - firstMs;
    assert.ok(furtherMs > 0);
    assert.ok(Math.abs(slot.owner.usedMs - usedMs - furtherMs) < 1e-6);
    await slot.close();
  });

  it('is gone through before its function is closed', async () => {
    const engine = createEngine();
    const loaded = await loadGuest(engine, 'hog-pages', { cpuMs: 60_000, memoryBytes });
    assert.match(await answer(loaded, '/'), /^pristine/);
    assert.equal(loaded.measures.rewind.count, 0);
    await loaded.close();
    assert.equal(loaded.measures.rewind.count, 1);
    await engine.close();
  });

  const engine = createEngine({ slotsPerFunctionMax: 1 });
  after(() => engine.close());

  it('is waited for by the calls that come meanwhile', async () => {
    const loaded = await loadGuest(engine, 'hog-pages', { cpuMs: 60_000, memoryBytes });
    const answers = await Promise.all(Array.from({ length: 5 }, () => answer(loaded, '/')));
    for (const told of answers) assert.match(told, /^pristine/);
    assert.equal(await answer(loaded, '/?t'), 'memory_limit');
    assert.match(await answer(loaded, '/'), /^pristine/);
  });
});
