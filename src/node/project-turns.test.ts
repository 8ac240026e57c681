import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, asyncProperty, constantFrom, record } from 'fast-check';
import { isMayflyError, type ProjectId } from '../base/mod.ts';
import { ProjectTurns } from './project-turns.ts';

const shop = 'shop' as ProjectId;
const bank = 'bank' as ProjectId;

/** Work that goes on until it is told to end. */
class Bench {
  readonly began: string[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly #turns: ProjectTurns;

  constructor(turns: ProjectTurns) {
    this.#turns = turns;
  }

  add(project: ProjectId, name: string): Promise<void> {
    return this.#turns.run(project, async () => {
      this.began.push(name);
      await new Promise<void>((resolve) => this.#ends.set(name, resolve));
    });
  }

  /** Ends what has begun first, until nothing is left. */
  async drain(): Promise<void> {
    for (let index = 0; index < this.began.length; index++) {
      this.#ends.get(this.began[index] ?? '')?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('ProjectTurns lets a project that has one thing waiting go before the rest of one that has many', async () => {
  const bench = new Bench(new ProjectTurns('builds', { atOnceMax: 2, waitingMax: 10 }));
  const all = ['s1', 's2', 's3', 's4', 's5'].map((name) => bench.add(shop, name));
  all.push(bench.add(bank, 'b1'), bench.add(bank, 'b2'));
  await bench.drain();
  await Promise.all(all);
  assert.deepEqual(bench.began, ['s1', 's2', 's3', 'b1', 's4', 'b2', 's5']);
});

test('ProjectTurns refuses a project that has too much waiting, and no other', async () => {
  const bench = new Bench(new ProjectTurns('builds', { atOnceMax: 1, waitingMax: 2 }));
  const all = ['s1', 's2', 's3'].map((name) => bench.add(shop, name));
  await assert.rejects(
    bench.add(shop, 's4'),
    (error) => isMayflyError(error, 'busy') && error.message.includes('builds'),
  );
  all.push(bench.add(bank, 'b1'));
  await bench.drain();
  await Promise.all(all);
  assert.deepEqual(bench.began, ['s1', 's2', 'b1', 's3']);
  // There is room again, also after work that failed.
  const turns = new ProjectTurns('builds', { atOnceMax: 1, waitingMax: 0 });
  await assert.rejects(
    turns.run(shop, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await turns.run(shop, async () => 'fine'), 'fine');
});

test('ProjectTurns does everything once, never too much at once, and never lets one project go twice before another that waits', async () => {
  const entry = record({ project: constantFrom(shop, bank, 'third' as ProjectId) });
  await assertProperty(
    asyncProperty(array(entry, { maxLength: 30 }), async (entries) => {
      const turns = new ProjectTurns('x', { atOnceMax: 2, waitingMax: 100 });
      const order: string[] = [];
      let underWay = 0;
      await Promise.all(
        entries.map(({ project }) =>
          turns.run(project, async () => {
            assert.ok(++underWay <= 2);
            order.push(project);
            await new Promise((resolve) => setImmediate(resolve));
            underWay--;
          }),
        ),
      );
      assert.equal(order.length, entries.length);
      // Behind the two that began at once: between two turns of a project every other that still has something has one.
      for (let index = 2; index < order.length; index++) {
        const project = order[index] ?? '';
        const again = order.indexOf(project, index + 1);
        if (again < 0) continue;
        const between = order.slice(index + 1, again);
        for (const other of new Set(order.slice(again))) if (other !== project) assert.ok(between.includes(other));
      }
    }),
  );
});
