/** What a queue knows of an owner. Its share of the thread is counted here, whichever queue it waits in. */
export interface Turns {
  /** The time it has had: owners with less of it go first. */
  usedMs: number;
  /** Its entries in all queues. */
  waiting: number;
}

/** Something that waits on behalf of an owner. */
export interface Owned {
  /** Who is to get a fair share: the project. */
  readonly owner: Turns;
}

/**
 * A queue that serves the owner first that has had the least time, and each owner's entries in the order they came: whoever has a
 * thousand entries waiting, or entries that take long, gets as much of the thread as whoever has one that takes a moment.
 *
 *     owners, a heap by the time they have had    b 1.2 ms ── a 1.5 ms ── c 9.0 ms
 *     their entries                               b1          a1          c1
 *                                                             a2          c2
 *
 * The time of an owner only goes up while it is in the heap: what is on top is looked at again, and put where it belongs by now.
 */
export class FairQueue<T extends Owned> {
  readonly #lines = new Map<Turns, Fifo<T>>();
  readonly #heap: { readonly owner: Turns; usedMs: number }[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(entry: T): void {
    const { owner } = entry;
    let line = this.#lines.get(owner);
    if (line === undefined) {
      line = new Fifo();
      this.#lines.set(owner, line);
      this.#heap.push({ owner, usedMs: owner.usedMs });
      this.#rise(this.#heap.length - 1);
    }
    line.push(entry);
    owner.waiting += 1;
    this.#length += 1;
  }

  shift(): T | undefined {
    const owner = this.#first();
    if (owner === undefined) return undefined;
    const line = this.#lines.get(owner);
    const entry = line?.shift();
    if (line === undefined || line.length === 0) this.#drop(owner);
    owner.waiting -= 1;
    this.#length -= 1;
    return entry;
  }

  /** The owner that has had the least time. */
  #first(): Turns | undefined {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined || top.usedMs >= top.owner.usedMs) return top?.owner;
      top.usedMs = top.owner.usedMs;
      this.#sink(0);
    }
  }

  /** Takes the owner on top away. */
  #drop(owner: Turns): void {
    this.#lines.delete(owner);
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(index: number): void {
    for (let at = index; ;) {
      const left = 2 * at + 1;
      const least = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(least, at)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return (this.#heap[a]?.usedMs ?? Infinity) < (this.#heap[b]?.usedMs ?? Infinity);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
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
