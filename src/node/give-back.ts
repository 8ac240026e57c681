import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { giveBackAboveBytes, giveBackAgainMs, giveBackEveryMs, giveBackQuietMs, quietUtilization } from './limits.ts';

/** What of its own process a worker looks at, and what it can do about it. */
export interface ProcessMemory {
  /** Bytes that the process has resident. */
  residentBytes(): number;
  /** The share of time that the event loop was busy since it was asked last. */
  utilization(): number;
  /** Collects all garbage, and gives what is free to the system. Takes tens of milliseconds. */
  collect(): void;
}

/**
 * Gives memory back after a burst. V8 collects garbage when something is allocated: a worker that has become quiet would keep
 * what a burst has left, memories of slots that were given up among it, for as long as it is quiet.
 *
 *     resident          ╭──╮ burst
 *                  ╭────╯  ╰───────────╮ collected, once the loop has been quiet for a while
 *     floor ───────╯                   ╰────────── and once more, for what was given up since
 */
export class MemoryGiver {
  readonly #memory: ProcessMemory;
  /** What was left by the last collection, or the least that was seen since. */
  #floorBytes = Infinity;
  /** Checks until a collection follows the last one that had a reason. */
  #againIn = 0;
  /** Checks since the loop was busy. */
  #quietChecks = 0;

  constructor(memory: ProcessMemory) {
    this.#memory = memory;
  }

  /** To be called every `giveBackEveryMs`. */
  check(): void {
    const residentBytes = this.#memory.residentBytes();
    this.#quietChecks = this.#memory.utilization() < quietUtilization ? this.#quietChecks + 1 : 0;
    const isQuiet = this.#quietChecks * giveBackEveryMs >= giveBackQuietMs;
    this.#floorBytes = Math.min(this.#floorBytes, residentBytes);
    const isAbove = residentBytes > this.#floorBytes + giveBackAboveBytes;
    if (this.#againIn > 1) this.#againIn -= 1;
    const isAgain = this.#againIn === 1;
    if (!isQuiet || !(isAbove || isAgain)) return;
    this.#memory.collect();
    this.#floorBytes = this.#memory.residentBytes();
    this.#againIn = isAbove ? Math.ceil(giveBackAgainMs / giveBackEveryMs) : 0;
  }
}

/** This process, as far as it was started with `--expose-gc`. */
export function ownMemory(): ProcessMemory {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  return {
    residentBytes: () => process.memoryUsage.rss(),
    utilization: () => {
      const { utilization } = performance.eventLoopUtilization(before);
      before = performance.eventLoopUtilization();
      return utilization;
    },
    // The other flavours keep the pages that they have emptied.
    collect: () => globalThis.gc?.({ type: 'major', flavor: 'last-resort' }),
  };
}
