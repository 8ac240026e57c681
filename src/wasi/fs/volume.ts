import { Errno } from '../errno.ts';
import type { Budget } from './budget.ts';
import { Content } from './content.ts';
import { entryCostBytes, nodeCostBytes } from './limits.ts';
import { DirectoryNode, FileNode, LinkNode, type Node } from './nodes.ts';
import type { Tree, TreeNode } from './tree.ts';

/**
 * One request's view of a tree: reads shine through to the shared tree, changes stay here and are gone with the request.
 *
 *     Tree (shared, frozen)          Volume (one request)
 *     / ── a ── x.txt                / ── own entries {a, new}      a directory's entries are copied when one changes
 *       └─ b ── y.txt                  a ── entries of the tree     a node is made when it is first looked at
 *                                      b    not looked at, not made
 *
 * All that a request adds is charged to its budget. Everything here speaks of one name in one directory; paths are the
 * business of resolve.ts, rights that of the descriptors.
 */
export class Volume {
  /** Tells this volume from others of the same request. */
  readonly device: number;
  readonly root: DirectoryNode;
  readonly #budget: Budget;
  readonly #nowNs: () => bigint;
  /** The nodes made for nodes of the tree, so that each is made once, whichever of its names is used. */
  readonly #adopted: Map<TreeNode, Node> = new Map();
  #inodeMax: number;

  constructor(tree: Tree, device: number, budget: Budget, nowNs: () => bigint) {
    this.device = device;
    this.#budget = budget;
    this.#nowNs = nowNs;
    this.#inodeMax = tree.inodeMax;
    this.root = new DirectoryNode(tree.root.inode, undefined, tree.root, 0, tree.root.modifiedNs);
  }

  /** What `name` in `directory` leads to; links are not followed. */
  lookup(directory: DirectoryNode, name: string): Node | undefined {
    const child = directory.entries.get(name)?.child;
    if (child === undefined) return undefined;
    return child instanceof FileNode || child instanceof DirectoryNode || child instanceof LinkNode
      ? child
      : this.#adopt(child, directory);
  }

