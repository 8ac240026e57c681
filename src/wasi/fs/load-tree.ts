import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, MayflyError } from '../../base/mod.ts';
import { type Tree, TreeBuilder } from './tree.ts';

/** How much of a host folder is taken. */
export interface LoadTreeLimits {
  /** Bytes of all files together. */
  readonly contentBytesMax: number;
  /** Files, folders and links together. */
  readonly nodesMax: number;
}

/** A tree, and what of the folder is not in it. */
export interface LoadedTree {
  readonly tree: Tree;
  /** Paths of sockets, devices and pipes, which a guest cannot be given. */
  readonly skipped: readonly string[];
}

/**
 * Copies a folder of this machine into memory, symbolic links as links and hard links as hard links.
 * @throws MayflyError artifact_unreadable, also when the folder is larger than the limits
 */
export async function loadTree(folder: string, limits: LoadTreeLimits): Promise<LoadedTree> {
  const builder = new TreeBuilder();
  const skipped: string[] = [];
  const firstPathOf = new Map<string, string>();
  let nodes = 0;

  async function load(relative: string): Promise<void> {
    const entries = await readdir(join(folder, relative), { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (++nodes > limits.nodesMax) throw tooLarge(folder, `more than ${limits.nodesMax} files`);
      if (entry.isDirectory()) {
        builder.directory(path);
        await load(path);
      } else if (entry.isSymbolicLink()) {
        builder.symbolicLink(path, await readlink(join(folder, path)));
      } else if (entry.isFile()) {
        await loadFile(path);
      } else {
        skipped.push(path);
      }
    }
  }

  async function loadFile(path: string): Promise<void> {
    const stat = await lstat(join(folder, path), { bigint: true });
    const identity = `${stat.dev}:${stat.ino}`;
    const first = firstPathOf.get(identity);
    if (stat.nlink > 1n && first !== undefined) {
      builder.hardLink(path, first);
      return;
    }
    firstPathOf.set(identity, path);
    const fits = builder.contentBytes + Number(stat.size) <= limits.contentBytesMax;
    if (!fits) throw tooLarge(folder, `more than ${limits.contentBytesMax} bytes`);
    builder.file(path, await readFile(join(folder, path)), stat.mtimeNs);
  }

  try {
    await load('');
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw new MayflyError('artifact_unreadable', { path: folder, reason: errorText(error) }, { cause: error });
  }
  return { tree: builder.build(), skipped };
}

function tooLarge(folder: string, what: string): MayflyError {
  return new MayflyError('artifact_unreadable', {
    path: folder,
    reason: `it has ${what}, which is what fits into a guest's memory`,
  });
}
