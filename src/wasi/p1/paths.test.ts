import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Filestat, TestGuest } from '../../../test/support/p1-guest.ts';
import { Errno } from '../errno.ts';
import { emptyTree, TreeBuilder } from '../fs/mod.ts';
import { Filetype, Right } from './abi.ts';
import { Preopen } from './preopen.ts';

const creat = 1;
const directory = 2;
const excl = 4;
const trunc = 8;

describe('paths', () => {
  test('never lead out of the directory they start from', () => {
    const tree = new TreeBuilder()
      .file('secret', Buffer.from('s'))
      .directory('jail/inner')
      .symbolicLink('jail/up', '../secret')
      .symbolicLink('jail/absolute', '/secret')
      .symbolicLink('jail/deep', 'inner/../../secret')
      .symbolicLink('jail/around', '../jail/inner')
      .build();
    const guest = new TestGuest().bind({ preopens: [new Preopen('/', tree)] });
    const [, jail] = guest.open(3, 'jail', { oflags: directory });
    for (const path of [
      '..',
      '../secret',
      './../secret',
      'inner/../../secret',
      '/secret',
      '/',
      'up',
      'absolute',
      'deep',
      'around',
      'inner/../up',
      '../../../../etc/passwd',
      'inner/./../..',
    ]) {
      assert.equal(guest.open(jail, path)[0], Errno.notcapable, path);
      const wanted = ['up', 'absolute', 'deep', 'around', 'inner/../up'].includes(path)
        ? Errno.success
        : Errno.notcapable;
      assert.equal(guest.call('path_filestat_get', jail, 0, ...guest.text(path), guest.take(64)), wanted, path);
      assert.equal(
        guest.call('path_filestat_get', jail, 1, ...guest.text(path), guest.take(64)),
        Errno.notcapable,
        path,
      );
    }
    for (const path of ['up/x', 'absolute/x', '../x', '/x', 'inner/../../x']) {
      assert.equal(guest.open(jail, path, { oflags: creat })[0], Errno.notcapable, path);
      assert.equal(guest.call('path_create_directory', jail, ...guest.text(path)), Errno.notcapable, path);
      assert.equal(
        guest.call('path_rename', jail, ...guest.text('inner'), jail, ...guest.text(path)),
        Errno.notcapable,
        path,
      );
      assert.equal(guest.call('path_symlink', ...guest.text('t'), jail, ...guest.text(path)), Errno.notcapable, path);
      assert.equal(guest.call('path_unlink_file', jail, ...guest.text(path)), Errno.notcapable, path);
    }
    assert.equal(guest.open(3, 'jail/up')[0], Errno.success, 'from further up it leads to a file');
  });

  test('a directory that is moved while it is open is no way out', () => {
    const guest = new TestGuest().bind();
    for (const path of ['a', 'a/b', 'a/b/c', 'z']) guest.mkdir(path);
    const [, fd] = guest.open(3, 'a/b/c', { oflags: directory });
    assert.equal(guest.rename('a/b/c', 'z/c'), Errno.success);
    assert.equal(guest.open(fd, '..', { oflags: directory })[0], Errno.notcapable);
    assert.equal(guest.open(3, 'z/c/../../a', { oflags: directory })[0], Errno.success);
  });

  test('what cannot be a path is refused', () => {
    const guest = new TestGuest().bind();
    const invalid = guest.take(4);
    guest.memory.write(invalid, new Uint8Array([0x61, 0xff, 0x62, 0xc3]));
    assert.equal(guest.call('path_create_directory', 3, invalid, 4), Errno.ilseq);
    assert.equal(guest.mkdir(''), Errno.noent);
    assert.equal(guest.mkdir('a\0b'), Errno.inval);
    assert.equal(guest.mkdir('x'.repeat(256)), Errno.nametoolong);
    assert.equal(guest.mkdir('x'.repeat(255)), Errno.success);
    assert.equal(guest.mkdir('ź'.repeat(128)), Errno.nametoolong, 'bytes count, not letters');
    assert.equal(guest.mkdir('ź'.repeat(127)), Errno.success);
    assert.equal(guest.mkdir('./'.repeat(2048) + 'y'), Errno.nametoolong);
    assert.equal(guest.mkdir('katalog/żółw'), Errno.noent);
  });

  test('symbolic links are followed up to a limit', () => {
    const guest = new TestGuest().bind();
    guest.create('end', 'x');
    guest.symlink('end', 'l0');
    for (let index = 1; index <= 45; index++) guest.symlink(`l${index - 1}`, `l${index}`);
    assert.equal(guest.open(3, 'l39')[0], Errno.success);
    assert.equal(guest.open(3, 'l40')[0], Errno.loop);
    guest.symlink('loop', 'loop');
    assert.equal(guest.open(3, 'loop')[0], Errno.loop);
    assert.equal(guest.open(3, 'loop/x')[0], Errno.loop);
    guest.symlink('bomb/bomb/bomb/bomb', 'bomb');
    assert.equal(guest.open(3, 'bomb')[0], Errno.loop);
    assert.equal(guest.symlink('/etc', 'absolute'), Errno.notcapable);
    assert.equal(guest.symlink('', 'empty'), Errno.noent);
  });

  test('a slash at the end asks for a directory', () => {
    const guest = new TestGuest().bind();
    guest.create('f');
    guest.mkdir('d');
    guest.symlink('d', 'ld');
    guest.symlink('f', 'lf');
    guest.symlink('d/', 'ldslash');
    assert.equal(guest.stat('f/'), Errno.notdir);
    assert.equal((guest.stat('d//') as Filestat).filetype, Filetype.directory);
    assert.equal((guest.stat('ld') as Filestat).filetype, Filetype.symbolicLink);
    assert.equal((guest.stat('ld/') as Filestat).filetype, Filetype.directory);
    assert.equal(guest.stat('lf/'), Errno.notdir);
    assert.equal(guest.open(3, 'ldslash', { oflags: directory })[0], Errno.success);
    assert.equal(guest.unlink('f/'), Errno.notdir);
    assert.equal(guest.unlink('ld/'), Errno.notdir);
    assert.equal(guest.unlink('d/'), Errno.isdir);
    assert.equal(guest.rename('f', 'g/'), Errno.notdir);
    assert.equal(guest.rename('d/', 'e/'), Errno.success);
    assert.equal(guest.mkdir('new/'), Errno.success);
    assert.equal(guest.mkdir('f/'), Errno.exist);
    assert.equal(guest.open(3, 'made/', { oflags: creat })[0], Errno.isdir);
    assert.equal(guest.link('f', 'h/'), Errno.noent);
    assert.equal(guest.link('f/', 'h'), Errno.notdir);
    assert.equal(guest.symlink('f', 's/'), Errno.noent);
  });

  test('. and .. are no names', () => {
    const guest = new TestGuest().bind();
    guest.mkdir('d');
    assert.equal(guest.mkdir('.'), Errno.exist);
    assert.equal(guest.mkdir('d/..'), Errno.exist);
    assert.equal(guest.unlink('.'), Errno.isdir);
    assert.equal(guest.rmdir('d/.'), Errno.inval);
    assert.equal(guest.rename('.', 'e'), Errno.busy);
    assert.equal(guest.rename('d', 'd/..'), Errno.busy);
    assert.equal(guest.link('d/.', 'e'), Errno.perm);
    assert.equal(guest.symlink('x', '.'), Errno.exist);
    assert.equal(guest.open(3, '.', { oflags: creat })[0], Errno.isdir);
  });

  test('rename follows POSIX', () => {
    const guest = new TestGuest().bind();
    for (const path of ['a', 'a/b', 'full', 'full/x', 'empty']) guest.mkdir(path);
    guest.create('f', 'f');
    guest.create('g');
    assert.equal(guest.rename('a', 'a/b/c'), Errno.inval);
    assert.equal(guest.rename('a', 'a'), Errno.success);
    assert.equal(guest.rename('a', 'a/a'), Errno.inval);
    assert.equal(guest.rename('a/b', 'a'), Errno.notempty);
    assert.equal(guest.rename('a', 'full'), Errno.notempty);
    assert.equal(guest.rename('a', 'f'), Errno.notdir);
    assert.equal(guest.rename('f', 'empty'), Errno.isdir);
    assert.equal(guest.rename('nothing', 'f'), Errno.noent);
    assert.equal(guest.rename('a', 'empty'), Errno.success);
    assert.equal((guest.stat('empty/b') as Filestat).filetype, Filetype.directory);
    assert.equal(guest.rename('f', 'g'), Errno.success);
    assert.equal((guest.stat('g') as Filestat).size, 1n);
    guest.link('g', 'same');
    assert.equal(guest.rename('g', 'same'), Errno.success);
    assert.equal((guest.stat('g') as Filestat).nlink, 2n, 'two names of one file both stay');
  });

  test('links and renames do not cross from one preopen to another', () => {
    const guest = new TestGuest().bind({ preopens: [new Preopen('/', emptyTree), new Preopen('/other', emptyTree)] });
    guest.create('f');
    guest.mkdir('d');
    assert.equal(guest.call('path_rename', 3, ...guest.text('f'), 4, ...guest.text('f')), Errno.xdev);
    assert.equal(guest.call('path_rename', 3, ...guest.text('d'), 4, ...guest.text('d')), Errno.xdev);
    assert.equal(guest.call('path_link', 3, 0, ...guest.text('f'), 4, ...guest.text('f')), Errno.xdev);
    assert.notEqual(guest.statOf(3).dev, guest.statOf(4).dev);
  });

  test('path_open makes, refuses and cuts as its flags say', () => {
    const guest = new TestGuest().bind();
    guest.create('f', 'text');
    guest.symlink('target', 'dangling');
    guest.mkdir('d');
    assert.equal(guest.open(3, 'f', { oflags: creat | excl })[0], Errno.exist);
    assert.equal(guest.open(3, 'dangling', { oflags: creat | excl })[0], Errno.exist);
    assert.equal(guest.open(3, 'dangling', { oflags: creat })[0], Errno.success);
    assert.equal((guest.stat('target') as Filestat).filetype, Filetype.regularFile);
    assert.equal(guest.open(3, 'f', { oflags: directory })[0], Errno.notdir);
    assert.equal(guest.open(3, 'd', { oflags: trunc })[0], Errno.isdir);
    assert.equal(guest.open(3, 'd', { rights: BigInt(Right.fdWrite) })[0], Errno.isdir);
    assert.equal(guest.open(3, 'x', { oflags: creat | directory })[0], Errno.inval);
    assert.equal(guest.open(3, 'f', { oflags: 16 })[0], Errno.inval);
    assert.equal(guest.open(3, 'f', { fdflags: 32 })[0], Errno.inval);
    assert.equal(guest.open(3, 'f', { oflags: trunc })[0], Errno.success);
    assert.equal((guest.stat('f') as Filestat).size, 0n);
    assert.equal(guest.call('path_open', 3, 2, ...guest.text('f'), 0, 0n, 0n, 0, guest.take(4)), Errno.inval);
    assert.equal(guest.open(1, 'f')[0], Errno.notdir);
  });

  test('path_readlink gives what fits', () => {
    const guest = new TestGuest().bind();
    guest.symlink('żółw', 'l');
    guest.create('f');
    const [buffer, result] = [guest.take(16), guest.take(4)];
    assert.equal(guest.call('path_readlink', 3, ...guest.text('l'), buffer, 16, result), Errno.success);
    assert.equal(guest.memory.text(buffer, guest.memory.u32(result)), 'żółw');
    assert.equal((guest.stat('l') as Filestat).size, 7n);
    assert.equal(guest.call('path_readlink', 3, ...guest.text('l'), buffer, 3, result), Errno.success);
    assert.equal(guest.memory.u32(result), 3);
    assert.equal(guest.call('path_readlink', 3, ...guest.text('f'), buffer, 16, result), Errno.inval);
  });
});
