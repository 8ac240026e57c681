import { Worker } from 'node:worker_threads';
import { extname, join } from 'node:path';

/**
 * Raises a guest thread's interrupt word once a tick, from a thread of its own: nothing on the guest's thread can, as it is
 * busy with the guest. While no guest runs for long, and most are done in microseconds, it ticks at leisure: each tick takes the
 * core from somebody. When nobody has shown activity for a while the ticker sleeps until it is woken.
 *
 * Control words, shared with ticker-thread.ts:
 *
 *     [stop | active | asleep | pace]
 *       |      |        |        `- a Pace
 *       |      |        `- 1 while the ticker sleeps; whoever enters a guest then wakes it
 *       |      `- set by the guest's thread, cleared by the ticker at every tick
 *       `- 1 when the ticker is to end
 */
export const tickerWords = { stop: 0, active: 1, asleep: 2, pace: 3 } as const;

/** How the ticker goes. */
export const Pace = {
  /** At leisure. The guest's thread wakes it when a guest turns out to run for long. */
  calm: 0,
  /** At every tick, for as long as a guest has run for long lately. */
  brisk: 1,
  /** The guest's thread: one did, since the last tick. */
  seen: 2,
} as const;
export type Pace = (typeof Pace)[keyof typeof Pace];

/** A tick at leisure takes so many. */
export const calmTicks = 4;
/** Brisk ticks without a guest that runs for long, after which it is calm. */
export const briskTicksMax = 100;

/** Ticks, at either pace, without activity after which the ticker goes to sleep. */
export const idleTicksMax = 100;

export interface TickerOptions {
  readonly tickMs: number;
}

export interface TickerStart extends TickerOptions {
  readonly control: SharedArrayBuffer;
  /** The flags memory; its first word is the interrupt. */
  readonly flags: SharedArrayBuffer;
}

export class Ticker {
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * Object.keys(tickerWords).length));
  readonly #worker: Worker;

  constructor(flags: SharedArrayBuffer, options: TickerOptions) {
    const control = this.#control.buffer;
    // In a checkout this is a .ts file, in the package a .js file: so is its neighbour.
    const file = join(import.meta.dirname, `ticker-thread${extname(import.meta.filename)}`);
    const workerData: TickerStart = { control, flags, tickMs: options.tickMs };
    this.#worker = new Worker(file, { workerData, name: 'ticker', stdin: false, execArgv: [] });
    this.#worker.unref();
  }

  /** Says that a guest runs. Cheap enough for every entry. */
  touch(): void {
    // Sequentially consistent, as is the ticker's side: it sets `asleep` before it looks at `active` once more.
    Atomics.store(this.#control, tickerWords.active, 1);
    if (Atomics.load(this.#control, tickerWords.asleep) === 1) this.#wake();
  }

  /** Says that a guest runs for long. */
  hurry(): void {
    const before = Atomics.exchange(this.#control, tickerWords.pace, Pace.seen);
    if (before === Pace.calm) Atomics.notify(this.#control, tickerWords.stop);
  }

  #wake(): void {
    Atomics.store(this.#control, tickerWords.asleep, 0);
    Atomics.notify(this.#control, tickerWords.asleep);
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, tickerWords.stop, 1);
    this.#wake();
    await this.#worker.terminate();
  }
}
