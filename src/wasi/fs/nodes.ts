import type { Content } from './content.ts';
import { firstCookie, type TreeDirectory, type TreeNode } from './tree.ts';

/** What a request's view of a file system is made of. A node lives as long as a name or a descriptor leads to it. */
export type Node = FileNode | DirectoryNode | LinkNode;

/** A name in a directory: leads to a node of this request, or to one of the shared tree that nobody has touched yet. */
export interface Entry {
  readonly cookie: number;
  readonly child: Node | TreeNode;
  /** What the budget gets back when the name goes; entries of the shared tree were never charged. */
  readonly chargedBytes?: number;
}

/** Nanoseconds since 1970; access times stand still while files are read, as with mount -o noatime. */
class Times {
  accessedNs: bigint;
  modifiedNs: bigint;
  changedNs: bigint;

  constructor(nowNs: bigint) {
    this.accessedNs = nowNs;
    this.modifiedNs = nowNs;
    this.changedNs = nowNs;
  }
}

export class FileNode extends Times {
  readonly kind = 'file';
  readonly inode: number;
  readonly content: Content;
  readonly chargedBytes: number;
  /** Names that lead here. */
  links: number;
  /** Descriptors that lead here. */
  opens = 0;

  constructor(inode: number, content: Content, links: number, chargedBytes: number, nowNs: bigint) {
    super(nowNs);
    this.inode = inode;
    this.content = content;
    this.links = links;
    this.chargedBytes = chargedBytes;
  }
}

export class LinkNode extends Times {
  readonly kind = 'link';
  readonly inode: number;
  readonly target: string;
  readonly chargedBytes: number;
  links: number;

  constructor(inode: number, target: string, links: number, chargedBytes: number, nowNs: bigint) {
    super(nowNs);
    this.inode = inode;
    this.target = target;
    this.links = links;
    this.chargedBytes = chargedBytes;
  }
}

const noEntries: ReadonlyMap<string, Entry> = new Map();

export class DirectoryNode extends Times {
  readonly kind = 'directory';
  readonly inode: number;
  readonly chargedBytes: number;
  /** The directory this one is in; the root is in itself. */
  parent: DirectoryNode;
  /** Whether its name is gone: it can still be open, but nothing can be made in it any more. */
  removed = false;
  opens = 0;
  #entries: ReadonlyMap<string, Entry>;
  /** The same map, once it is a copy of our own. */
  #own: Map<string, Entry> | undefined;
  #cookieNext: number;

  constructor(
    inode: number,
    parent: DirectoryNode | undefined,
    base: TreeDirectory | undefined,
    chargedBytes: number,
    nowNs: bigint,
  ) {
    super(nowNs);
    this.inode = inode;
    this.parent = parent ?? this;
    this.chargedBytes = chargedBytes;
    this.#entries = base?.entries ?? noEntries;
    this.#cookieNext = firstCookie + this.#entries.size;
  }

  /** In the order of their cookies. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  set(name: string, child: Node, chargedBytes: number): void {
    this.#writable().set(name, { cookie: this.#cookieNext++, child, chargedBytes });
  }

  delete(name: string): void {
    this.#writable().delete(name);
  }

  #writable(): Map<string, Entry> {
    if (this.#own === undefined) {
      this.#own = new Map(this.#entries);
      this.#entries = this.#own;
    }
    return this.#own;
  }
}
