/** Something that waits on behalf of an owner. */
export interface Owned {
  /** Who is to get a fair share: the project. */
  readonly owner: string;
}

/**
 * A queue that serves owners in turn, and each owner's entries in the order they came: whoever has a thousand entries waiting gets
 * as much as whoever has one.
 *
 *     owners in turn   a ── b ── c ──► (next)
 *     their entries    a1   b1   c1
 *                      a2        c2
 */
export class FairQueue<T extends Owned> {
  readonly #lines = new Map<string, Fifo<T>>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(entry: T): void {
    let line = this.#lines.get(entry.owner);
    if (line === undefined) {
      line = new Fifo();
      this.#lines.set(entry.owner, line);
    }
    line.push(entry);
    this.#length += 1;
  }

  shift(): T | undefined {
    // A Map keeps the order of insertion: the owner that was served goes to the end of it.
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [owner, line] = first;
    const entry = line.shift();
    this.#lines.delete(owner);
    if (line.length > 0) this.#lines.set(owner, line);
    this.#length -= 1;
    return entry;
  }
}

/** A queue on an array whose front is cut off once in a while: both ends cost next to nothing. */
class Fifo<T> {
  #entries: T[] = [];
  #front = 0;

  get length(): number {
    return this.#entries.length - this.#front;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#front];
    this.#front += 1;
    if (this.#front * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#front);
      this.#front = 0;
    }
    return entry;
  }
}
