import { calmTicks } from './ticker.ts';

/**
 * Counts a guest's CPU time. Short stretches are counted by the monotonic clock, which is cheap to read; once a guest has been
 * interrupted, by the CPU time of the thread, so that a guest does not pay for the time in which other processes had the core.
 */
export class CpuMeter {
  /** What a stretch may count for at most while only the wall is known: an interrupt comes by then, or the core was taken away. */
  readonly #unmeasuredMs: number;
  #usedMs = 0;
  /** When this stretch began, on the monotonic clock. */
  #sinceMs = 0;
  /** The thread's CPU time when it was last read, or -1. */
  #threadMs = -1;

  constructor(tickMs: number) {
    this.#unmeasuredMs = 2 * calmTicks * tickMs;
  }

  reset(): void {
    this.#usedMs = 0;
    this.#threadMs = -1;
  }

  /** The guest gets the thread. */
  start(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#threadMs = -1;
  }

  /** How long the guest has had the thread, in this stretch. */
  stretchMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** In the middle of a stretch. @returns CPU time so far, ms */
  interrupt(nowMs: number): number {
    const { user, system } = process.threadCpuUsage();
    const threadMs = (user + system) / 1000;
    this.#usedMs += this.#threadMs < 0 ? this.#untilFirst(nowMs) : threadMs - this.#threadMs;
    this.#threadMs = threadMs;
    return this.#usedMs;
  }

  /** The guest gives the thread back. @returns CPU time so far, ms */
  stop(nowMs: number): number {
    if (this.#threadMs < 0) this.#usedMs += this.#untilFirst(nowMs);
    else this.interrupt(nowMs);
    return this.#usedMs;
  }

  #untilFirst(nowMs: number): number {
    return Math.min(nowMs - this.#sinceMs, this.#unmeasuredMs);
  }
}
