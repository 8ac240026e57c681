import { MayflyError } from '../base/mod.ts';
import type { Change, Watch } from './record.ts';

/** Tells the watchers of one store what is written to it, in this process. */
export class WatchHub {
  /** Changes that wait for one watcher. */
  readonly #queueMax: number;
  readonly #watches = new Set<QueuedWatch>();

  constructor(queueMax: number) {
    this.#queueMax = queueMax;
  }

  /** Begins a watch. `initial` is what it tells first; no write may come between making it and calling this. */
  watch(prefix: string, initial: readonly Change[]): Watch {
    const watch: QueuedWatch = new QueuedWatch(prefix, initial, this.#queueMax, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  /** A watch that throws right away: what it was to begin with is not known any more. */
  expired(prefix: string): Watch {
    const watch = new QueuedWatch(prefix, [], 0, () => {});
    watch.expire();
    return watch;
  }

  tell(change: Change): void {
    for (const watch of this.#watches) watch.tell(change);
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }
}

class QueuedWatch implements Watch {
  readonly #prefix: string;
  /** What was there at the start may be long: only what a reader does not keep up with after it counts. */
  readonly #queueMax: number;
  readonly #onEnd: () => void;
  #queue: Change[];
  #end: 'open' | 'closed' | 'expired' = 'open';
  #wake: () => void = () => {};

  constructor(prefix: string, initial: readonly Change[], queueMax: number, onEnd: () => void) {
    this.#prefix = prefix;
    this.#queue = [...initial];
    this.#queueMax = initial.length + queueMax;
    this.#onEnd = onEnd;
  }

  tell(change: Change): void {
    if (!change.key.startsWith(this.#prefix)) return;
    if (this.#queue.length >= this.#queueMax) this.expire();
    else this.#queue.push(change);
    this.#wake();
  }

  expire(): void {
    this.#finish('expired');
  }

  close(): void {
    this.#finish('closed');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Change> {
    try {
      for (;;) {
        const taken = this.#queue;
        this.#queue = [];
        for (const change of taken) {
          if (this.#end === 'closed') return;
          yield change;
        }
        if (this.#queue.length > 0) continue;
        if (this.#end === 'closed') return;
        if (this.#end === 'expired') throw new MayflyError('watch_expired', { prefix: this.#prefix });
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.close();
    }
  }

  #finish(end: 'closed' | 'expired'): void {
    if (this.#end !== 'open') return;
    this.#end = end;
    this.#onEnd();
    this.#wake();
  }
}
