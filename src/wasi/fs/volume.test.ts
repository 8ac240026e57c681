import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Errno } from '../errno.ts';
import { Budget } from './budget.ts';
import type { DirectoryNode } from './nodes.ts';
import { LastLink, Resolver } from './resolve.ts';
import { TreeBuilder } from './tree.ts';
import { Volume } from './volume.ts';

/** A simple file system: absolute paths, and what is at them. Directories are null, files are their number. */
class Model {
  readonly paths: Map<string, number | null>;
  #next = 100;

  constructor(paths: Iterable<readonly [string, number | null]>) {
    this.paths = new Map(paths);
  }

  below(path: string): string[] {
    return [...this.paths.keys()].filter((other) => other.startsWith(`${path}/`));
  }

  isDirectory(path: string): boolean {
    return path === '' || this.paths.get(path) === null;
  }

  /** What walking to the directory of `path` comes to. */
  walk(path: string): Errno {
    const parts = path.split('/').slice(1, -1);
    let at = '';
    for (const part of parts) {
      at += `/${part}`;
      if (!this.paths.has(at)) return Errno.noent;
      if (!this.isDirectory(at)) return Errno.notdir;
    }
    return Errno.success;
  }

  make(path: string, kind: 'file' | 'directory'): Errno {
    const walked = this.walk(path);
    if (walked !== Errno.success) return walked;
    if (this.paths.has(path)) return Errno.exist;
    this.paths.set(path, kind === 'directory' ? null : this.#next++);
    return Errno.success;
  }

  remove(path: string, kind: 'file' | 'directory'): Errno {
    const walked = this.walk(path);
    if (walked !== Errno.success) return walked;
    if (!this.paths.has(path)) return Errno.noent;
    if (kind === 'file' && this.isDirectory(path)) return Errno.isdir;
    if (kind === 'directory' && !this.isDirectory(path)) return Errno.notdir;
    if (this.below(path).length > 0) return Errno.notempty;
    this.paths.delete(path);
    return Errno.success;
  }

  link(from: string, to: string): Errno {
    const walked = this.walk(from) || this.walk(to);
    if (walked !== Errno.success) return walked;
    const found = this.paths.get(from);
    if (found === undefined) return Errno.noent;
    if (found === null) return Errno.perm;
    if (this.paths.has(to)) return Errno.exist;
    this.paths.set(to, found);
    return Errno.success;
  }

  rename(from: string, to: string): Errno {
    const walked = this.walk(from) || this.walk(to);
    if (walked !== Errno.success) return walked;
    if (!this.paths.has(from)) return Errno.noent;
    const moved = this.paths.get(from) ?? null;
    const replaced = this.paths.get(to);
    if (from === to || (moved !== null && moved === replaced)) return Errno.success;
    if (moved === null && to.startsWith(`${from}/`)) return Errno.inval;
    if (replaced !== undefined && moved === null && replaced !== null) return Errno.notdir;
    if (replaced === null && moved !== null) return Errno.isdir;
    if (this.below(to).length > 0) return Errno.notempty;
    const moving = [from, ...this.below(from)].map((path) => [path, this.paths.get(path) ?? null] as const);
    for (const [path] of moving) this.paths.delete(path);
    for (const [path, what] of moving) this.paths.set(to + path.slice(from.length), what);
    return Errno.success;
  }
}

const name = fc.constantFrom('a', 'b', 'ć');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);
const step = fc.oneof(
  fc.record({ act: fc.constant('mkdir' as const), path }),
  fc.record({ act: fc.constant('mkdir' as const), path }),
  fc.record({ act: fc.constant('create' as const), path }),
  fc.record({ act: fc.constant('rmdir' as const), path }),
  fc.record({ act: fc.constant('unlink' as const), path }),
  fc.record({ act: fc.constant('link' as const), path, to: path }),
  fc.record({ act: fc.constant('rename' as const), path, to: path }),
);

const tree = new TreeBuilder()
  .file('a/b/a', Buffer.from('one'))
  .hardLink('b', 'a/b/a')
  .directory('ć/a')
  .file('a/a', Buffer.from('2'))
  .build();
const treePaths: [string, number | null][] = [
  ['/a', null],
  ['/a/b', null],
  ['/a/b/a', 1],
  ['/b', 1],
  ['/ć', null],
  ['/ć/a', null],
  ['/a/a', 2],
];

