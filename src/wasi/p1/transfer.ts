import { Errno } from '../errno.ts';
import { type FileNode, fileSizeBytesMax, type Volume } from '../fs/mod.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { type InputStream, type OutputStream, wouldBlock } from '../streams.ts';
import { Vectors } from './vectors.ts';

/**
 * Moves bytes between a guest's buffers and streams or files. First `prepare` takes over the buffers and checks every
 * pointer; only then is anything taken from a stream, so that a bad pointer cannot lose what it gave.
 */
export class Transfer {
  readonly #memory: GuestMemory;
  readonly #vectors: Vectors;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.#vectors = new Vectors(memory);
  }

  /** Takes over a list of buffers, and sees that the count can be stored. */
  prepare(list: number, listLength: number, resultPointer: number): Errno {
    const errno = this.#vectors.load(list, listLength);
    if (errno !== Errno.success) return errno;
    return this.#memory.has(resultPointer, 4) ? Errno.success : Errno.fault;
  }

  /** Stores how many bytes were moved. */
  finish(count: number, resultPointer: number): Errno {
    this.#memory.setU32(resultPointer, count);
    return Errno.success;
  }

  /** The same for a write to a file, where none at all is a failure. */
  finishWrite(count: number, position: number, resultPointer: number): Errno {
    if (count > 0 || this.#vectors.totalBytes === 0) return this.finish(count, resultPointer);
    return position >= fileSizeBytesMax ? Errno.fbig : Errno.nospc;
  }

  /** @returns bytes moved, or `wouldBlock` when that is none. */
  readStream(stream: InputStream): number {
    const vectors = this.#vectors;
    let total = 0;
    for (let index = 0; index < vectors.count; index++) {
      const length = vectors.lengthBytes(index);
      // Not all of a large buffer is asked for when there are few bytes: its pages would all count as dirty.
      const asked = Math.min(length, Math.max(1, stream.available()));
      const given = stream.read(this.#memory.writable(vectors.pointer(index), asked));
      if (given === wouldBlock) return total === 0 ? wouldBlock : total;
      total += given;
      if (given < length) break;
    }
    return total;
  }

  /** @returns bytes moved, or `wouldBlock` when that is none. */
  writeStream(stream: OutputStream): number {
    const vectors = this.#vectors;
    let total = 0;
    for (let index = 0; index < vectors.count; index++) {
      const length = vectors.lengthBytes(index);
      const taken = stream.write(this.#memory.bytes(vectors.pointer(index), length));
      if (taken === wouldBlock) return total === 0 ? wouldBlock : total;
      total += taken;
      if (taken < length) break;
    }
    return total;
  }

  readFile(node: FileNode, position: number): number {
    const vectors = this.#vectors;
    let total = 0;
    for (let index = 0; index < vectors.count; index++) {
      const left = node.content.sizeBytes - position - total;
      if (left <= 0) break;
      const length = Math.min(vectors.lengthBytes(index), left);
      total += node.content.read(position + total, this.#memory.writable(vectors.pointer(index), length));
    }
    return total;
  }

  /** @returns fewer bytes than there are when the budget or the largest file size is reached. */
  writeFile(volume: Volume, node: FileNode, position: number): number {
    const vectors = this.#vectors;
    let total = 0;
    for (let index = 0; index < vectors.count; index++) {
      const length = Math.min(vectors.lengthBytes(index), fileSizeBytesMax - position - total);
      if (length <= 0) break;
      const taken = node.content.write(position + total, this.#memory.bytes(vectors.pointer(index), length));
      total += taken;
      if (taken < length) break;
    }
    if (total > 0) volume.modified(node);
    return total;
  }
}
