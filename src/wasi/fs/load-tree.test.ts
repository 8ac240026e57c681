import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isMayflyError } from '../../base/mod.ts';
import { loadTree } from './load-tree.ts';
import type { TreeDirectory, TreeNode } from './tree.ts';

const plenty = { contentBytesMax: 1000, nodesMax: 100 };

describe('loadTree', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mayfly-tree-'));
    await mkdir(join(folder, 'sub', 'empty'), { recursive: true });
    await writeFile(join(folder, 'sub', 'żółw.txt'), 'text');
    await link(join(folder, 'sub', 'żółw.txt'), join(folder, 'same'));
    await symlink('../outside', join(folder, 'sub', 'link'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const at = (directory: TreeDirectory, name: string): TreeNode | undefined => directory.entries.get(name)?.child;

  test('copies folders, files, symbolic links as links, and hard links as one file', async () => {
    const { tree, skipped } = await loadTree(folder, plenty);
    const sub = at(tree.root, 'sub');
    assert.ok(sub?.kind === 'directory');
    assert.equal(at(sub, 'empty')?.kind, 'directory');
    const symbolic = at(sub, 'link');
    assert.ok(symbolic?.kind === 'link');
    assert.equal(symbolic.target, '../outside');
    const file = at(sub, 'żółw.txt');
    assert.ok(file?.kind === 'file');
    assert.equal(Buffer.from(file.bytes).toString(), 'text');
    assert.ok(file.modifiedNs > 1_000_000_000_000_000_000n);
    assert.equal(at(tree.root, 'same'), file);
    assert.deepEqual(skipped, []);
    assert.equal(tree.contentBytes, 4);
  });

  for (const [what, path, limits] of [
    ['too many bytes', '', { ...plenty, contentBytesMax: 3 }],
    ['too many files', '', { ...plenty, nodesMax: 4 }],
    ['no folder', 'missing', plenty],
    ['a file', 'same', plenty],
  ] as const) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(loadTree(join(folder, path), limits), (error) =>
        isMayflyError(error, 'artifact_unreadable'),
      );
    });
  }
});
