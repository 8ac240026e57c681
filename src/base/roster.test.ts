import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, constantFrom, nat, property, record } from 'fast-check';
import { type Enrolled, Roster } from './roster.ts';

class Entry implements Enrolled {
  readonly name: number;
  place = -1;

  constructor(name: number) {
    this.name = name;
  }
}

test('Roster holds what a Set would, whatever comes and goes', () => {
  const step = record({ what: constantFrom('add', 'delete'), name: nat(9) });
  assertProperty(
    property(array(step), (steps) => {
      const entries = Array.from({ length: 10 }, (_, name) => new Entry(name));
      const roster = new Roster<Entry>();
      const set = new Set<Entry>();
      for (const { what, name } of steps) {
        const entry = entries[name];
        assert.ok(entry);
        if (what === 'delete') {
          roster.delete(entry);
          set.delete(entry);
        } else if (!set.has(entry)) {
          roster.add(entry);
          set.add(entry);
        }
        assert.equal(roster.size, set.size);
      }
      const byName = (a: Entry, b: Entry): number => a.name - b.name;
      assert.deepEqual([...roster].toSorted(byName), [...set].toSorted(byName));
      for (const entry of entries) assert.equal(entry.place >= 0, set.has(entry));
    }),
  );
});
