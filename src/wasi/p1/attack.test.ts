import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { TreeBuilder } from '../fs/mod.ts';
import { dirtyPageShift } from '../guest-memory.ts';
import { blocked } from '../host.ts';
import { BytesInput } from '../streams.ts';
import { Preopen } from './preopen.ts';
import { type P1Name, p1Names, p1Signatures } from './signatures.ts';

const tree = new TreeBuilder().file('f', Buffer.from('text')).directory('d').symbolicLink('l', 'f').build();
const preopens = [new Preopen('/', tree)];

function bound(guest: TestGuest): TestGuest {
  return guest.bind({
    preopens,
    args: ['prog', 'arg'],
    environ: () => 'A=1\0',
    stdin: new BytesInput(Buffer.from('stdin')),
  });
}

/** Every call that takes a pointer, as it succeeds; and which of its parameters are pointers. */
function pointerCalls(guest: TestGuest): [name: P1Name, values: (number | bigint)[], pointers: number[]][] {
  const at = guest.take(512);
  const list = guest.vectors([guest.take(4), 4]);
  const path = guest.text('f');
  const fresh = (name: string): [number, number] => guest.text(name);
  const [errno, fd] = guest.open(3, 'f');
  assert.equal(errno, Errno.success);
  const subscription = guest.take(48);
  guest.memory.setU8(subscription + 8, 2);
  guest.memory.setU32(subscription + 16, 1);
  return [
    ['args_get', [at, at + 64], [0, 1]],
    ['args_sizes_get', [at, at + 4], [0, 1]],
    ['environ_get', [at, at + 64], [0, 1]],
    ['environ_sizes_get', [at, at + 4], [0, 1]],
    ['clock_res_get', [0, at], [1]],
    ['clock_time_get', [0, 0n, at], [2]],
    ['fd_fdstat_get', [fd, at], [1]],
    ['fd_filestat_get', [fd, at], [1]],
    ['fd_filestat_get', [1, at], [1]],
    ['fd_pread', [fd, ...list, 0n, at], [1, 4]],
    ['fd_prestat_get', [3, at], [1]],
    ['fd_prestat_dir_name', [3, at, 1], [1]],
    ['fd_pwrite', [fd, ...list, 0n, at], [1, 4]],
    ['fd_read', [0, ...list, at], [1, 3]],
    ['fd_read', [fd, ...list, at], [1, 3]],
    ['fd_readdir', [3, at, 128, 0n, at + 256], [1, 4]],
    ['fd_seek', [fd, 1n, 0, at], [3]],
    ['fd_tell', [fd, at], [1]],
    ['fd_write', [1, ...list, at], [1, 3]],
    ['fd_write', [fd, ...list, at], [1, 3]],
    ['path_create_directory', [3, ...fresh('made')], [1]],
    ['path_filestat_get', [3, 0, ...path, at], [2, 4]],
    ['path_filestat_set_times', [3, 0, ...path, 0n, 0n, 0], [2]],
    ['path_link', [3, 0, ...path, 3, ...fresh('linked')], [2, 5]],
    ['path_open', [3, 0, ...path, 0, 0n, 0n, 0, at], [2, 8]],
    ['path_readlink', [3, ...guest.text('l'), at, 16, at + 32], [1, 3, 5]],
    ['path_remove_directory', [3, ...guest.text('d')], [1]],
    ['path_rename', [3, ...guest.text('linked'), 3, ...fresh('renamed')], [1, 4]],
    ['path_symlink', [...path, 3, ...fresh('symbolic')], [0, 3]],
    ['path_unlink_file', [3, ...guest.text('renamed')], [1]],
    ['poll_oneoff', [subscription, at, 1, at + 64], [0, 1, 3]],
    ['random_get', [at, 8], [0]],
  ];
}

