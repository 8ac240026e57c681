import { Errno } from '../errno.ts';
import { type LastLink, pathBytesMax, Resolver } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import type { Descriptors, DirectoryDescriptor } from './descriptors.ts';

/**
 * What every path_* call begins with: the directory it starts from, with the right it needs, and the path. One is kept for
 * the host's life, as a call is over before the next begins; what it found is let go of with `clear`.
 */
export class PathCall {
  readonly #memory: GuestMemory;
  readonly #descriptors: Descriptors;
  /** Where the path led, and where a second path of the same call did. */
  readonly found: Resolver = new Resolver();
  readonly foundSecond: Resolver = new Resolver();

  constructor(memory: GuestMemory, descriptors: Descriptors) {
    this.#memory = memory;
    this.#descriptors = descriptors;
  }

  /** The directory `fd`, when it has all of `rights`. */
  directory(fd: number, rights: number): DirectoryDescriptor | Errno {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) return Errno.badf;
    if (descriptor.kind !== 'directory') return Errno.notdir;
    return (descriptor.rightsBase & rights) === rights ? descriptor : Errno.notcapable;
  }

  /** The path at `pointer`: UTF-8, and no NUL in it. */
  path(pointer: number, lengthBytes: number): string | Errno {
    if (lengthBytes >>> 0 > pathBytesMax) return Errno.nametoolong;
    const path = this.#memory.text(pointer, lengthBytes);
    if (path === undefined) return Errno.ilseq;
    return path.includes('\0') ? Errno.inval : path;
  }

  /** Walks the path from `directory`; what it finds is in `into`. */
  resolve(
    directory: DirectoryDescriptor,
    pointer: number,
    lengthBytes: number,
    last: LastLink,
    into: Resolver = this.found,
  ): Errno {
    const path = this.path(pointer, lengthBytes);
    return typeof path === 'number' ? path : into.resolve(directory.volume, directory.node, path, last);
  }

  /** Lets go of the nodes of a request. */
  clear(): void {
    this.found.clear();
    this.foundSecond.clear();
  }
}
