import type { Tree } from '../fs/mod.ts';

/**
 * A directory that guests find open when they start. Made once, and shared by all slots and requests: what a request
 * changes in it is seen by that request alone.
 */
export class Preopen {
  /** The path the guest knows it by, such as `/`. */
  readonly guestPath: string;
  readonly tree: Tree;
  /** `guestPath` in UTF-8. */
  readonly pathBytes: Uint8Array;

  constructor(guestPath: string, tree: Tree) {
    this.guestPath = guestPath;
    this.tree = tree;
    this.pathBytes = new TextEncoder().encode(guestPath);
  }
}
