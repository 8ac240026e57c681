import { Errno } from '../errno.ts';
import { nameBytesMax, symlinksFollowedMax } from './limits.ts';
import type { DirectoryNode, Node } from './nodes.ts';
import type { Volume } from './volume.ts';

/** What happens when the last name of a path is a symbolic link. */
export const LastLink = {
  /** It is followed. */
  follow: 'follow',
  /** It is not, unless the path ends in a slash: open and stat without SYMLINK_FOLLOW. */
  keep: 'keep',
  /** It never is: calls that act on the name itself, such as unlink and rename. */
  name: 'name',
} as const;
export type LastLink = (typeof LastLink)[keyof typeof LastLink];

/**
 * Walks a path from a directory, and never leaves that directory: `..` above it, an absolute path and a link that leads to
 * either are refused with `notcapable`. One resolver is used for walk after walk; what it found stands in its fields.
 * https://man7.org/linux/man-pages/man7/path_resolution.7.html
 */
export class Resolver {
  /** The directory that the last name is in; undefined when the path ends in `.` or `..` and so has no last name. */
  parent: DirectoryNode | undefined;
  name = '';
  /** What was found; undefined when all but the last name is there. */
  node: Node | undefined;
  /** Whether the path asks for a directory, by a slash at its end. */
  directoryWanted = false;

  readonly #above: DirectoryNode[] = [];
  readonly #pending: string[] = [];
  #linksLeft = 0;

  /** Lets go of all it found. */
  clear(): void {
    this.parent = undefined;
    this.node = undefined;
    // Setting a length takes long even where there is nothing to forget, and most requests resolve no path.
    if (this.#above.length > 0) this.#above.length = 0;
    if (this.#pending.length > 0) this.#pending.length = 0;
  }

  /** @returns `success` also when just the last name is missing: then `node` is undefined. */
  resolve(volume: Volume, base: DirectoryNode, path: string, last: LastLink): Errno {
    this.clear();
    if (path === '') return Errno.noent;
    if (path.startsWith('/')) return Errno.notcapable;
    this.directoryWanted = path.endsWith('/');
    this.#linksLeft = symlinksFollowedMax;
    this.#push(path);
    const errno = this.#walk(volume, base, last);
    if (errno !== Errno.success) return errno;
    const wrong = this.directoryWanted && this.node !== undefined && this.node.kind !== 'directory';
    return wrong ? Errno.notdir : Errno.success;
  }

  #walk(volume: Volume, base: DirectoryNode, last: LastLink): Errno {
    let directory = base;
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) {
      this.parent = undefined;
      if (name === '.' || name === '..') {
        if (name === '..') {
          const above = this.#above.pop();
          if (above === undefined) return Errno.notcapable;
          directory = above;
        }
        this.node = directory;
        continue;
      }
      if (isTooLong(name)) return Errno.nametoolong;
      const isLast = this.#pending.length === 0;
      const node = volume.lookup(directory, name);
      if (node?.kind === 'link' && (!isLast || this.#follows(last))) {
        const errno = this.#follow(node.target, isLast);
        if (errno !== Errno.success) return errno;
        continue;
      }
      if (isLast) {
        this.parent = directory;
        this.name = name;
        this.node = node;
      } else if (node?.kind === 'directory') {
        this.#above.push(directory);
        directory = node;
      } else {
        return node === undefined ? Errno.noent : Errno.notdir;
      }
    }
    return Errno.success;
  }

  #follows(last: LastLink): boolean {
    return last === LastLink.follow || (last === LastLink.keep && this.directoryWanted);
  }

  #follow(target: string, isLast: boolean): Errno {
    if (this.#linksLeft-- === 0) return Errno.loop;
    if (target.startsWith('/')) return Errno.notcapable;
    if (isLast && target.endsWith('/')) this.directoryWanted = true;
    this.#push(target);
    return Errno.success;
  }

  #push(path: string): void {
    const names = path.split('/');
    for (let at = names.length - 1; at >= 0; at--) {
      const name = names[at];
      if (name !== undefined && name !== '') this.#pending.push(name);
    }
  }
}

/** Whether `name` has more bytes than a name may have. A UTF-16 unit is at most three bytes of UTF-8. */
function isTooLong(name: string): boolean {
  if (name.length * 3 <= nameBytesMax) return false;
  return Buffer.byteLength(name) > nameBytesMax;
}
