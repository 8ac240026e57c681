import { restartDelayFirstMs, restartDelayMaxMs, restartHealthyMs } from './limits.ts';

/** How long to wait before what has ended is started again: at once the first time, and longer each time it happens soon again. */
export class Backoff {
  readonly #free: number;
  #crashes = 0;

  /** @param free how many may end soon without anybody having to wait */
  constructor(free: number = 1) {
    this.#free = free;
  }

  /** Notes an end. @returns how long to wait now, ms */
  ended(livedMs: number): number {
    this.#crashes = livedMs > restartHealthyMs ? 1 : this.#crashes + 1;
    const soon = this.#crashes - this.#free;
    return soon <= 0 ? 0 : Math.min(restartDelayFirstMs * 2 ** (soon - 1), restartDelayMaxMs);
  }
}
