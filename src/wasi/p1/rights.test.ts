import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { Right, rightsOfFile } from './abi.ts';

const creat = 1;
const trunc = 8;

describe('rights', () => {
  const rightsOf = (guest: TestGuest, fd: number): [base: bigint, inheriting: bigint] => {
    const at = guest.take(24);
    assert.equal(guest.call('fd_fdstat_get', fd, at), Errno.success);
    return [guest.memory.u64(at + 8), guest.memory.u64(at + 16)];
  };

  test('can only get fewer', () => {
    const guest = new TestGuest().bind();
    const [base, inheriting] = rightsOf(guest, 3);
    assert.equal(guest.call('fd_fdstat_set_rights', 3, base | BigInt(Right.fdRead), inheriting), Errno.notcapable);
    assert.equal(guest.call('fd_fdstat_set_rights', 3, base | (1n << 40n), inheriting), Errno.notcapable);
    assert.equal(guest.call('fd_fdstat_set_rights', 3, -1n, -1n), Errno.notcapable);
    assert.equal(guest.call('fd_fdstat_set_rights', 3, BigInt(Right.pathOpen), BigInt(Right.fdRead)), Errno.success);
    assert.deepEqual(rightsOf(guest, 3), [BigInt(Right.pathOpen), BigInt(Right.fdRead)]);
    assert.equal(guest.call('fd_fdstat_set_rights', 3, base, inheriting), Errno.notcapable);
  });

  test('of what is opened are within those that can be inherited', () => {
    const guest = new TestGuest().bind();
    guest.create('f', 'x');
    const [base] = rightsOf(guest, 3);
    guest.call('fd_fdstat_set_rights', 3, base, BigInt(Right.fdRead | Right.fdSeek));
    assert.equal(guest.open(3, 'f', { rights: BigInt(Right.fdWrite), inheriting: 0n })[0], Errno.notcapable);
    assert.equal(guest.open(3, 'f', { rights: 0n, inheriting: BigInt(Right.fdWrite) })[0], Errno.notcapable);
    assert.equal(guest.open(3, '.', { rights: base, inheriting: 0n })[0], Errno.notcapable);
    assert.equal(
      guest.open(3, 'f', { rights: 0n, inheriting: 0n, fdflags: 16 })[0],
      Errno.notcapable,
      'SYNC needs fd_sync',
    );
    const [errno, fd] = guest.open(3, 'f', { rights: BigInt(Right.fdRead), inheriting: 0n });
    assert.equal(errno, Errno.success);
    assert.deepEqual(rightsOf(guest, fd), [BigInt(Right.fdRead), 0n]);
  });

  test('each call has the one it needs', () => {
    const guest = new TestGuest().bind();
    guest.create('f', 'x');
    const all = BigInt(rightsOfFile);
    const [buffer, result] = [guest.take(64), guest.take(64)];
    const list = guest.vectors([buffer, 4]);
    const calls: [number, (fd: number) => number | undefined][] = [
      [Right.fdRead, (fd) => guest.call('fd_read', fd, ...list, result)],
      [Right.fdWrite, (fd) => guest.call('fd_write', fd, ...list, result)],
      [Right.fdSeek, (fd) => guest.call('fd_seek', fd, 1n, 0, result)],
      [Right.fdSeek | Right.fdTell, (fd) => guest.call('fd_tell', fd, result)],
      [Right.fdSeek | Right.fdTell, (fd) => guest.call('fd_seek', fd, 0n, 1, result)],
      [Right.fdSeek, (fd) => guest.call('fd_pread', fd, ...list, 0n, result)],
      [Right.fdRead, (fd) => guest.call('fd_pread', fd, ...list, 0n, result)],
      [Right.fdSeek, (fd) => guest.call('fd_pwrite', fd, ...list, 0n, result)],
      [Right.fdWrite, (fd) => guest.call('fd_pwrite', fd, ...list, 0n, result)],
      [Right.fdFdstatSetFlags, (fd) => guest.call('fd_fdstat_set_flags', fd, 1)],
      [Right.fdSync, (fd) => guest.call('fd_sync', fd)],
      [Right.fdDatasync, (fd) => guest.call('fd_datasync', fd)],
      [Right.fdAdvise, (fd) => guest.call('fd_advise', fd, 0n, 1n, 0)],
      [Right.fdAllocate, (fd) => guest.call('fd_allocate', fd, 0n, 1n)],
      [Right.fdFilestatGet, (fd) => guest.call('fd_filestat_get', fd, result)],
      [Right.fdFilestatSetSize, (fd) => guest.call('fd_filestat_set_size', fd, 1n)],
      [Right.fdFilestatSetTimes, (fd) => guest.call('fd_filestat_set_times', fd, 0n, 0n, 0)],
    ];
    for (const [right, call] of calls) {
      const [, able] = guest.open(3, 'f', { rights: all });
      assert.equal(call(able), Errno.success, String(call));
      const [, unable] = guest.open(3, 'f', { rights: all & ~BigInt(right) });
      assert.equal(call(unable), Errno.notcapable, String(call));
    }
  });

  test('each call on a path has the one it needs', () => {
    const guest = new TestGuest().bind();
    const [base, inheriting] = rightsOf(guest, 3);
    guest.mkdir('d');
    guest.create('d/f');
    const [buffer, result] = [guest.take(64), guest.take(64)];
    const at = (fd: number, path: string): [number, number, number] => [fd, ...guest.text(path)];
    const calls: [number, (fd: number) => number | undefined][] = [
      [Right.pathOpen, (fd) => guest.open(fd, 'f')[0]],
      [Right.pathCreateFile, (fd) => guest.open(fd, 'new', { oflags: creat })[0]],
      [Right.pathFilestatSetSize, (fd) => guest.open(fd, 'f', { oflags: trunc })[0]],
      [Right.pathCreateDirectory, (fd) => guest.call('path_create_directory', ...at(fd, 'dir'))],
      [Right.pathFilestatGet, (fd) => guest.call('path_filestat_get', fd, 0, ...guest.text('f'), buffer)],
      [Right.pathFilestatSetTimes, (fd) => guest.call('path_filestat_set_times', fd, 0, ...guest.text('f'), 0n, 0n, 0)],
      [Right.pathLinkSource, (fd) => guest.call('path_link', fd, 0, ...guest.text('f'), 3, ...guest.text('l1'))],
      [Right.pathLinkTarget, (fd) => guest.call('path_link', 3, 0, ...guest.text('d/f'), ...at(fd, 'l2'))],
      [Right.pathSymlink, (fd) => guest.call('path_symlink', ...guest.text('f'), ...at(fd, 's'))],
      [Right.pathReadlink, (fd) => guest.call('path_readlink', ...at(fd, 's'), buffer, 9, result)],
      [Right.fdReaddir, (fd) => guest.call('fd_readdir', fd, buffer, 64, 0n, result)],
      [Right.pathRenameSource, (fd) => guest.call('path_rename', ...at(fd, 'l2'), ...at(3, 'l3'))],
      [Right.pathRenameTarget, (fd) => guest.call('path_rename', ...at(3, 'l3'), ...at(fd, 'l4'))],
      [Right.pathUnlinkFile, (fd) => guest.call('path_unlink_file', ...at(fd, 'l4'))],
      [Right.pathRemoveDirectory, (fd) => guest.call('path_remove_directory', ...at(fd, 'dir'))],
    ];
    for (const [right, call] of calls) {
      const [, unable] = guest.open(3, 'd', { rights: base & ~BigInt(right), inheriting });
      assert.equal(call(unable), Errno.notcapable, String(call));
      const [, able] = guest.open(3, 'd', { rights: base, inheriting });
      assert.equal(call(able), Errno.success, String(call));
    }
  });
});