function run(volume: Volume, each: { act: string; path: string; to?: string }): Errno {
  const [from, to] = [new Resolver(), new Resolver()];
  let errno = from.resolve(volume, volume.root, each.path.slice(1), LastLink.name);
  if (errno === Errno.success && each.to !== undefined)
    errno = to.resolve(volume, volume.root, each.to.slice(1), LastLink.name);
  if (errno !== Errno.success) return errno;
  assert.ok(from.parent !== undefined);
  switch (each.act) {
    case 'mkdir':
      return from.node === undefined ? volume.createDirectory(from.parent, from.name) : Errno.exist;
    case 'create': {
      if (from.node !== undefined) return Errno.exist;
      const created = volume.createFile(from.parent, from.name);
      return typeof created === 'number' ? created : Errno.success;
    }
    case 'rmdir':
      return volume.removeDirectory(from.parent, from.name);
    case 'unlink':
      return volume.unlink(from.parent, from.name);
    default:
      break;
  }
  assert.ok(to.parent !== undefined);
  if (each.act === 'rename') return volume.rename(from.parent, from.name, to.parent, to.name);
  if (from.node === undefined) return Errno.noent;
  if (from.node.kind === 'directory') return Errno.perm;
  return to.node === undefined ? volume.link(to.parent, to.name, from.node) : Errno.exist;
}

/** All paths of a volume, with a number for each file that is the same for its other names. */
function pathsOf(volume: Volume): Map<string, number | null> {
  const found = new Map<string, number | null>();
  const visit = (directory: DirectoryNode, above: string): void => {
    for (const each of directory.entries.keys()) {
      const node = volume.lookup(directory, each);
      assert.ok(node !== undefined);
      found.set(`${above}/${each}`, node.kind === 'directory' ? null : node.inode);
      if (node.kind !== 'directory') continue;
      assert.equal(node.parent, directory);
      visit(node, `${above}/${each}`);
    }
  };
  visit(volume.root, '');
  return found;
}

/** Groups of names that lead to the same file: inode numbers and the model's own differ. */
function shape(paths: Map<string, number | null>): string[] {
  return [...paths]
    .map(([each, what]) => {
      const same =
        what === null
          ? 'directory'
          : [...paths]
              .filter(([, other]) => other === what)
              .map(([other]) => other)
              .toSorted()
              .join('=');
      return `${each} ${same}`;
    })
    .toSorted();
}

describe('Volume', () => {
  test('does to names what a plain map of paths does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const model = new Model(treePaths);
        const volume = new Volume(tree, 1, new Budget(1_000_000), () => 5n);
        for (const each of steps) {
          const to = 'to' in each ? each.to : '';
          const wanted =
            each.act === 'mkdir'
              ? model.make(each.path, 'directory')
              : each.act === 'create'
                ? model.make(each.path, 'file')
                : each.act === 'rmdir'
                  ? model.remove(each.path, 'directory')
                  : each.act === 'unlink'
                    ? model.remove(each.path, 'file')
                    : each.act === 'link'
                      ? model.link(each.path, to)
                      : model.rename(each.path, to);
          assert.equal(run(volume, each), wanted, JSON.stringify(each));
          assert.deepEqual(shape(pathsOf(volume)), shape(model.paths));
        }
        assert.deepEqual(
          shape(pathsOf(new Volume(tree, 1, new Budget(0), () => 5n))),
          shape(new Map(treePaths)),
          'the tree is as it was',
        );
      }),
      { numRuns: 400 },
    );
  });

  test('gives back all it was charged when everything is gone', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const budget = new Budget(3000);
        const volume = new Volume(new TreeBuilder().build(), 1, budget, () => 5n);
        for (const each of steps) {
          run(volume, each);
          assert.ok(budget.usedBytes >= 0 && budget.usedBytes <= 3000);
        }
        for (;;) {
          const paths = [...pathsOf(volume)].toSorted(([a], [b]) => b.length - a.length);
          const [deepest] = paths;
          if (deepest === undefined) break;
          assert.equal(run(volume, { act: deepest[1] === null ? 'rmdir' : 'unlink', path: deepest[0] }), Errno.success);
        }
        assert.equal(budget.usedBytes, 0);
      }),
      { numRuns: 300 },
    );
  });

  test('removing what the tree had gives the budget nothing', () => {
    const budget = new Budget(1000);
    const volume = new Volume(tree, 1, budget, () => 5n);
    run(volume, { act: 'unlink', path: '/b' });
    run(volume, { act: 'unlink', path: '/a/b/a' });
    run(volume, { act: 'rmdir', path: '/a/b' });
    assert.equal(budget.usedBytes, 0);
  });
});

describe('TreeBuilder', () => {
  test('refuses what is no plain relative path, and what is there already', () => {
    const builder = new TreeBuilder().file('a/b', new Uint8Array(3));
    for (const bad of ['../x', 'a/../x', 'a\0b', '', '.', 'a', 'a/b', 'a/b/c']) {
      assert.throws(() => builder.file(bad, new Uint8Array()), RangeError, bad);
    }
    assert.throws(() => builder.hardLink('c', 'a'), RangeError);
    assert.throws(() => builder.hardLink('c', 'nothing'), RangeError);
    assert.equal(builder.build().contentBytes, 3);
  });
});
