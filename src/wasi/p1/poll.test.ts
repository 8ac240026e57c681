import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { blocked } from '../host.ts';
import { type InputStream, type OutputStream, wouldBlock } from '../streams.ts';

/** A stream in both directions that is opened and shut by hand. It keeps every callback, as a careless one would. */
class Gate implements InputStream, OutputStream {
  bytes: Uint8Array | undefined;
  room = 0;
  readonly written: string[] = [];
  readonly callbacks: (() => void)[] = [];

  read(target: Uint8Array): number {
    if (this.bytes === undefined) return wouldBlock;
    const given = this.bytes.subarray(0, target.byteLength);
    target.set(given);
    this.bytes = this.bytes.byteLength === given.byteLength ? undefined : this.bytes.subarray(given.byteLength);
    return given.byteLength;
  }

  write(source: Uint8Array): number {
    if (this.room === 0) return wouldBlock;
    const taken = source.subarray(0, this.room);
    this.room -= taken.byteLength;
    this.written.push(Buffer.from(taken).toString());
    return taken.byteLength;
  }

  available(): number {
    return this.bytes?.byteLength ?? 0;
  }

  ready(): boolean {
    return this.bytes !== undefined || this.room > 0;
  }

  onReady(wake: () => void): void {
    if (this.ready()) wake();
    else this.callbacks.push(wake);
  }

  open(bytes: string | number): void {
    if (typeof bytes === 'number') this.room = bytes;
    else this.bytes = Buffer.from(bytes);
    for (const wake of this.callbacks.splice(0)) wake();
  }
}

interface Subscribed {
  readonly userdata: bigint;
  readonly clock?: readonly [id: number, timeoutNs: bigint, flags: number];
  readonly read?: number;
  readonly write?: number;
  readonly tag?: number;
}

/** A poll_oneoff that can be made again and again with the same memory, as the rewriter's shim does. */
class PollCall {
  readonly guest: TestGuest;
  readonly #at: number;
  readonly #out: number;
  readonly #result: number;
  readonly #count: number;

  constructor(guest: TestGuest, subscriptions: readonly Subscribed[]) {
    this.guest = guest;
    this.#count = subscriptions.length;
    this.#at = guest.take(48 * subscriptions.length);
    this.#out = guest.take(32 * subscriptions.length);
    this.#result = guest.take(4);
    const { memory } = guest;
    for (const [index, { userdata, clock, read, write, tag }] of subscriptions.entries()) {
      const at = this.#at + 48 * index;
      memory.setU64(at, userdata);
      memory.setU8(at + 8, tag ?? (clock === undefined ? (read === undefined ? 2 : 1) : 0));
      if (clock === undefined) {
        memory.setU32(at + 16, read ?? write ?? 0);
      } else {
        memory.setU32(at + 16, clock[0]);
        memory.setU64(at + 24, clock[1]);
        memory.setU16(at + 40, clock[2]);
      }
    }
  }

