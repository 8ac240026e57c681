import { type Enrolled, Roster } from '../base/mod.ts';
import { responseHoldMs } from './limits.ts';

/** A response that has begun and of which nothing has been sent yet. */
export interface HeldResponse extends Enrolled {
  /** In which period it began. */
  heldSince: number;
  /** It has been held long enough: what there is of it is to go out. This takes it out. */
  release(): void;
}

/**
 * The responses that are being held, and the one timer that looks after all of them: most are complete long before it
 * comes round, and a timer for each would cost more than they do.
 */
export class HeldResponses {
  readonly #held = new Roster<HeldResponse>();
  #period = 0;
  #timer: NodeJS.Timeout | undefined;

  add(response: HeldResponse): void {
    response.heldSince = this.#period;
    this.#held.add(response);
    this.#timer ??= setInterval(() => this.#releaseOld(), responseHoldMs / 2);
  }

  delete(response: HeldResponse): void {
    this.#held.delete(response);
  }

  /** Lets go of what has been held for a whole period at least, so for half to all of the time there is. */
  #releaseOld(): void {
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const old = [...this.#held].filter((response) => response.heldSince < this.#period);
    this.#period += 1;
    for (const response of old) response.release();
  }
}
