import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { GuestStack } from './guest-stack.ts';

/** A stack whose `serve` is a function in JavaScript, which does as the rewritten module's does. */
class StackUnderTest {
  readonly events: string[] = [];
  /** How many calls of `serve` have ended. */
  ended = 0;
  readonly stack: GuestStack;
  #guest: () => void = () => undefined;
  #after: () => void = () => undefined;

  constructor() {
    this.stack = new GuestStack({
      returned: () => {
        this.events.push('returned');
        this.#after();
      },
      trapped: (thrown) => {
        this.events.push(`trapped: ${String(thrown)}`);
        this.#after();
      },
    });
    this.use('');
  }

  /** The instance from now on; its guests say its name. */
  use(name: string): void {
    this.stack.use(async () => {
      this.events.push(`${name}begun`);
      while ((await this.stack.next()) === 1) {
        this.events.push(`${name}guest`);
        this.#guest();
      }
      this.ended += 1;
    });
  }

  /** Runs a guest; `after` is done when it has ended. */
  async run(guest: () => void = () => undefined, after: () => void = () => undefined): Promise<void> {
    this.#guest = guest;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#after = () => {
      // Told of once more when `after` fails; what it runs has its own.
      this.#after = resolve;
      after();
      if (this.#after === resolve) this.#after = () => undefined;
      resolve();
    };
    this.stack.run();
    await promise;
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function trap(): never {
  throw new Error('unreachable');
}

test('GuestStack runs guest after guest in one call', async () => {
  const under = new StackUnderTest();
  for (let i = 0; i < 3; i++) await under.run();
  assert.deepEqual(under.events, ['begun', 'guest', 'returned', 'guest', 'returned', 'guest', 'returned']);
  assert.equal(under.ended, 0);
});

test('GuestStack begins anew behind a guest that trapped', async () => {
  const under = new StackUnderTest();
  await under.run(trap);
  await under.run();
  assert.deepEqual(under.events, ['begun', 'guest', 'trapped: Error: unreachable', 'begun', 'guest', 'returned']);
});

test('GuestStack runs the next guest from within the end of the one before', async (t: TestContext) => {
  for (const [how, guest] of [
    ['returned', (): void => undefined],
    ['trapped', trap],
  ] as const) {
    await t.test(how, async () => {
      const under = new StackUnderTest();
      let second: Promise<void> | undefined;
      await under.run(guest, () => (second = under.run()));
      await second;
      assert.equal(under.events.filter((event) => event === 'guest').length, 2);
      assert.equal(under.events.at(-1), 'returned');
    });
  }
});

test('GuestStack.end gives a parked stack back, and the next guest gets a new one', async () => {
  const under = new StackUnderTest();
  under.stack.end();
  await under.run();
  under.stack.end();
  under.stack.end();
  await settled();
  assert.equal(under.ended, 1);
  await under.run();
  assert.equal(under.events.filter((event) => event === 'begun').length, 2);
});

test('GuestStack.end leaves a guest that runs alone', async () => {
  const under = new StackUnderTest();
  await under.run(() => under.stack.end());
  assert.equal(under.ended, 0);
  await under.run();
  assert.equal(under.events.filter((event) => event === 'begun').length, 1);
});

test('GuestStack.use has the guests to come run in the new instance, also from within the end of a guest', async () => {
  const under = new StackUnderTest();
  await under.run(undefined, () => under.use('new '));
  assert.equal(under.ended, 1, 'the old one was given back');
  await under.run();
  under.use('newest ');
  await under.run();
  const guests = under.events.filter((event) => event.endsWith('guest'));
  assert.deepEqual(guests, ['guest', 'new guest', 'newest guest']);
  assert.equal(under.ended, 2);
});

test('GuestStack runs a guest in a new instance from within the end of one in the old', async () => {
  const under = new StackUnderTest();
  let second: Promise<void> | undefined;
  await under.run(undefined, () => {
    under.use('new ');
    second = under.run();
  });
  await second;
  assert.deepEqual(under.events, ['begun', 'guest', 'returned', 'new begun', 'new guest', 'returned']);
  assert.equal(under.ended, 1);
});

test('GuestStack tells of what fails at the end of a guest, and begins anew', async () => {
  const under = new StackUnderTest();
  const fails = (): never => {
    throw new Error('the listener');
  };
  await under.run(undefined, fails);
  assert.ok(under.events.includes('trapped: Error: the listener'));
  await under.run();
  assert.equal(under.events.filter((event) => event.endsWith('begun')).length, 2);
});
