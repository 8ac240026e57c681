import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { emptyTree, TreeBuilder } from '../fs/mod.ts';
import { BytesInput } from '../streams.ts';
import { p1Names, p1Signatures } from './mod.ts';
import { Preopen } from './preopen.ts';
import { environText } from './strings.ts';

describe('P1Host', () => {
  test('offers every function of the witx, and no other', () => {
    const offered = Object.keys(new TestGuest().host.imports['wasi_snapshot_preview1'] ?? {});
    assert.deepEqual(offered.toSorted(), [...p1Names].toSorted());
    assert.equal(offered.length, 46);
    assert.equal(p1Signatures.get('fd_seek')?.params.join(' '), 'i32 i64 i32 i32');
    assert.deepEqual(p1Signatures.get('proc_exit')?.results, []);
  });

  test('hands over arguments and environment, counted in bytes of UTF-8', () => {
    const guest = new TestGuest().bind({
      args: ['prog', 'żółw', ''],
      environ: () => environText({ A: '1', CITY: 'Łódź 🚀' }),
    });
    const [counts, pointers, buffer] = [guest.take(8), guest.take(16), guest.take(64)];
    assert.equal(guest.call('args_sizes_get', counts, counts + 4), Errno.success);
    assert.deepEqual([guest.memory.u32(counts), guest.memory.u32(counts + 4)], [3, 5 + 8 + 1]);
    assert.equal(guest.call('args_get', pointers, buffer), Errno.success);
    assert.equal(guest.memory.text(buffer, 14), 'prog\0żółw\0\0');
    assert.deepEqual(
      [0, 4, 8].map((at) => guest.memory.u32(pointers + at)),
      [buffer, buffer + 5, buffer + 13],
    );
    assert.equal(guest.call('environ_sizes_get', counts, counts + 4), Errno.success);
    const bytes = guest.memory.u32(counts + 4);
    assert.deepEqual([guest.memory.u32(counts), bytes], [2, Buffer.byteLength('A=1\0CITY=Łódź 🚀\0')]);
    assert.equal(guest.call('environ_get', pointers, buffer), Errno.success);
    assert.equal(guest.memory.text(buffer, bytes), 'A=1\0CITY=Łódź 🚀\0');
  });

  test('asks for the environment only when the guest does, and once', () => {
    let asked = 0;
    const guest = new TestGuest().bind({ environ: () => `N=${++asked}\0` });
    const counts = guest.take(8);
    assert.equal(asked, 0);
    guest.call('environ_sizes_get', counts, counts + 4);
    guest.call('environ_get', guest.take(4), guest.take(8));
    assert.equal(asked, 1);
    guest.host.unbind();
    guest.bind({ environ: () => `N=${++asked}\0` });
    guest.call('environ_sizes_get', counts, counts + 4);
    assert.equal(asked, 2);
  });

  test('environText leaves out what is no name, and cuts values at a NUL', () => {
    assert.equal(environText({ OK: 'a\0HTTP_PROXY=x', '': 'x', 'A=B': 'x', 'C\0D': 'x' }), 'OK=a\0');
  });

  test('stdin reads, stdout and stderr write; and not the other way round', () => {
    const guest = new TestGuest().bind({ stdin: new BytesInput(Buffer.from('question')) });
    assert.deepEqual(guest.read(0, 5), [0, 'quest']);
    assert.deepEqual(guest.read(0, 50), [0, 'ion']);
    assert.deepEqual(guest.read(0, 50), [0, '']);
    assert.deepEqual(guest.write(1, 'answer'), [0, 6]);
    assert.deepEqual(guest.write(2, 'log'), [0, 3]);
    assert.equal(Buffer.from(guest.stdout.bytes()).toString(), 'answer');
    assert.equal(Buffer.from(guest.stderr.bytes()).toString(), 'log');
    assert.equal(guest.read(1, 1)[0], Errno.notcapable);
    assert.equal(guest.write(0, 'x')[0], Errno.notcapable);
  });

  test('stdout is no terminal unless it is one', () => {
    const filetype = (guest: TestGuest, fd: number): number => {
      const stat = guest.take(24);
      assert.equal(guest.call('fd_fdstat_get', fd, stat), Errno.success);
      return guest.memory.u8(stat);
    };
    assert.equal(filetype(new TestGuest().bind(), 1), 0);
    const guest = new TestGuest().bind({ terminals: [1] });
    assert.deepEqual(
      [0, 1, 2].map((fd) => filetype(guest, fd)),
      [0, 2, 0],
    );
  });

  test('preopens are told by name', () => {
    const guest = new TestGuest().bind({ preopens: [new Preopen('/', emptyTree), new Preopen('/données', emptyTree)] });
    const stat = guest.take(8);
    assert.equal(guest.call('fd_prestat_get', 4, stat), Errno.success);
    assert.deepEqual([guest.memory.u8(stat), guest.memory.u32(stat + 4)], [0, 9]);
    const name = guest.take(16);
    assert.equal(guest.call('fd_prestat_dir_name', 4, name, 9), Errno.success);
    assert.equal(guest.memory.text(name, 9), '/données');
    assert.equal(guest.call('fd_prestat_dir_name', 4, name, 8), Errno.nametoolong);
    assert.equal(guest.call('fd_prestat_get', 5, stat), Errno.badf);
    assert.equal(guest.call('fd_prestat_get', 1, stat), Errno.badf);
  });

  test('proc_exit keeps the code and stops the guest', () => {
    const guest = new TestGuest().bind();
    assert.equal(guest.host.exitCode, undefined);
    assert.equal(guest.call('proc_exit', -1), undefined);
    assert.equal(guest.host.exitCode, 0xffff_ffff);
    assert.equal(guest.stops, 1);
    guest.host.unbind();
    assert.equal(guest.host.exitCode, undefined);
  });

  for (const [signal, errno, exitCode] of [
    [0, Errno.success, undefined],
    [6, Errno.success, 134],
    [13, Errno.success, undefined],
    [18, Errno.notsup, undefined],
    [31, Errno.inval, undefined],
    [-1, Errno.inval, undefined],
  ] as const) {
    test(`proc_raise(${signal}) does what the signal's default action is`, () => {
      const guest = new TestGuest().bind();
      assert.equal(guest.call('proc_raise', signal), errno);
      assert.equal(guest.host.exitCode, exitCode);
      assert.equal(guest.stops, exitCode === undefined ? 0 : 1);
    });
  }

  test('sockets are refused: nothing that is open is one', () => {
    const guest = new TestGuest().bind();
    assert.equal(guest.call('sock_shutdown', 9, 1), Errno.badf);
    for (const fd of [0, 1, 2, 3]) {
      assert.equal(guest.call('sock_shutdown', fd, 1), Errno.notsock);
      assert.equal(guest.call('sock_accept', fd, 0, 64), Errno.notsock);
      assert.equal(guest.call('sock_send', fd, 64, 1, 0, 64), Errno.notsock);
      assert.equal(guest.call('sock_recv', fd, 64, 1, 0, 64, 68), Errno.notsock);
    }
  });

  test('clocks go in steps, and there is none of CPU time', () => {
    const guest = new TestGuest().bind();
    const result = guest.take(8);
    guest.timers.nowMs = 1234.56789;
    assert.equal(guest.call('clock_time_get', 1, 0n, result), Errno.success);
    assert.equal(guest.memory.u64(result), 1_234_500_000n);
    assert.equal(guest.call('clock_res_get', 0, result), Errno.success);
    assert.equal(guest.memory.u64(result), 100_000n);
    assert.equal(guest.call('clock_time_get', 0, 0n, result), Errno.success);
    assert.equal(guest.memory.u64(result) / 1_000_000_000n, 1_700_000_001n);
    for (const id of [2, 3, 4, -1]) {
      assert.equal(guest.call('clock_time_get', id, 0n, result), Errno.inval);
      assert.equal(guest.call('clock_res_get', id, result), Errno.inval);
    }
    const fine = new TestGuest({ clockStepUs: 1 }).bind();
    fine.timers.nowMs = 1.0015;
    fine.call('clock_time_get', 1, 0n, result);
    assert.equal(fine.memory.u64(result), 1_001_000n);
  });

  test('random_get cuts a long call into pieces that others can run between', () => {
    const guest = new TestGuest().bind();
    const length = 1_200_000;
    const buffer = guest.take(length);
    let blockedTimes = 0;
    while (guest.call('random_get', buffer, length) === -1) {
      let woken = false;
      guest.host.whenReady(() => (woken = true));
      assert.equal(woken, false);
      guest.timers.pass(1);
      assert.equal(woken, true);
      blockedTimes++;
    }
    assert.equal(blockedTimes, 2);
    assert.ok(guest.memory.bytes(buffer, length).every((byte) => byte !== 0));
    assert.equal(guest.call('random_get', buffer, 0), Errno.success);
  });

  test('a mistake of ours stops the guest, and is no exception it could catch', () => {
    const guest = new TestGuest().bind({
      stdout: {
        write: () => {
          throw new Error('broken stream');
        },
        ready: () => true,
        onReady: () => {},
      },
    });
    assert.equal(guest.write(1, 'x')[0], Errno.io);
    assert.equal(guest.stops, 1);
    assert.match(String(guest.host.bug), /broken stream/);
    guest.host.unbind();
    assert.equal(guest.host.bug, undefined);
  });

  test('unbind leaves nothing of a request: no descriptor, file, string or flag', () => {
    const guest = new TestGuest().bind({ environ: () => 'SECRET=1\0', args: ['a', 'b'] });
    const [, fd] = guest.open(3, 'left-behind', { oflags: 1 });
    guest.write(fd, 'text');
    guest.call('fd_fdstat_set_flags', 1, 4);
    guest.call('fd_close', 2);
    guest.call('fd_fdstat_set_rights', 3, 0n, 0n);
    guest.host.unbind();
    const counts = guest.take(8);
    for (let number = 0; number < 8; number++) assert.equal(guest.call('fd_fdstat_get', number, counts), Errno.badf);
    guest.call('environ_sizes_get', counts, counts + 4);
    assert.equal(guest.memory.u64(counts), 0n);
    guest.bind();
    const stat = guest.take(24);
    guest.call('fd_fdstat_get', 1, stat);
    assert.equal(guest.memory.u16(stat + 2), 0);
    assert.deepEqual(guest.write(2, 'x'), [0, 1]);
    assert.equal(guest.open(3, 'left-behind')[0], Errno.noent);
  });

  test('what one request does to a shared tree, the next does not see', () => {
    const tree = new TreeBuilder(5n)
      .file('dir/a.txt', Buffer.from('original'))
      .symbolicLink('link', 'dir/a.txt')
      .build();
    const preopens = [new Preopen('/', tree)];
    const guest = new TestGuest();
    for (let round = 0; round < 3; round++) {
      guest.bind({ preopens });
      const [errno, fd] = guest.open(3, 'link');
      assert.equal(errno, Errno.success);
      assert.deepEqual(guest.read(fd, 99), [0, 'original']);
      guest.call('fd_seek', fd, 0n, 0, guest.take(8));
      assert.deepEqual(guest.write(fd, 'CHANGED'), [0, 7]);
      assert.equal(guest.call('path_rename', 3, ...guest.text('dir/a.txt'), 3, ...guest.text('moved')), Errno.success);
      assert.equal(guest.call('path_remove_directory', 3, ...guest.text('dir')), Errno.success);
      assert.equal(guest.call('path_unlink_file', 3, ...guest.text('link')), Errno.success);
      guest.host.unbind();
    }
  });
});