  make(): number | undefined {
    return this.guest.call('poll_oneoff', this.#at, this.#out, this.#count, this.#result);
  }

  events(): { userdata: bigint; error: number; type: number; nbytes: bigint; flags: number }[] {
    const { memory } = this.guest;
    return Array.from({ length: memory.u32(this.#result) }, (_, index) => {
      const at = this.#out + 32 * index;
      return {
        userdata: memory.u64(at),
        error: memory.u16(at + 8),
        type: memory.u8(at + 10),
        nbytes: memory.u64(at + 16),
        flags: memory.u16(at + 24),
      };
    });
  }
}

const ms = 1_000_000n;

describe('poll_oneoff', () => {
  test('keeps its deadline, however often it is made again', () => {
    const guest = new TestGuest().bind();
    const poll = new PollCall(guest, [{ userdata: 7n, clock: [1, 50n * ms, 0] }]);
    let woken = 0;
    assert.equal(poll.make(), blocked);
    guest.host.whenReady(() => woken++);
    guest.timers.pass(30);
    assert.equal(woken, 0);
    assert.equal(poll.make(), blocked);
    guest.host.whenReady(() => woken++);
    guest.timers.pass(20);
    assert.equal(woken, 1);
    assert.equal(poll.make(), Errno.success);
    assert.deepEqual(poll.events(), [{ userdata: 7n, error: 0, type: 0, nbytes: 0n, flags: 0 }]);
    assert.equal(poll.make(), blocked, 'a new call has a new deadline');
  });

  test('takes absolute times of both clocks', () => {
    const guest = new TestGuest().bind();
    guest.timers.nowMs = 10;
    const wallNs = BigInt(guest.wallStartMs + 10) * ms;
    const poll = new PollCall(guest, [
      { userdata: 1n, clock: [1, 10n * ms, 1] },
      { userdata: 2n, clock: [1, 11n * ms, 1] },
      { userdata: 3n, clock: [0, wallNs, 1] },
      { userdata: 4n, clock: [0, wallNs + ms, 1] },
      { userdata: 5n, clock: [0, 0xffff_ffff_ffff_ffffn, 0] },
    ]);
    assert.equal(poll.make(), Errno.success);
    assert.deepEqual(
      poll.events().map((event) => event.userdata),
      [1n, 3n],
    );
  });

  test('a stream or a timeout, whichever comes first', () => {
    const stdin = new Gate();
    const guest = new TestGuest().bind({ stdin });
    const subscriptions = [
      { userdata: 1n, clock: [1, 50n * ms, 0] as const },
      { userdata: 2n, read: 0 },
    ];
    const first = new PollCall(guest, subscriptions);
    let woken = 0;
    assert.equal(first.make(), blocked);
    guest.host.whenReady(() => woken++);
    stdin.open('abc');
    assert.equal(woken, 1);
    assert.equal(guest.timers.waiting, 0, 'the timer is called off');
    assert.equal(first.make(), Errno.success);
    assert.deepEqual(first.events(), [{ userdata: 2n, error: 0, type: 1, nbytes: 3n, flags: 0 }]);

    stdin.bytes = undefined;
    const second = new PollCall(guest, subscriptions);
    assert.equal(second.make(), blocked);
    guest.host.whenReady(() => woken++);
    guest.timers.pass(50);
    assert.equal(woken, 2);
    assert.equal(second.make(), Errno.success);
    assert.deepEqual(
      second.events().map((event) => event.userdata),
      [1n],
    );
  });

  test('reports what is wrong with a subscription as its event', () => {
    const guest = new TestGuest().bind();
    const poll = new PollCall(guest, [
      { userdata: 1n, read: 99 },
      { userdata: 2n, read: -1 },
      { userdata: 3n, read: 1 },
      { userdata: 4n, write: 3 },
      { userdata: 5n, clock: [9, 0n, 0] },
      { userdata: 6n, clock: [1, 0n, 2] },
      { userdata: 7n, read: 0 },
    ]);
    assert.equal(poll.make(), Errno.success);
    const errors = poll.events().map((event) => [event.userdata, event.error]);
    assert.deepEqual(errors, [
      [1n, Errno.badf],
      [2n, Errno.badf],
      [3n, Errno.notcapable],
      [4n, Errno.notcapable],
      [5n, Errno.inval],
      [6n, Errno.inval],
      [7n, Errno.success],
    ]);
    assert.equal(poll.events().at(-1)?.flags, 1, 'stdin is at its end');
  });

  test('files are always ready', () => {
    const guest = new TestGuest().bind();
    const [, fd] = guest.open(3, 'file', { oflags: 1 });
    guest.write(fd, 'hello');
    guest.call('fd_seek', fd, 2n, 0, guest.take(8));
    const poll = new PollCall(guest, [
      { userdata: 1n, read: fd },
      { userdata: 2n, write: fd },
    ]);
    assert.equal(poll.make(), Errno.success);
    assert.deepEqual(
      poll.events().map((event) => event.nbytes),
      [3n, 1n],
    );
  });

  test('refuses what is no subscription, none, and too many', () => {
    const guest = new TestGuest().bind();
    assert.equal(new PollCall(guest, []).make(), Errno.inval);
    assert.equal(new PollCall(guest, [{ userdata: 1n, read: 0, tag: 3 }]).make(), Errno.inval);
    assert.equal(guest.call('poll_oneoff', 0, 0, 0x7fff_ffff, 0), Errno.inval);
    assert.equal(guest.call('poll_oneoff', 0, 0, -1, 0), Errno.inval);
  });

  test('events may be written over the subscriptions', () => {
    const guest = new TestGuest().bind();
    const at = guest.take(48 * 3);
    for (let index = 0; index < 3; index++) {
      guest.memory.setU64(at + 48 * index, BigInt(index + 1));
      guest.memory.setU8(at + 48 * index + 8, 2);
      guest.memory.setU32(at + 48 * index + 16, 1);
    }
    const result = guest.take(4);
    assert.equal(guest.call('poll_oneoff', at, at, 3, result), Errno.success);
    assert.equal(guest.memory.u32(result), 3);
    assert.deepEqual(
      [0, 1, 2].map((index) => guest.memory.u64(at + 32 * index)),
      [1n, 2n, 3n],
    );
  });
});

describe('blocking', () => {
  test('fd_read blocks only when it has nothing at all, and then reads what came', () => {
    const stdin = new Gate();
    const guest = new TestGuest().bind({ stdin });
    assert.equal(guest.read(0, 4)[0], blocked);
    let woken = 0;
    guest.host.whenReady(() => woken++);
    stdin.open('abcdef');
    assert.equal(woken, 1);
    const [first, second, result] = [guest.take(4), guest.take(8), guest.take(4)];
    const list = guest.vectors([first, 4], [0, 0], [second, 8]);
    assert.equal(guest.call('fd_read', 0, ...list, result), Errno.success);
    assert.equal(guest.memory.u32(result), 6);
    assert.deepEqual([guest.memory.text(first, 4), guest.memory.text(second, 2)], ['abcd', 'ef']);
    assert.equal(guest.call('fd_read', 0, ...list, result), blocked);
  });

  test('fd_write takes what there is room for, and loses or repeats no byte', () => {
    const stdout = new Gate();
    const guest = new TestGuest().bind({ stdout });
    const list = guest.vectors(guest.text('hello '), guest.text('world'));
    const result = guest.take(4);
    assert.equal(guest.call('fd_write', 1, ...list, result), blocked);
    let woken = 0;
    guest.host.whenReady(() => woken++);
    stdout.open(8);
    assert.equal(woken, 1);
    assert.equal(guest.call('fd_write', 1, ...list, result), Errno.success);
    assert.equal(guest.memory.u32(result), 8);
    assert.equal(stdout.written.join(''), 'hello wo');
  });

  test('with NONBLOCK there is no waiting', () => {
    const gate = new Gate();
    const guest = new TestGuest().bind({ stdin: gate, stdout: gate });
    assert.equal(guest.call('fd_fdstat_set_flags', 0, 4), Errno.success);
    assert.equal(guest.call('fd_fdstat_set_flags', 1, 4), Errno.success);
    assert.equal(guest.read(0, 4)[0], Errno.again);
    assert.equal(guest.write(1, 'x')[0], Errno.again);
  });

  test('reading or writing nothing never blocks', () => {
    const gate = new Gate();
    const guest = new TestGuest().bind({ stdin: gate, stdout: gate });
    const result = guest.take(4);
    assert.equal(guest.call('fd_read', 0, 0, 0, result), Errno.success);
    assert.equal(guest.call('fd_write', 1, ...guest.vectors([0, 0]), result), Errno.success);
  });

  test('a wake that comes late never reaches the next request', () => {
    const stdin = new Gate();
    const guest = new TestGuest().bind({ stdin });
    const poll = new PollCall(guest, [
      { userdata: 1n, clock: [1, 50n * ms, 0] },
      { userdata: 2n, read: 0 },
    ]);
    let woken = 0;
    assert.equal(poll.make(), blocked);
    guest.host.whenReady(() => woken++);
    guest.host.unbind();
    guest.bind({ stdin: new Gate() });
    assert.equal(poll.make(), blocked);
    guest.host.whenReady(() => woken++);
    stdin.open('late');
    assert.equal(woken, 0);
    guest.timers.pass(50);
    assert.equal(woken, 1, 'only the new request has a timer');
  });

  test('polling in a loop leaves one callback with a stream', () => {
    const stdin = new Gate();
    const guest = new TestGuest().bind({ stdin });
    const poll = new PollCall(guest, [
      { userdata: 1n, clock: [1, ms, 0] },
      { userdata: 2n, read: 0 },
    ]);
    for (let round = 0; round < 100; round++) {
      assert.equal(poll.make(), blocked);
      let woken = false;
      guest.host.whenReady(() => (woken = true));
      guest.timers.pass(1);
      assert.ok(woken);
      assert.equal(poll.make(), Errno.success);
    }
    assert.equal(stdin.callbacks.length, 1);
    assert.equal(poll.guest.timers.waiting, 0);
  });

  test('a stream that is ready by the time it is asked wakes at once', () => {
    const stdin = new Gate();
    const guest = new TestGuest().bind({ stdin });
    assert.equal(guest.read(0, 4)[0], blocked);
    stdin.bytes = Buffer.from('x');
    let woken = 0;
    guest.host.whenReady(() => woken++);
    assert.equal(woken, 1);
  });
});
