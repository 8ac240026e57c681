/**
 * A tree of files that never changes, made once per function and shared by all its requests: each request works on a
 * `Volume` over it, which copies what it changes. See volume.ts.
 */

/** A name in a directory. `cookie` gives its place in the order that fd_readdir lists, and is never used twice. */
export interface TreeEntry {
  readonly cookie: number;
  readonly child: TreeNode;
}

export type TreeNode = TreeFile | TreeDirectory | TreeLink;

/** The entries `.` and `..` come first, with the cookies before this one. */
export const firstCookie = 3;

export class TreeFile {
  readonly kind = 'file';
  readonly inode: number;
  readonly bytes: Uint8Array;
  readonly modifiedNs: bigint;
  /** Names this file has in the tree; more than one after `TreeBuilder.hardLink`. */
  links = 1;

  constructor(inode: number, bytes: Uint8Array, modifiedNs: bigint) {
    this.inode = inode;
    this.bytes = bytes;
    this.modifiedNs = modifiedNs;
  }
}

export class TreeLink {
  readonly kind = 'link';
  readonly inode: number;
  readonly target: string;
  readonly modifiedNs: bigint;
  readonly links = 1;

  constructor(inode: number, target: string, modifiedNs: bigint) {
    this.inode = inode;
    this.target = target;
    this.modifiedNs = modifiedNs;
  }
}

export class TreeDirectory {
  readonly kind = 'directory';
  readonly inode: number;
  readonly modifiedNs: bigint;
  readonly entries: ReadonlyMap<string, TreeEntry>;

  constructor(inode: number, modifiedNs: bigint, entries: ReadonlyMap<string, TreeEntry>) {
    this.inode = inode;
    this.modifiedNs = modifiedNs;
    this.entries = entries;
  }
}

/** A whole tree. */
export interface Tree {
  readonly root: TreeDirectory;
  /** Inode numbers up to and including this one are taken. */
  readonly inodeMax: number;
  /** Bytes of all files in it. */
  readonly contentBytes: number;
}

/** Makes a tree, name by name. Paths are relative, with `/` between names; parents are made as needed. */
export class TreeBuilder {
  readonly #root: Map<string, TreeEntry> = new Map();
  /** The entries of each directory, to add to while the tree is being built. */
  readonly #entriesOf: Map<TreeNode, Map<string, TreeEntry>> = new Map();
  readonly #modifiedNs: bigint;
  #inodeMax = 1;
  #contentBytes = 0;

  /** `modifiedNs` is what directories get, and whatever is added without a time of its own. */
  constructor(modifiedNs = 0n) {
    this.#modifiedNs = modifiedNs;
  }

  /** Bytes of all files added so far. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  directory(path: string): this {
    this.#directory(namesIn(path));
    return this;
  }

  /** `bytes` must not change from now on. */
  file(path: string, bytes: Uint8Array, modifiedNs: bigint = this.#modifiedNs): this {
    this.#add(path, new TreeFile(++this.#inodeMax, bytes, modifiedNs));
    this.#contentBytes += bytes.byteLength;
    return this;
  }

  symbolicLink(path: string, target: string, modifiedNs: bigint = this.#modifiedNs): this {
    this.#add(path, new TreeLink(++this.#inodeMax, target, modifiedNs));
    return this;
  }

  /** Gives the file at `existing` a second name. */
  hardLink(path: string, existing: string): this {
    const names = namesIn(existing);
    const name = names.pop() ?? '';
    const child = this.#directory(names).get(name)?.child;
    if (child?.kind !== 'file') throw new RangeError(`Cannot link to ${existing}: it is no file of the tree`);
    this.#add(path, child);
    child.links++;
    return this;
  }

  /** The tree; the builder is spent. */
  build(): Tree {
    const root = new TreeDirectory(1, this.#modifiedNs, this.#root);
    return { root, inodeMax: this.#inodeMax, contentBytes: this.#contentBytes };
  }

  #add(path: string, child: TreeNode): void {
    const names = namesIn(path);
    const name = names.pop();
    if (name === undefined) throw new RangeError(`Cannot add ${path}: it has no name`);
    const entries = this.#directory(names);
    if (entries.has(name)) throw new RangeError(`Cannot add ${path}: it is there already`);
    entries.set(name, { cookie: firstCookie + entries.size, child });
  }

  #directory(names: readonly string[]): Map<string, TreeEntry> {
    let entries = this.#root;
    for (const name of names) {
      const found = entries.get(name)?.child;
      if (found === undefined) {
        const below = new Map<string, TreeEntry>();
        const child = new TreeDirectory(++this.#inodeMax, this.#modifiedNs, below);
        this.#entriesOf.set(child, below);
        entries.set(name, { cookie: firstCookie + entries.size, child });
        entries = below;
      } else {
        const below = this.#entriesOf.get(found);
        if (below === undefined) throw new RangeError(`Cannot add below ${name}: it is no directory`);
        entries = below;
      }
    }
    return entries;
  }
}

function namesIn(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..') || path.includes('\0'))
    throw new RangeError(`Cannot add ${path}: a plain relative path is wanted`);
  return names;
}

/** A tree with nothing in it. */
export const emptyTree: Tree = new TreeBuilder().build();
