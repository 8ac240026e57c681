import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareRuns, type GuestCall } from '../../../test/support/wasm-differential.ts';
import { opened, openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';
import { assemble } from '../../../test/support/wasm-text.ts';
import { rewrittenExports } from './rewrite.ts';

const call = (index: number, ...args: readonly unknown[]): GuestCall => ({ index, args });

/** Two tables and two passive segments, all larger than what one instruction handles; functions to tell entries apart. */
const text = `(module
  (table $t 2000 funcref) (table $u 1500 funcref)
  (elem (table $u) (i32.const 0) func ${'$fill $copy $up $init $drop $set '.repeat(250)})
  (elem (table $t) (i32.const 1900) func $up $set)
  (elem $large func ${'$set $fill $init '.repeat(300)})
  (elem $small func $copy $up)
  (func $fill (param i32 i32) (table.fill $t (local.get 0) (ref.func $fill) (local.get 1)))
  (func $copy (param i32 i32 i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
  (func $up (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func $init (param i32 i32 i32) (table.init $t $large (local.get 0) (local.get 1) (local.get 2)))
  (func $drop (elem.drop $large) (elem.drop $small))
  (func $set (param i32 i32) (table.set $t (local.get 0) (table.get $u (local.get 1))))
  (func $few (param i32 i32 i32) (table.init $t $small (local.get 0) (local.get 1) (local.get 2)))
  (func $active (param i32 i32 i32) (table.init $u 0 (local.get 0) (local.get 1) (local.get 2))))`;

const [fill, copy, within, init, drop, set, few, active] = [0, 1, 2, 3, 4, 5, 6, 7];

const cases: readonly (readonly [name: string, calls: readonly GuestCall[]])[] = [
  ['a fill of everything', [call(fill, 0, 2000)]],
  ['fills at the edges', [call(fill, 0, 256), call(fill, 1487, 513), call(fill, 2000, 0), call(fill, 1999, 1)]],
  ['fills that lead outside', [call(fill, 0, 2001), call(fill, 1700, 301), call(fill, -1, 2), call(fill, 2001, 0)]],
  ['a copy of another table', [call(copy, 300, 0, 1500), call(copy, 3, 700, 257)]],
  ['copies that lead outside', [call(copy, 501, 0, 1500), call(copy, 0, 1, 1500), call(copy, -1, -1, 600)]],
  [
    'copies upwards and downwards within a table',
    [call(copy, 0, 0, 1500), call(within, 7, 0, 1990), call(within, 0, 500, 1000)],
  ],
  ['a copy within a table that moves nothing', [call(copy, 0, 0, 900), call(within, 100, 100, 700)]],
  ['an init from a large segment', [call(init, 50, 0, 900), call(init, 1100, 10, 890)]],
  [
    'inits that lead outside',
    [call(init, 0, 1, 900), call(init, 1101, 0, 900), call(init, 0, 900, 0), call(init, 0, 901, 0)],
  ],
  [
    'inits from a dropped segment',
    [call(drop), call(init, 0, 0, 0), call(init, 0, 0, 300), call(init, 0, 5, 0), call(few, 0, 0, 1)],
  ],
  [
    'inits from a small segment',
    [call(few, 1998, 0, 2), call(few, 0, 1, 2), call(few, 1999, 0, 2), call(few, 0, 2, 0)],
  ],
  [
    'inits from a segment that is in its table already',
    [call(active, 0, 0, 0), call(active, 0, 0, 1), call(active, 0, 1, 0)],
  ],
  ['single entries far from each other', [call(set, 1999, 3), call(set, 0, 2), call(set, 2000, 0), call(set, -1, 0)]],
];

describe('table operations', () => {
  for (const [name, calls] of cases) {
    test(`${name}: as untouched, also when each round is interrupted`, () => {
      for (const fuel of [undefined, 1000]) {
        const { problems, compared } = compareRuns(assemble(text), { calls, fuel });
        assert.deepEqual(problems, []);
        assert.equal(compared, 2 * calls.length);
      }
    });
  }

  for (const [name, index, args] of [
    ['table.fill', fill, [0, 2000]],
    ['table.copy', copy, [0, 0, 1500]],
    ['table.copy upwards', within, [1, 0, 1999]],
    ['table.init', init, [0, 0, 900]],
  ] as const) {
    test(`${name} of many entries can be ended half-way, and is undone`, () => {
      const guest = new RewrittenGuest(openUp(assemble(text)), { fuel: 3 });
      assert.equal(guest.call(index, args), 'out of fuel');
      assert.notDeepEqual(guest.residue(), []);
      guest.rewind();
      assert.deepEqual(guest.residue(), []);
    });
  }

  test('table.grow by many entries can be ended half-way', () => {
    const growing =
      '(module (table $t 1 funcref) (func (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))';
    const guest = new RewrittenGuest(openUp(assemble(growing)), { fuel: 4 });
    assert.equal(guest.call(0, [1900]), 'out of fuel');
    assert.equal(guest.call(0, [0]), 'returned 1025', 'four rounds were made');
  });

  test('table.grow stays within the declared maximum, and a table keeps what it started with', () => {
    const growing = (limits: string): Uint8Array<ArrayBuffer> =>
      assemble(
        `(module (table $t ${limits} funcref) (func (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))`,
      );
    for (const limits of ['10 20', '10 10', '0 0', '1999']) {
      const calls = [0, 1, 5, 10, 4, 0, -1, 3].map((entries) => call(0, entries));
      assert.deepEqual(compareRuns(growing(limits), { calls }).problems, [], limits);
    }
  });

  test('are undone where they changed something: a rewind does not copy the whole table', () => {
    const guest = new RewrittenGuest(openUp(assemble(text)));
    const table = guest.exports[rewrittenExports.guest(opened.table(0))];
    assert.ok(table instanceof WebAssembly.Table);
    // By a hand from outside, as nothing within can do it unnoticed.
    table.set(1900, null);
    guest.call(set, [40, 1]);
    guest.call(set, [42, 1]);
    guest.rewind();
    assert.equal(guest.residue().length, 1);
    guest.call(set, [1900, 1]);
    guest.rewind();
    assert.deepEqual(guest.residue(), []);
  });
});
