import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Filestat, TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { TreeBuilder } from '../fs/mod.ts';
import { Right } from './abi.ts';
import { Preopen } from './preopen.ts';

const creat = 1;
const directory = 2;

describe('files', () => {
  test('a hole reads as zeros, and writing past the end makes one', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('sparse');
    assert.equal(guest.seek(fd, 200_000n, 0), 200_000n);
    assert.deepEqual(guest.write(fd, 'end'), [0, 3]);
    assert.equal(guest.seek(fd, -4n, 1), 199_999n);
    assert.deepEqual(guest.read(fd, 10), [0, '\0end']);
    assert.equal(guest.statOf(fd).size, 200_003n);
  });

  test('fd_seek refuses what is before the start, and what is past all numbers', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('f', 'abc');
    assert.equal(guest.seek(fd, 0n, 2), 3n);
    assert.equal(guest.seek(fd, -4n, 2), Errno.inval);
    assert.equal(guest.seek(fd, 2n ** 63n - 1n, 0), Errno.overflow);
    assert.equal(guest.seek(fd, 0n, 3), Errno.inval);
    assert.equal(guest.seek(fd, 0n, 1), 3n);
    assert.equal(guest.seek(1, 0n, 1), Errno.spipe);
    assert.equal(guest.seek(3, 0n, 1), Errno.isdir);
  });

  test('O_APPEND writes at the end, wherever the position is', () => {
    const guest = new TestGuest().bind();
    guest.create('log', 'one');
    const [, fd] = guest.open(3, 'log', { fdflags: 1 });
    assert.deepEqual(guest.write(fd, 'two'), [0, 3]);
    assert.equal(guest.seek(fd, 0n, 1), 6n);
    assert.equal(guest.seek(fd, 0n, 0), 0n);
    assert.deepEqual(guest.read(fd, 9), [0, 'onetwo']);
  });

  test('the budget holds: short writes, then ENOSPC, and room again after unlink', () => {
    const guest = new TestGuest({ fileBytesMax: 100_000 }).bind();
    const fd = guest.create('big');
    const [buffer, result] = [guest.take(200_000), guest.take(4)];
    const list = guest.vectors([buffer, 200_000]);
    assert.equal(guest.call('fd_write', fd, ...list, result), Errno.success);
    const written = guest.memory.u32(result);
    assert.ok(written > 98_000 && written < 100_000, `${written}`);
    while (guest.call('fd_write', fd, ...list, result) === Errno.success);
    assert.equal(guest.call('fd_write', fd, ...list, result), Errno.nospc);
    assert.equal(guest.open(3, 'another', { oflags: creat })[0], Errno.nospc);
    assert.equal(guest.unlink('big'), Errno.success);
    assert.equal(guest.mkdir('dir'), Errno.nospc, 'it is open, and so still there');
    assert.equal(guest.call('fd_close', fd), Errno.success);
    assert.equal(guest.mkdir('dir'), Errno.success);
    const again = guest.create('again');
    assert.equal(guest.call('fd_allocate', again, 0n, 65_536n), Errno.success);
  });

  test('a guest cannot have more files than the budget has room for', () => {
    const guest = new TestGuest({ fileBytesMax: 50_000 }).bind();
    let made = 0;
    const [pointer] = guest.text('0000');
    const result = guest.take(4);
    for (; made < 1000; made++) {
      guest.memory.write(pointer, Buffer.from(String(made).padStart(4, '0')));
      const errno = guest.call('path_open', 3, 0, pointer, 4, creat, 0n, 0n, 0, result);
      if (errno !== Errno.success) break;
      guest.call('fd_close', guest.memory.u32(result));
    }
    assert.ok(made > 50 && made < 200, `${made}`);
    assert.equal(guest.mkdir('dirs'), Errno.nospc);
    assert.equal(guest.symlink('x', 'link'), Errno.nospc);
    let links = 0;
    while (links < 5 && guest.link('0000', `link${links}`) === Errno.success) links++;
    assert.ok(links < 5, 'names cost, too');
    assert.equal(guest.rename('0000', '9999'), Errno.success, 'a full file system can still rename');
  });

  test('the descriptor table is capped, and nothing is made that cannot be opened', () => {
    const guest = new TestGuest().bind();
    const [path, length] = guest.text('f');
    const result = guest.take(4);
    const open = (): number | undefined => guest.call('path_open', 3, 0, path, length, creat, 0n, 0n, 0, result);
    let opened = 0;
    while (open() === Errno.success) opened++;
    assert.equal(opened, 1024 - 4);
    assert.equal(open(), Errno.mfile);
    assert.equal(guest.open(3, 'g', { oflags: creat })[0], Errno.mfile);
    assert.equal(guest.stat('g'), Errno.noent);
    assert.equal(guest.call('fd_close', 500), Errno.success);
    assert.equal(open(), Errno.success);
    assert.equal(guest.memory.u32(result), 500);
  });

  test('an unlinked file stays until it is closed', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('f', 'still here');
    assert.equal(guest.unlink('f'), Errno.success);
    assert.equal(guest.statOf(fd).nlink, 0n);
    guest.seek(fd, 0n, 0);
    assert.deepEqual(guest.read(fd, 20), [0, 'still here']);
    guest.create('f', 'new');
    guest.seek(fd, 0n, 0);
    assert.deepEqual(guest.read(fd, 20), [0, 'still here']);
  });

  test('nothing is made in a directory that was removed', () => {
    const guest = new TestGuest().bind();
    guest.mkdir('d');
    const [, fd] = guest.open(3, 'd', {
      oflags: directory,
      rights: BigInt(Right.pathOpen | Right.pathCreateFile | Right.pathCreateDirectory),
    });
    assert.equal(guest.rmdir('d'), Errno.success);
    assert.equal(guest.open(fd, 'f', { oflags: creat })[0], Errno.noent);
    assert.equal(guest.call('path_create_directory', fd, ...guest.text('e')), Errno.noent);
  });

  test('times are set to what is given, to now, or left alone', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('f');
    guest.timers.nowMs = 5000;
    assert.equal(guest.call('fd_filestat_set_times', fd, -1n, 5n, 4), Errno.success);
    const before = guest.statOf(fd);
    assert.equal(before.mtim, 5n);
    assert.equal(before.ctim, BigInt(guest.wallStartMs + 5000) * 1_000_000n);
    assert.equal(guest.call('path_filestat_set_times', 3, 0, ...guest.text('f'), -1n, 0n, 1 | 8), Errno.success);
    const after = guest.statOf(fd);
    assert.equal(after.atim, 0xffff_ffff_ffff_ffffn);
    assert.equal(after.mtim, after.ctim);
    for (const flags of [3, 12, 15, 16, -1]) {
      assert.equal(guest.call('fd_filestat_set_times', fd, 0n, 0n, flags), Errno.inval);
      assert.equal(guest.call('path_filestat_set_times', 3, 0, ...guest.text('f'), 0n, 0n, flags), Errno.inval);
    }
  });

  test('hard links are one file', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('a', 'text');
    assert.equal(guest.link('a', 'b'), Errno.success);
    const [a, b] = [guest.stat('a'), guest.stat('b')];
    assert.deepEqual(a, b);
    assert.equal(guest.statOf(fd).nlink, 2n);
    assert.equal(guest.unlink('a'), Errno.success);
    const [, other] = guest.open(3, 'b');
    assert.deepEqual(guest.read(other, 9), [0, 'text']);
  });

  test('hard links of a loaded tree are one file too', () => {
    const tree = new TreeBuilder().file('d/a', Buffer.from('x')).hardLink('e/b', 'd/a').build();
    const guest = new TestGuest().bind({ preopens: [new Preopen('/', tree)] });
    assert.deepEqual(guest.stat('d/a'), guest.stat('e/b'));
    const [, fd] = guest.open(3, 'd/a', { fdflags: 1 });
    guest.write(fd, 'y');
    const [, other] = guest.open(3, 'e/b');
    assert.deepEqual(guest.read(other, 9), [0, 'xy']);
  });

  test('fd_renumber moves, closes what was there, and onto itself does nothing', () => {
    const guest = new TestGuest().bind();
    const [a, b] = [guest.create('a', 'aa'), guest.create('b', 'b')];
    assert.equal(guest.call('fd_renumber', a, a), Errno.success);
    assert.equal(guest.statOf(a).size, 2n);
    assert.equal(guest.call('fd_renumber', a, b), Errno.success);
    assert.equal(guest.statOf(b).size, 2n);
    assert.equal(guest.call('fd_close', a), Errno.badf);
    assert.equal(guest.call('fd_renumber', b, a), Errno.badf);
    assert.equal(guest.call('fd_renumber', 99, b), Errno.badf);
    assert.equal(guest.call('fd_renumber', b, 3), Errno.success, 'a preopen can be replaced');
    assert.equal(guest.call('fd_prestat_get', 3, guest.take(8)), Errno.badf);
  });

  test('a renumbered stdout leads where it was moved to', () => {
    const guest = new TestGuest().bind();
    const fd = guest.create('out');
    assert.equal(guest.call('fd_renumber', fd, 1), Errno.success);
    guest.write(1, 'into the file');
    assert.equal(guest.stdout.bytes().byteLength, 0);
    assert.equal((guest.stat('out') as Filestat).size, 13n);
  });
});

