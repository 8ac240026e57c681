import { sweepDroppedMs, sweepEveryMs } from './limits.ts';
import type { Log } from './log.ts';

/** Removes what nobody uses any more: when a node has begun, every now and then, and some time after something was dropped. */
export class Sweeper {
  readonly #log: Log;
  #sweep: (() => Promise<void>) | undefined;
  #sweeping: Promise<void> | undefined;
  #every: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Sweeps now, in the background, and from now on. */
  start(sweep: () => Promise<void>): void {
    this.#sweep = sweep;
    this.#every = setInterval(() => this.#run(), sweepEveryMs).unref();
    this.#run();
  }

  /** Something was dropped. What it leaves is in nobody's hands after a while. */
  dropped(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#run();
    }, sweepDroppedMs).unref();
  }

  /** Returns once nothing is being removed any more. */
  async stop(): Promise<void> {
    this.#sweep = undefined;
    clearInterval(this.#every);
    clearTimeout(this.#soon);
    await this.#sweeping;
  }

  #run(): void {
    const sweep = this.#sweep;
    if (sweep === undefined) return;
    this.#sweeping ??= sweep()
      .catch((error: unknown) => this.#log.error({ err: error }, 'what nobody uses could not be removed'))
      .finally(() => (this.#sweeping = undefined));
  }
}
