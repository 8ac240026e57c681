import type { Clock } from '../base/mod.ts';
import { gatheringMax, gatherTimeoutMs } from './limits.ts';

/** A request whose body is being gathered. */
export interface SlowBody {
  /** It has taken too long. This takes it out. */
  tooSlow(): void;
}

/**
 * The requests whose body is being gathered, the oldest first, and the one timer that looks after all of them. Clients that send a body as slowly
 * as they can would be under way for minutes, and keep others out: they are given up when time is over, or when there are too many.
 */
export class Gatherings {
  readonly #since = new Map<SlowBody, number>();
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(body: SlowBody): void {
    if (this.#since.size >= gatheringMax) {
      const [oldest] = this.#since.keys();
      oldest?.tooSlow();
    }
    this.#since.set(body, this.#clock.monotonicMs());
    this.#timer ??= setInterval(() => this.#giveUpOld(), gatherTimeoutMs / 10).unref();
  }

  delete(body: SlowBody): void {
    this.#since.delete(body);
  }

  #giveUpOld(): void {
    const before = this.#clock.monotonicMs() - gatherTimeoutMs;
    for (const [body, since] of this.#since) {
      if (since > before) break;
      body.tooSlow();
    }
    if (this.#since.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
