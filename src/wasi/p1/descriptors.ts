import { Errno } from '../errno.ts';
import type { DirectoryNode, FileNode, Volume } from '../fs/mod.ts';
import type { InputStream, OutputStream } from '../streams.ts';
import { type Filetype, rightsOfDirectory, rightsOfInput, rightsOfOutput } from './abi.ts';
import { descriptorsMax } from './limits.ts';
import type { Preopen } from './preopen.ts';

/** What a descriptor number leads to. Rights can only ever get fewer. */
export type Descriptor = InputDescriptor | OutputDescriptor | FileDescriptor | DirectoryDescriptor;

export class InputDescriptor {
  readonly kind = 'input';
  readonly stream: InputStream;
  readonly filetype: Filetype;
  flags = 0;
  rightsBase: number = rightsOfInput;
  rightsInheriting = 0;

  constructor(stream: InputStream, filetype: Filetype) {
    this.stream = stream;
    this.filetype = filetype;
  }
}

export class OutputDescriptor {
  readonly kind = 'output';
  readonly stream: OutputStream;
  readonly filetype: Filetype;
  flags = 0;
  rightsBase: number = rightsOfOutput;
  rightsInheriting = 0;

  constructor(stream: OutputStream, filetype: Filetype) {
    this.stream = stream;
    this.filetype = filetype;
  }
}

export class FileDescriptor {
  readonly kind = 'file';
  readonly volume: Volume;
  readonly node: FileNode;
  flags: number;
  rightsBase: number;
  rightsInheriting = 0;
  /** Where the next read or write begins, in bytes. */
  position = 0;

  constructor(volume: Volume, node: FileNode, flags: number, rightsBase: number) {
    this.volume = volume;
    this.node = node;
    this.flags = flags;
    this.rightsBase = rightsBase;
  }
}

/** Where a directory is: a preopen's volume is made when somebody first looks into it. */
export interface DirectoryPlace {
  readonly volume: Volume;
  readonly node: DirectoryNode;
}

export class DirectoryDescriptor {
  readonly kind = 'directory';
  readonly preopen: Preopen | undefined;
  flags: number;
  rightsBase: number;
  rightsInheriting: number;
  #place: DirectoryPlace | (() => DirectoryPlace);

  constructor(
    place: DirectoryPlace | (() => DirectoryPlace),
    preopen: Preopen | undefined,
    flags: number,
    rightsBase: number,
    rightsInheriting: number,
  ) {
    this.#place = place;
    this.preopen = preopen;
    this.flags = flags;
    this.rightsBase = rightsBase & rightsOfDirectory;
    this.rightsInheriting = rightsInheriting;
  }

  get volume(): Volume {
    return this.#resolved().volume;
  }

  get node(): DirectoryNode {
    return this.#resolved().node;
  }

  #resolved(): DirectoryPlace {
    if (typeof this.#place === 'function') this.#place = this.#place();
    return this.#place;
  }
}

/** The descriptors of one request, by number; the lowest free number is given out first, as POSIX has it. */
export class Descriptors {
  readonly #byNumber: (Descriptor | undefined)[] = [];
  /** No number below this one is free. */
  #freeFrom = 0;

  /** Puts `descriptor` at the lowest free number. @returns the number, or undefined when the table is full. */
  open(descriptor: Descriptor): number | undefined {
    if (!this.hasRoom()) return undefined;
    const fd = this.#freeFrom;
    this.#byNumber[fd] = descriptor;
    this.#freeFrom = fd + 1;
    if (descriptor.kind === 'file' || descriptor.kind === 'directory') openNode(descriptor);
    return fd;
  }

  /** Whether `open` would find a number: asked before files are made that could not be opened. */
  hasRoom(): boolean {
    while (this.#byNumber[this.#freeFrom] !== undefined) this.#freeFrom++;
    return this.#freeFrom < descriptorsMax;
  }

  /** What `fd`, an i32 that may come signed, leads to. */
  get(fd: number): Descriptor | undefined {
    return fd >= 0 && fd < this.#byNumber.length ? this.#byNumber[fd] : undefined;
  }

  /** The file that `fd` leads to, when it has all of `rights`; what else there is cannot be treated as a file. */
  file(fd: number, rights: number): FileDescriptor | Errno {
    const descriptor = this.get(fd);
    if (descriptor === undefined) return Errno.badf;
    if (descriptor.kind === 'directory') return Errno.isdir;
    if (descriptor.kind !== 'file') return Errno.spipe;
    return (descriptor.rightsBase & rights) === rights ? descriptor : Errno.notcapable;
  }

  close(fd: number): Errno {
    const descriptor = this.get(fd);
    if (descriptor === undefined) return Errno.badf;
    this.#byNumber[fd] = undefined;
    this.#freeFrom = Math.min(this.#freeFrom, fd);
    closeNode(descriptor);
    return Errno.success;
  }

  /** Moves what `from` leads to over what `to` leads to, which is closed. Both must be open. */
  renumber(from: number, to: number): Errno {
    const descriptor = this.get(from);
    const replaced = this.get(to);
    if (descriptor === undefined || replaced === undefined) return Errno.badf;
    // Onto itself nothing is closed: the descriptor would be gone, and its number left with a dead file.
    if (from === to) return Errno.success;
    this.#byNumber[to] = descriptor;
    this.#byNumber[from] = undefined;
    this.#freeFrom = Math.min(this.#freeFrom, from);
    closeNode(replaced);
    return Errno.success;
  }

  /** Forgets all of them. */
  clear(): void {
    // Popping three is several times as fast as setting the length to 0.
    while (this.#byNumber.length > 0) this.#byNumber.pop();
    this.#freeFrom = 0;
  }
}

/** A preopen's root is always there, and making its volume just to count would be a waste. */
function openNode(descriptor: FileDescriptor | DirectoryDescriptor): void {
  if (descriptor.kind === 'file' || descriptor.preopen === undefined) descriptor.volume.opened(descriptor.node);
}

function closeNode(descriptor: Descriptor): void {
  if (descriptor.kind === 'file' || (descriptor.kind === 'directory' && descriptor.preopen === undefined)) {
    descriptor.volume.closed(descriptor.node);
  }
}
