import { Errno } from '../errno.ts';
import type { DirectoryNode, Node, TreeNode } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Dirent, Right } from './abi.ts';
import type { Descriptors } from './descriptors.ts';
import { fileOffset } from './file-seek.ts';
import { filetypeOf } from './filestat.ts';
import type { Calls } from './guard.ts';

/** `.` and `..` come first; their cookies are those below the ones that entries get. */
const dotCookie = 1;
const dotDotCookie = 2;

/** Writes entries into a guest's buffer, the last one cut where the room ends. */
class Listing {
  readonly #memory: GuestMemory;
  readonly #pointer: number;
  readonly #lengthBytes: number;
  readonly #head: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(Dirent.bytes));
  #usedBytes = 0;

  constructor(memory: GuestMemory, pointer: number, lengthBytes: number) {
    this.#memory = memory;
    this.#pointer = pointer >>> 0;
    this.#lengthBytes = lengthBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get isFull(): boolean {
    return this.#usedBytes === this.#lengthBytes;
  }

  add(cookie: number, name: string, node: Node | TreeNode): void {
    const nameBytes = Buffer.from(name);
    this.#head.setBigUint64(Dirent.next, BigInt(cookie), true);
    this.#head.setBigUint64(Dirent.ino, BigInt(node.inode), true);
    this.#head.setUint32(Dirent.namlen, nameBytes.byteLength, true);
    this.#head.setUint8(Dirent.type, filetypeOf(node.kind));
    this.#append(new Uint8Array(this.#head.buffer));
    this.#append(nameBytes);
  }

  #append(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#lengthBytes - this.#usedBytes);
    this.#memory.write(this.#pointer + this.#usedBytes, kept);
    this.#usedBytes += kept.byteLength;
  }
}

/**
 * Lists what comes after the cookie `after`. An entry's cookie never changes and is never given to another, so a program
 * may delete what it lists as it goes on.
 */
function list(directory: DirectoryNode, after: number, listing: Listing): void {
  if (after < dotCookie && !listing.isFull) listing.add(dotCookie, '.', directory);
  if (after < dotDotCookie && !listing.isFull) listing.add(dotDotCookie, '..', directory.parent);
  for (const [name, entry] of directory.entries) {
    if (listing.isFull) return;
    if (entry.cookie > after) listing.add(entry.cookie, name, entry.child);
  }
}

export function readdirCalls(memory: GuestMemory, descriptors: Descriptors): Calls {
  return {
    // (@interface func (export "fd_readdir")
    //   (param $fd $fd)
    //   ;;; The buffer where directory entries are stored
    //   (param $buf (@witx pointer u8))
    //   (param $buf_len $size)
    //   ;;; The location within the directory to start reading
    //   (param $cookie $dircookie)
    //   ;;; The number of bytes stored in the read buffer. If less than the size of the read buffer, the end of the
    //   ;;; directory has been reached.
    //   (result $error (expected $size (error $errno)))
    fd_readdir(fd: number, buffer: number, bufferLength: number, cookie: bigint, resultPointer: number): Errno {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return Errno.badf;
      if (descriptor.kind !== 'directory') return Errno.notdir;
      if ((descriptor.rightsBase & Right.fdReaddir) === 0) return Errno.notcapable;
      const length = bufferLength >>> 0;
      if (!memory.has(buffer, length) || !memory.has(resultPointer, 4)) return Errno.fault;
      // No directory has entries past 2^53: there is nothing after such a cookie.
      const after = fileOffset(cookie) ?? Number.MAX_SAFE_INTEGER;
      const listing = new Listing(memory, buffer, length);
      list(descriptor.node, after, listing);
      memory.setU32(resultPointer, listing.usedBytes);
      return Errno.success;
    },
  };
}
