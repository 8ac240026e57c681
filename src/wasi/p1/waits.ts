import type { InputStream, OutputStream } from '../streams.ts';
import type { Timers } from '../timers.ts';

/**
 * What a guest is parked on: streams and a moment, whichever comes first. A call that will answer `blocked` notes here what
 * it waits for; the engine then asks to be woken.
 *
 * Streams and timers can call back at any later time. A callback of an earlier request must not reach the next one, so each
 * carries the generation it was made in; and a stream is asked once until it has answered, so that a guest which polls in a
 * loop does not heap up callbacks.
 */
export class Waits {
  readonly #timers: Timers;
  readonly #streams: (InputStream | OutputStream)[] = [];
  #delayMs: number | undefined;
  readonly #asked: Set<InputStream | OutputStream> = new Set();
  #wake: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Counts requests. */
  #generation = 0;
  /** Counts waits: a timer of an earlier one does nothing. */
  #turn = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Begins a new list of what is waited for. */
  begin(): void {
    if (this.#streams.length > 0) this.#streams.length = 0;
    this.#delayMs = undefined;
  }

  /** Until `stream` is ready. */
  forStream(stream: InputStream | OutputStream): void {
    this.#streams.push(stream);
  }

  /** Until `delayMs` from now at the latest. */
  forDelay(delayMs: number): void {
    this.#delayMs = Math.min(delayMs, this.#delayMs ?? Infinity);
  }

  /** Calls `wake` once, when one of them has come about: maybe at once. */
  whenReady(wake: () => void): void {
    this.#stop();
    this.#wake = wake;
    const turn = this.#turn;
    for (const stream of this.#streams) {
      this.#ask(stream);
      // It answered at once; whoever was woken may by now wait for something else.
      if (turn !== this.#turn) return;
    }
    if (this.#delayMs !== undefined) {
      this.#cancelTimer = this.#timers.after(this.#delayMs, () => {
        if (turn === this.#turn) this.#fire();
      });
    }
  }

  /** Calls everything off, for good. */
  clear(): void {
    this.#stop();
    this.begin();
    this.#generation++;
    if (this.#asked.size > 0) this.#asked.clear();
  }

  #ask(stream: InputStream | OutputStream): void {
    if (this.#asked.has(stream)) return;
    this.#asked.add(stream);
    const generation = this.#generation;
    stream.onReady(() => {
      if (generation !== this.#generation) return;
      this.#asked.delete(stream);
      // It may have been asked for an earlier wait: then this wakes in vain, which is allowed.
      this.#fire();
    });
  }

  #fire(): void {
    const wake = this.#wake;
    this.#stop();
    wake?.();
  }

  #stop(): void {
    this.#turn++;
    this.#wake = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
