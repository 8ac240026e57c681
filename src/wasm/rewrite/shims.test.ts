import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openUp, RewrittenGuest } from '../../../test/support/wasm-harness.ts';
import { assemble } from '../../../test/support/wasm-text.ts';

const text = `(module
  (import "h" "read" (func $read (param i32 i32) (result i32)))
  (import "h" "log" (func $log (param i64)))
  (import "h" "two" (func $two (result i32 i32)))
  (global $after (mut i32) (i32.const 0))
  (table 1 funcref) (elem (i32.const 0) $read)
  (func (result i32) (call $read (i32.const 3) (i32.const 4)))
  (func (result i32) (call_indirect (param i32 i32) (result i32) (i32.const 5) (i32.const 6) (i32.const 0)))
  (func (result i32) (return_call $read (i32.const 7) (i32.const 8)))
  (func (try (do (call $log (i64.const 9))) (catch_all (global.set $after (i32.const 1)))) (global.set $after (i32.const 2)))
  (func (result i32 i32) (call $two))
  (elem declare func $log)
  (func (result i32) (ref.is_null (ref.func $log))))`;

const firstOwn = 3;

function guestWith(
  host: Record<string, unknown>,
  options: { park?: () => number; fuel?: number } = {},
): RewrittenGuest {
  const nothing = { read: () => 0, log: () => {}, two: () => [1, 2] };
  return new RewrittenGuest(openUp(assemble(text)), {
    imports: { h: { ...nothing, ...host } },
    mayBlock: () => true,
    ...options,
  });
}

describe('shims', () => {
  test('pass arguments and results through, however an import is called', () => {
    const asked: unknown[] = [];
    const guest = guestWith({ read: (...args: unknown[]) => asked.push(args), two: () => [7, 8] });
    assert.equal(guest.call(firstOwn, []), 'returned 1');
    assert.equal(guest.call(firstOwn + 1, []), 'returned 2');
    assert.equal(guest.call(firstOwn + 2, []), 'returned 3');
    assert.equal(guest.call(firstOwn + 4, []), 'returned 7 8');
    assert.equal(guest.call(firstOwn + 5, []), 'returned 0');
    assert.deepEqual(asked, [
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
  });

  test('park the guest while the host would block, and ask again', () => {
    let [asked, parked] = [0, 0];
    const read = (): number => (++asked < 4 ? -1 : 42);
    const park = (): number => {
      parked += 1;
      return 0;
    };
    assert.equal(guestWith({ read }, { park }).call(firstOwn, []), 'returned 42');
    assert.deepEqual([asked, parked], [4, 3]);
  });

  test('trap when a parked guest has to end', () => {
    let asked = 0;
    const read = (): number => {
      asked += 1;
      return -1;
    };
    assert.equal(guestWith({ read }, { park: () => 1 }).call(firstOwn, []), 'trapped: unreachable');
    assert.equal(asked, 1);
  });

  test('trap right behind the call that ended the guest, past every catch_all', () => {
    const logged: unknown[] = [];
    const guest = guestWith({ log: (value: unknown) => logged.push(value) }, { fuel: 1 });
    // One check at the function's entry, the next in the shim.
    assert.equal(guest.call(firstOwn + 3, []), 'out of fuel');
    assert.deepEqual(logged, [9n]);
    assert.deepEqual(guest.globals(), ['returned 0']);
    guest.rewind();
    assert.deepEqual(guest.residue(), []);
  });

  test('check for an interrupt also in a module without other checks', () => {
    const guest = new RewrittenGuest(openUp(assemble(text)), {
      imports: { h: { read: () => 0, log: () => {}, two: () => [1, 2] } },
      passes: { preemption: 'none', dirty: 'marks' },
      fuel: 0,
    });
    assert.equal(guest.call(firstOwn, []), 'out of fuel');
  });

  test('leave -1 alone where a host function only answers', () => {
    const guest = new RewrittenGuest(openUp(assemble(text)), {
      imports: { h: { read: () => -1, log: () => {}, two: () => [1, 2] } },
      mayBlock: ({ name }) => name !== 'read',
    });
    assert.equal(guest.call(firstOwn, []), 'returned -1');
  });

  test('let what the host throws through', () => {
    const guest = guestWith({
      read: () => {
        throw new Error('a fault of the host');
      },
    });
    assert.equal(guest.call(firstOwn, []), 'threw Error: a fault of the host');
  });
});