describe('a hostile guest', () => {
  test('gets EFAULT for every pointer that leads outside, and nothing has happened', () => {
    const guest = bound(new TestGuest());
    const calls = pointerCalls(guest);
    const end = guest.memory.lengthBytes;
    const before = Buffer.from(guest.raw.buffer.slice(0));
    for (const [name, values, pointers] of calls) {
      for (const parameter of pointers) {
        for (const bad of [end, end - 1 + 2, 0x7fff_ffff, -0x8000_0000, -1, -8, 0xffff_fff8]) {
          const given = values.map((value, index) => (index === parameter ? bad : value));
          assert.equal(guest.call(name, ...given), Errno.fault, `${name}(${given.join(', ')})`);
        }
      }
    }
    assert.equal(guest.stdout.bytes().byteLength, 0);
    assert.deepEqual(guest.read(0, 9), [0, 'stdin'], 'stdin has lost nothing');
    // Sizes and pointer lists are written one field after another; of all else nothing was.
    const after = Buffer.from(guest.raw.buffer);
    const changed = [...after.keys()].filter((index) => after[index] !== before[index]);
    assert.ok(changed.length < 64, `${changed.length} bytes changed`);
    for (const [name, values] of calls) assert.equal(guest.call(name, ...values), Errno.success, name);
    const withPointers = new Set(calls.map(([name]) => name));
    const others = p1Names.filter((name) => !withPointers.has(name) && !name.startsWith('sock_'));
    assert.deepEqual(others, [
      'fd_advise',
      'fd_allocate',
      'fd_close',
      'fd_datasync',
      'fd_fdstat_set_flags',
      'fd_fdstat_set_rights',
      'fd_filestat_set_size',
      'fd_filestat_set_times',
      'fd_renumber',
      'fd_sync',
      'proc_exit',
      'proc_raise',
      'sched_yield',
    ]);
  });

  test('gets EBADF for every descriptor that is none, whatever else is wrong', () => {
    const guest = bound(new TestGuest());
    for (const name of p1Names.filter((each) => /^(?:fd|path|sock)_/.test(each) && each !== 'path_symlink')) {
      const types = p1Signatures.get(name)?.params ?? [];
      for (const fd of [4, 5, 1023, 1024, 0x7fff_ffff, -1, -2, -0x8000_0000, 0xffff_ffff, 2 ** 31]) {
        const values = types.map((type, index) => (index === 0 ? fd : type === 'i64' ? -1n : -1));
        assert.equal(guest.call(name, ...values), Errno.badf, `${name}(${values.join(', ')})`);
      }
    }
  });

  test('with lists that lie moves no byte', () => {
    const guest = bound(new TestGuest());
    const end = guest.memory.lengthBytes;
    const result = guest.take(4);
    const good = guest.take(16);
    for (const count of [1025, 0x7fff_ffff, -1, 0x2000_0000, 0x2000_0001]) {
      assert.equal(guest.call('fd_write', 1, good, count, result), Errno.inval, `${count} buffers`);
      assert.equal(guest.call('fd_read', 0, good, count, result), Errno.inval, `${count} buffers`);
    }
    for (const bad of [
      [end - 4, 8],
      [0, end + 1],
      [8, -8],
      [-1, 1],
      [end, 1],
      [0xffff_fff8, 16],
    ] as const) {
      const list = guest.vectors([good, 4], bad);
      assert.equal(guest.call('fd_write', 1, ...list, result), Errno.fault);
      assert.equal(guest.call('fd_read', 0, ...list, result), Errno.fault);
    }
    assert.equal(guest.call('fd_write', 1, end - 8, 2, result), Errno.fault, 'the list itself leads outside');
    assert.equal(guest.stdout.bytes().byteLength, 0);
    assert.deepEqual(guest.read(0, 9), [0, 'stdin']);
  });

  test('with a list that is overwritten by what is read gets what the list said before', () => {
    const guest = bound(new TestGuest());
    const list = guest.take(16);
    const result = guest.take(4);
    guest.memory.setU32(list, list + 8);
    guest.memory.setU32(list + 4, 4);
    guest.memory.setU32(list + 8, result);
    guest.memory.setU32(list + 12, 1);
    assert.equal(guest.call('fd_read', 0, list, 2, result), Errno.success);
    assert.equal(guest.memory.text(list + 8, 4), 'stdi');
    assert.equal(guest.memory.u32(result), 5, 'the count is written last');
  });

  test('with one huge buffer many times over moves a bounded number of bytes', () => {
    const guest = bound(new TestGuest());
    const list = guest.vectors(...Array.from({ length: 1024 }, () => [0, 65_536] as const));
    const result = guest.take(4);
    assert.equal(guest.call('fd_write', 1, ...list, result), Errno.success);
    assert.equal(guest.memory.u32(result), 4 * 1024 * 1024);
  });

  test('cannot make a mistake of ours: any calls with any values', () => {
    const odd = fc.constantFrom(
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      15,
      16,
      31,
      64,
      255,
      4096,
      65_535,
      262_144,
      262_143,
      1024,
      1032,
      1040,
      2048,
      -1,
      -8,
      -2147483648,
      2147483647,
    );
    const odd64 = fc.oneof(
      fc.constantFrom(
        0n,
        1n,
        8n,
        -1n,
        0x3fff_ffffn,
        2n ** 53n,
        2n ** 40n,
        2n ** 63n - 1n,
        -(2n ** 63n),
        100n,
        1_000_000n,
      ),
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    );
    const call = fc
      .constantFrom(...p1Names)
      .chain((name) =>
        fc.tuple(
          fc.constant(name),
          fc.tuple(
            ...(p1Signatures.get(name)?.params ?? []).map((type) =>
              type === 'i64' ? odd64 : fc.oneof({ weight: 5, arbitrary: odd }, { weight: 1, arbitrary: fc.integer() }),
            ),
          ),
        ),
      );
    const base = 65_536;
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 8, maxLength: 40 }),
        (calls, seeds) => {
          const layout = { baseBytes: base, initialBytes: 3 * base, grownBytesAt: base - 60 };
          const guest = bound(new TestGuest({ fileBytesMax: 200_000 }, layout));
          // Memory that has paths, lists and subscriptions in it, so that some calls succeed.
          const words = ['f', 'd', 'l', 'd/x', '../f', '/f', 'new', 'd/..'];
          for (let at = 1024; at < 4096; at += 8) {
            const seed = seeds[(at / 8) % seeds.length] ?? 0;
            if (seed < 5)
              guest.memory.write(at, Buffer.from((words[(seed * 3 + at) % words.length] ?? 'f').padEnd(8, '\0')));
            else guest.memory.setU64(at, BigInt(1024 + 8 * seed) | (BigInt(seed) << 32n));
          }
          const physical = new Uint8Array(guest.raw.buffer);
          physical.fill(0, 0, base);
          const before = physical.slice(base);
          for (const [name, values] of calls) {
            const errno = guest.call(name, ...values);
            assert.ok(
              errno === undefined || errno === blocked || (errno >= 0 && errno <= 76),
              `${name} answered ${errno}`,
            );
            if (errno === blocked) guest.host.whenReady(() => {});
          }
          assert.equal(guest.host.bug, undefined);
          const pages = before.byteLength >> dirtyPageShift;
          for (let page = 0; page < pages; page++) {
            const range = [page << dirtyPageShift, (page + 1) << dirtyPageShift] as const;
            const isSame =
              Buffer.compare(before.subarray(...range), physical.subarray(base + range[0], base + range[1])) === 0;
            assert.ok(isSame || physical[page] === 1, `page ${page} was written to and not marked`);
          }
          assert.ok(physical.subarray(0, pages).every((mark) => mark <= 1));
          assert.ok(
            physical.subarray(pages, base).every((mark) => mark === 0),
            'nothing but marks is below address 0',
          );
          guest.host.unbind();
          assert.equal(guest.timers.waiting, 0);
        },
      ),
      { numRuns: 400 },
    );
  });
});
