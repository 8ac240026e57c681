import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer, guestBytes, SlotUnderTest } from './engine-under-test.ts';
import type { SimpleRequest } from './send.ts';

/** Ways for a request to end, and what its caller is told. */
const canaryEndings = {
  return: /^marks=/,
  exit: /^guest_trap$/,
  trap: /^guest_trap$/,
  abort: /^guest_trap$/,
  stack: /^guest_trap$/,
  loop: /^cpu_limit$/,
  grow: /./,
  half: /^guest_trap$/,
} as const;

/** Sends a request that ends in this way. */
async function answerEnding(slot: SlotUnderTest, ending: string, request: SimpleRequest): Promise<string> {
  slot.expectGuest(/^(?:then=)?l(?:oop)?$/.test(ending) ? 'never ends' : 'ends by itself');
  const told = await answer(slot, request);
  slot.expectGuest('ends by itself');
  // A rewind is done in pieces when it takes long, as it may on a busy machine.
  await slot.untilIdle();
  return told;
}

describe('slot: nothing of a request is there for the next', () => {
  for (const guest of ['canary', 'hello-rust', 'reactor', 'hog-pages'] as const) {
    it(`${guest}: a new slot is its image, byte for byte`, async () => {
      const slot = await SlotUnderTest.make(guestBytes(guest));
      assert.ok(slot.slot.matchesImage());
      await slot.close();
    });
  }

  it('canary: a secret in data, heap, stack, grown memory and globals is gone, however the request ended', async () => {
    const slot = await SlotUnderTest.make(guestBytes('canary'));
    for (const [ending, told] of Object.entries(canaryEndings)) {
      assert.match(
        await answerEnding(slot, ending, { url: `/?put=wombat&then=${ending}`, method: 'POST', body: 'wombat' }),
        told,
        ending,
      );
      assert.ok(slot.slot.matchesImage(), `${ending}: the slot equals its image byte for byte`);
      assert.match(await answer(slot, '/?find'), /^marks=0 plain=0 globals=new/, ending);
    }
    await slot.close();
  });

  for (const guest of ['stores', 'stores-bulk', 'stores-simd', 'stores-atomic'] as const) {
    it(`${guest}: every instruction that stores leaves no byte behind`, async () => {
      const slot = await SlotUnderTest.make(guestBytes(guest));
      for (const ending of ['', 'then=trap', 'then=exit', 'then=loop', '']) {
        const told = await answerEnding(slot, ending, { url: `/?${ending}` });
        if (ending === '') assert.match(told, /pristine=yes/);
        assert.ok(slot.slot.matchesImage(), `after ${ending || 'a return'}`);
      }
      await slot.close();
    });
  }

  it('stores-sums: nothing is left of what shared marks stand for, wherever it was stopped', async () => {
    const slot = await SlotUnderTest.make(guestBytes('stores-sums'));
    for (const ending of ['', 't', 'e', 'l', '']) {
      const told = await answerEnding(slot, ending, { url: `/?${ending}` });
      if (ending === '') assert.match(told, /pristine/);
      if (ending === 'l') assert.equal(told, 'cpu_limit');
      assert.ok(slot.slot.matchesImage(), `after ${ending || 'a return'}`);
    }
    await slot.close();
  });

  for (const guest of ['state-globals', 'state-segments', 'state-tables', 'grower-table', 'start'] as const) {
    it(`${guest}: state outside of memory is as new`, async () => {
      const slot = await SlotUnderTest.make(guestBytes(guest));
      for (const ending of ['', 't', 'e', 'l', '']) {
        const told = await answerEnding(slot, ending, { url: `/?${ending}` });
        if (ending === '') assert.match(told, /pristine/);
        assert.ok(slot.slot.matchesImage(), `after ${ending || 'a return'}`);
      }
      await slot.close();
    });
  }

  it('reactor: every request finds what _initialize made, and nothing of the others', async () => {
    const slot = await SlotUnderTest.make(guestBytes('reactor'));
    for (const ending of ['', 'then=trap', 'then=exit', 'then=loop', '']) {
      const told = await answerEnding(slot, ending, { url: `/?${ending}` });
      if (ending === '') assert.match(told, /initialised=1 requests=1 sum=499500 left=nothing/);
      assert.ok(slot.slot.matchesImage(), `after ${ending || 'a return'}`);
    }
    await slot.close();
  });

  it('random: two requests draw different bytes', async () => {
    const slot = await SlotUnderTest.make(guestBytes('random'));
    assert.notEqual(await answer(slot, '/'), await answer(slot, '/'));
    await slot.close();
  });

  it('std-rust: HashMap seeds differ between requests', async () => {
    const slot = await SlotUnderTest.make(guestBytes('std-rust'));
    assert.notEqual(await answer(slot, '/?hash'), await answer(slot, '/?hash'));
    await slot.close();
  });
});
