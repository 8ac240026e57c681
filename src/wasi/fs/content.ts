import type { Budget } from './budget.ts';
import { chunkCostBytes } from './limits.ts';

/**
 * The bytes of one file: what the shared tree has, under chunks of our own.
 *
 *     chunk         0         1         2         3
 *     base      |#########|#########|####|                  shared, never written
 *     chunks              |#########|         |###|         ours: copied from the base at the first write, charged
 *     read      |  base   |  ours   |base|0000|ours|00…     up to `sizeBytes`; where there is neither, zeros
 *
 * A chunk of ours hides the base below it whole. It may be shorter than `chunkBytes`: what is missing is zero. So holes
 * cost nothing, a small file costs little, and changing a byte of a big file copies one chunk.
 */

export const chunkBytes = 65_536;

/** The smallest chunk: not every appended byte should copy. */
const chunkBytesMin = 64;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly chargedBytes: number;
}

const nothing: Uint8Array = new Uint8Array(0);

export class Content {
  readonly #budget: Budget;
  readonly #base: Uint8Array;
  /** How much of the base still counts; a file that shrank and grew again has zeros there. */
  #baseBytes: number;
  #chunks: Map<number, Chunk> | undefined;
  #sizeBytes: number;

  /** `base` is shared with others and never written to. */
  constructor(budget: Budget, base: Uint8Array = nothing) {
    this.#budget = budget;
    this.#base = base;
    this.#baseBytes = base.byteLength;
    this.#sizeBytes = base.byteLength;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Fills the front of `target` from `position` on. @returns bytes given, 0 at or past the end. */
  read(position: number, target: Uint8Array): number {
    const count = Math.max(0, Math.min(target.byteLength, this.#sizeBytes - position));
    for (let done = 0; done < count;) {
      const within = (position + done) % chunkBytes;
      const length = Math.min(chunkBytes - within, count - done);
      const source = this.#chunkAt(Math.floor((position + done) / chunkBytes));
      const given = source.subarray(within, within + length);
      target.set(given, done);
      target.fill(0, done + given.byteLength, done + length);
      done += length;
    }
    return count;
  }

  /** Writes `source` at `position`. @returns bytes taken: fewer than there are when the budget ran out. */
  write(position: number, source: Uint8Array): number {
    let done = 0;
    while (done < source.byteLength) {
      const within = (position + done) % chunkBytes;
      const wanted = Math.min(chunkBytes - within, source.byteLength - done);
      const chunk = this.#own(Math.floor((position + done) / chunkBytes), within + 1, within + wanted);
      const length = Math.min(wanted, chunk.byteLength - within);
      if (length <= 0) break;
      chunk.set(source.subarray(done, done + length), within);
      done += length;
    }
    if (done > 0) this.#sizeBytes = Math.max(this.#sizeBytes, position + done);
    return done;
  }

  /** Cuts the file or lets it grow by a hole. */
  resize(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      this.#baseBytes = Math.min(this.#baseBytes, sizeBytes);
      const kept = Math.ceil(sizeBytes / chunkBytes);
      for (const [index, chunk] of this.#chunks ?? []) {
        if (index >= kept) this.#drop(index, chunk);
      }
      const within = sizeBytes % chunkBytes;
      if (within > 0) this.#chunks?.get(kept - 1)?.bytes.fill(0, within);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** Sees to it that writes to this range will find room. @returns whether there was room; when not, nothing changed. */
  allocate(position: number, lengthBytes: number): boolean {
    const first = Math.floor(position / chunkBytes);
    const last = Math.floor((position + lengthBytes - 1) / chunkBytes);
    if ((last - first + 1) * chunkBytes > this.#budget.limitBytes) return false;
    let missing = 0;
    for (let index = first; index <= last; index++)
      missing += this.#costAt(index) + chunkBytes - this.#chargedAt(index);
    if (!this.#budget.take(missing)) return false;
    for (let index = first; index <= last; index++) {
      if (this.#chargedAt(index) === chunkBytes) continue;
      const found = this.#chunkAt(index);
      const owned = this.#chunks?.has(index) === true;
      this.#put(index, { bytes: owned ? found : found.slice(), chargedBytes: chunkBytes });
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, position + lengthBytes);
    return true;
  }

  /** Gives back all that this file was charged: it is gone. */
  release(): void {
    for (const [index, chunk] of this.#chunks ?? []) this.#drop(index, chunk);
    this.#baseBytes = 0;
    this.#sizeBytes = 0;
  }

  /** What is stored of a chunk: ours, else the base's part of it. */
  #chunkAt(index: number): Uint8Array {
    const chunk = this.#chunks?.get(index);
    if (chunk !== undefined) return chunk.bytes;
    const start = index * chunkBytes;
    if (start >= this.#baseBytes) return nothing;
    return this.#base.subarray(start, Math.min(start + chunkBytes, this.#baseBytes));
  }

  #chargedAt(index: number): number {
    return this.#chunks?.get(index)?.chargedBytes ?? 0;
  }

  /** What a chunk of ours costs beside its bytes, as long as there is none. */
  #costAt(index: number): number {
    return this.#chunks?.has(index) === true ? 0 : chunkCostBytes;
  }

  /** A chunk of ours with `lengthBytes` bytes; with fewer, but at least `leastBytes`, when the budget has no room for all. */
  #own(index: number, leastBytes: number, lengthBytes: number): Uint8Array {
    const owned = this.#chunks?.get(index);
    if (owned !== undefined && owned.bytes.byteLength >= lengthBytes) return owned.bytes;
    const found = this.#chunkAt(index);
    const charged = owned?.chargedBytes ?? 0;
    const wanted = Math.max(lengthBytes, found.byteLength);
    const roomy = Math.min(chunkBytes, Math.max(wanted, 2 * found.byteLength, chunkBytesMin));
    const cost = this.#costAt(index);
    const length = Math.min(roomy, charged + this.#budget.freeBytes - cost);
    // A chunk of the base that could not be copied whole stays the base's.
    if (length < Math.max(leastBytes, found.byteLength)) return owned?.bytes ?? nothing;
    const extra = Math.max(0, length - charged);
    this.#budget.take(extra + cost);
    const bytes = new Uint8Array(length);
    bytes.set(found);
    this.#put(index, { bytes, chargedBytes: charged + extra });
    return bytes;
  }

  #put(index: number, chunk: Chunk): void {
    this.#chunks ??= new Map();
    this.#chunks.set(index, chunk);
  }

  #drop(index: number, chunk: Chunk): void {
    this.#budget.give(chunk.chargedBytes + chunkCostBytes);
    this.#chunks?.delete(index);
  }
}
