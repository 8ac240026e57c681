import type { ErrorCode } from '../base/mod.ts';
import { LogHistogram } from './log-histogram.ts';
import type { CallTiming } from './types.ts';

/** How a call ended: with the function's response, or with what came in its place. */
export type Outcome = 'ok' | ErrorCode;

/**
 * What calls took and how they ended, of a function or of a whole project. It only ever counts up: whoever wants a rate looks
 * twice.
 */
export class CallMeasures {
  /** From choosing the function to entering guest code, waiting included. */
  readonly start: LogHistogram = new LogHistogram();
  /** The part of it that was waiting: for a turn, and for a slot. */
  readonly queue: LogHistogram = new LogHistogram();
  /** From entering the guest to its return. */
  readonly guest: LogHistogram = new LogHistogram();
  readonly rewind: LogHistogram = new LogHistogram();
  readonly #total: CallMeasures | undefined;
  #cpuMs = 0;
  #ok = 0;
  readonly #failed = new Map<ErrorCode, number>();

  /** `total` counts all that is counted here as well: a function's calls are its project's too. */
  constructor(total?: CallMeasures) {
    this.#total = total;
  }

  /** CPU time that guests used, without what their rewinds took. */
  get cpuMs(): number {
    return this.#cpuMs;
  }

  /** Calls by how they ended; those that are under way are not among them. */
  outcomes(): ReadonlyMap<Outcome, number> {
    return new Map<Outcome, number>(this.#ok > 0 ? [['ok', this.#ok], ...this.#failed] : this.#failed);
  }

  /** A call was served by a guest, or ended with it. */
  served(timing: CallTiming, outcome: Outcome): void {
    this.start.add(timing.startMs);
    this.queue.add(timing.queueMs);
    this.guest.add(timing.guestMs);
    this.#cpuMs += timing.cpuMs;
    this.#count(outcome);
    this.#total?.served(timing, outcome);
  }

  /** A slot was rewound after a call. */
  rewound(rewindMs: number): void {
    this.rewind.add(rewindMs);
    this.#total?.rewound(rewindMs);
  }

  /** A call ended before it had a guest. */
  refused(code: ErrorCode): void {
    this.#count(code);
    this.#total?.refused(code);
  }

  #count(outcome: Outcome): void {
    if (outcome === 'ok') this.#ok += 1;
    else this.#failed.set(outcome, (this.#failed.get(outcome) ?? 0) + 1);
  }
}