describe('fd_readdir', () => {
  function list(guest: TestGuest, fd: number, bufferLength: number, each: (name: string) => void = () => {}): string[] {
    const [buffer, result] = [guest.take(bufferLength), guest.take(4)];
    const names: string[] = [];
    let cookie = 0n;
    for (;;) {
      assert.equal(guest.call('fd_readdir', fd, buffer, bufferLength, cookie, result), Errno.success);
      const used = guest.memory.u32(result);
      let at = 0;
      while (at + 24 <= used) {
        const length = guest.memory.u32(buffer + at + 16);
        if (at + 24 + length > used) break;
        cookie = guest.memory.u64(buffer + at);
        const name = guest.memory.text(buffer + at + 24, length) ?? '';
        names.push(name);
        each(name);
        at += 24 + length;
      }
      if (used < bufferLength) return names;
      assert.ok(at > 0, 'the buffer holds at least one entry');
    }
  }

  test('lists all, in whatever buffer', () => {
    const guest = new TestGuest().bind();
    const names = Array.from({ length: 30 }, (_, index) => `plik-ż-${index}`);
    for (const name of names) guest.mkdir(name);
    for (const bufferLength of [40, 41, 64, 100, 777, 10_000])
      assert.deepEqual(list(guest, 3, bufferLength), ['.', '..', ...names]);
  });

  test('entries may be removed and made while they are listed', () => {
    const guest = new TestGuest().bind();
    const names = Array.from({ length: 20 }, (_, index) => `f${index}`);
    for (const name of names) guest.create(name);
    let made = 0;
    const seen = list(guest, 3, 64, (name) => {
      if (!name.startsWith('f')) return;
      assert.equal(guest.unlink(name), Errno.success);
      if (made++ < 5) guest.mkdir(`new${made}`);
    });
    assert.deepEqual(seen, ['.', '..', ...names, 'new1', 'new2', 'new3', 'new4', 'new5']);
    assert.deepEqual(list(guest, 3, 64).length, 7);
  });

  test('a cookie past everything lists nothing', () => {
    const guest = new TestGuest().bind();
    const result = guest.take(4);
    for (const cookie of [3n, 2n ** 40n, -1n]) {
      assert.equal(guest.call('fd_readdir', 3, guest.take(64), 64, cookie, result), Errno.success);
      assert.equal(guest.memory.u32(result), 0);
    }
    assert.equal(guest.call('fd_readdir', 1, 64, 64, 0n, result), Errno.notdir);
  });
});