  /** Makes an empty file. */
  createFile(directory: DirectoryNode, name: string): FileNode | Errno {
    const node = new FileNode(++this.#inodeMax, new Content(this.#budget), 0, nodeCostBytes, this.#nowNs());
    const errno = this.#create(directory, name, node);
    return errno === Errno.success ? node : errno;
  }

  createDirectory(directory: DirectoryNode, name: string): Errno {
    const node = new DirectoryNode(++this.#inodeMax, directory, undefined, nodeCostBytes, this.#nowNs());
    return this.#create(directory, name, node);
  }

  createLink(directory: DirectoryNode, name: string, target: string): Errno {
    const chargedBytes = nodeCostBytes + 2 * target.length;
    const node = new LinkNode(++this.#inodeMax, target, 0, chargedBytes, this.#nowNs());
    return this.#create(directory, name, node);
  }

  /** Gives `node`, which is no directory, another name. */
  link(directory: DirectoryNode, name: string, node: FileNode | LinkNode): Errno {
    const errno = this.#add(directory, name, node);
    if (errno === Errno.success) node.changedNs = this.#nowNs();
    return errno;
  }

  /** Takes a file's or a link's name away; what is open stays until it is closed. */
  unlink(directory: DirectoryNode, name: string): Errno {
    const node = this.lookup(directory, name);
    if (node === undefined) return Errno.noent;
    if (node.kind === 'directory') return Errno.isdir;
    this.#remove(directory, name, node);
    this.#discardUnused(node);
    return Errno.success;
  }

  removeDirectory(directory: DirectoryNode, name: string): Errno {
    const node = this.lookup(directory, name);
    if (node === undefined) return Errno.noent;
    if (node.kind !== 'directory') return Errno.notdir;
    if (node.entries.size > 0) return Errno.notempty;
    this.#remove(directory, name, node);
    this.#discardUnused(node);
    return Errno.success;
  }

  /** Moves a name, over another one where POSIX allows it. https://pubs.opengroup.org/onlinepubs/9799919799/functions/rename.html */
  rename(from: DirectoryNode, fromName: string, to: DirectoryNode, toName: string): Errno {
    const node = this.lookup(from, fromName);
    if (node === undefined) return Errno.noent;
    const replaced = this.lookup(to, toName);
    if (replaced === node) return Errno.success;
    if (node.kind === 'directory') {
      if (isWithin(to, node)) return Errno.inval;
      if (replaced !== undefined && replaced.kind !== 'directory') return Errno.notdir;
    } else if (replaced?.kind === 'directory') {
      return Errno.isdir;
    }
    if (replaced?.kind === 'directory' && replaced.entries.size > 0) return Errno.notempty;
    return this.#move(node, from, fromName, to, toName, replaced);
  }

  /** Cuts or grows a file. */
  resize(file: FileNode, sizeBytes: number): void {
    file.content.resize(sizeBytes);
    this.modified(file);
  }

  /** Notes that a node's content changed. */
  modified(node: Node): void {
    const nowNs = this.#nowNs();
    node.modifiedNs = nowNs;
    node.changedNs = nowNs;
  }

  /** Sets a node's times; undefined leaves one as it is. */
  setTimes(node: Node, accessedNs: bigint | undefined, modifiedNs: bigint | undefined): void {
    if (accessedNs !== undefined) node.accessedNs = accessedNs;
    if (modifiedNs !== undefined) node.modifiedNs = modifiedNs;
    node.changedNs = this.#nowNs();
  }

  /** A descriptor on `node` was opened: it stays, even if its names go. */
  opened(node: FileNode | DirectoryNode): void {
    node.opens++;
  }

  /** A descriptor on `node` was closed. */
  closed(node: FileNode | DirectoryNode): void {
    node.opens--;
    this.#discardUnused(node);
  }

  #adopt(child: TreeNode, parent: DirectoryNode): Node {
    const adopted = this.#adopted.get(child);
    if (adopted !== undefined) return adopted;
    const node =
      child.kind === 'file'
        ? new FileNode(child.inode, new Content(this.#budget, child.bytes), child.links, 0, child.modifiedNs)
        : child.kind === 'directory'
          ? new DirectoryNode(child.inode, parent, child, 0, child.modifiedNs)
          : new LinkNode(child.inode, child.target, child.links, 0, child.modifiedNs);
    this.#adopted.set(child, node);
    return node;
  }

  #create(directory: DirectoryNode, name: string, node: Node): Errno {
    if (!this.#budget.take(node.chargedBytes)) return Errno.nospc;
    const errno = this.#add(directory, name, node);
    if (errno !== Errno.success) this.#budget.give(node.chargedBytes);
    return errno;
  }

  #add(directory: DirectoryNode, name: string, node: Node): Errno {
    if (directory.removed) return Errno.noent;
    const chargedBytes = entryCostBytes + 2 * name.length;
    if (!this.#budget.take(chargedBytes)) return Errno.nospc;
    directory.set(name, node, chargedBytes);
    if (node.kind !== 'directory') node.links++;
    this.modified(directory);
    return Errno.success;
  }

  #remove(directory: DirectoryNode, name: string, node: Node): void {
    this.#budget.give(directory.entries.get(name)?.chargedBytes ?? 0);
    directory.delete(name);
    if (node.kind === 'directory') node.removed = true;
    else node.links--;
    node.changedNs = this.#nowNs();
    this.modified(directory);
  }

  #move(
    node: Node,
    from: DirectoryNode,
    fromName: string,
    to: DirectoryNode,
    toName: string,
    replaced: Node | undefined,
  ): Errno {
    // The old name goes first, so that a full budget can still rename; nothing after that fails.
    if (to.removed) return Errno.noent;
    const released = from.entries.get(fromName)?.chargedBytes ?? 0;
    const wanted = entryCostBytes + 2 * toName.length;
    this.#budget.give(released);
    if (!this.#budget.take(wanted)) {
      this.#budget.take(released);
      return Errno.nospc;
    }
    if (replaced !== undefined) {
      this.#remove(to, toName, replaced);
      this.#discardUnused(replaced);
    }
    from.delete(fromName);
    to.set(toName, node, wanted);
    if (node.kind === 'directory') node.parent = to;
    node.changedNs = this.#nowNs();
    this.modified(from);
    this.modified(to);
    return Errno.success;
  }

  /** Gives back what a node was charged once nothing leads to it any more. */
  #discardUnused(node: Node): void {
    if (node.kind === 'directory') {
      if (node.removed && node.opens === 0) this.#budget.give(node.chargedBytes);
      return;
    }
    if (node.links > 0) return;
    if (node.kind === 'file') {
      if (node.opens > 0) return;
      node.content.release();
    }
    this.#budget.give(node.chargedBytes);
  }
}

/** Whether `directory` is `ancestor` or somewhere below it. */
function isWithin(directory: DirectoryNode, ancestor: DirectoryNode): boolean {
  for (let at = directory; ; at = at.parent) {
    if (at === ancestor) return true;
    if (at === at.parent) return false;
  }
}
