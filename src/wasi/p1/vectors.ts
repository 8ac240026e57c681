import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Iovec } from './abi.ts';
import { iovecsMax, transferBytesMax } from './limits.ts';

/**
 * The buffers of one read or write, copied out of the guest and checked before any byte moves: a list that overlaps its own
 * buffers, or that ends in a bad pointer, must not lose what a stream has already given.
 * `(typename $iovec_array (list $iovec))`
 */
export class Vectors {
  readonly #memory: GuestMemory;
  readonly #pointers: number[] = [];
  readonly #lengths: number[] = [];
  #count = 0;
  #totalBytes = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes in all of them, which is at most `transferBytesMax`: what is past that is left for the next call. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  pointer(index: number): number {
    return this.#pointers[index] ?? 0;
  }

  lengthBytes(index: number): number {
    return this.#lengths[index] ?? 0;
  }

  /** Takes the list at `list`; buffers of no bytes are left out. */
  load(list: number, count: number): Errno {
    this.#count = 0;
    this.#totalBytes = 0;
    if (count >>> 0 > iovecsMax) return Errno.inval;
    if (!this.#memory.has(list, count * Iovec.bytes)) return Errno.fault;
    const start = list >>> 0;
    for (let at = start; at < start + count * Iovec.bytes; at += Iovec.bytes) {
      const pointer = this.#memory.u32(at + Iovec.buf);
      const bufferBytes = this.#memory.u32(at + Iovec.bufLen);
      if (!this.#memory.has(pointer, bufferBytes)) return Errno.fault;
      const lengthBytes = Math.min(bufferBytes, transferBytesMax - this.#totalBytes);
      if (lengthBytes === 0) continue;
      this.#pointers[this.#count] = pointer;
      this.#lengths[this.#count] = lengthBytes;
      this.#count++;
      this.#totalBytes += lengthBytes;
    }
    return Errno.success;
  }
}
