import { type Clock, errorText } from '../base/mod.ts';
import type { AuditLog, DeniedAttempt } from '../control/mod.ts';
import type { AdminLog } from './services.ts';

/** How much of what is denied is noted. */
export interface DeniedBounds {
  /** What is the same within so long is one record. */
  readonly deniedWindowMs: number;
  /** Different things that are noted within that time; what is beyond is counted together. */
  readonly deniedKindsMax: number;
}

/** What is denied: who, from where, what. */
export type Denied = Omit<DeniedAttempt, 'times'>;

/** What comes after the kinds that are told apart. */
const others: Denied = { project: '*', target: '(others)', address: '(others)', outcome: 'unauthorized' };

/**
 * Notes in the audit log what the admin API has denied. Whoever is denied once is noted at once; what is the same within a minute is
 * counted, and so is everybody who comes when many are noted already: nobody fills the log by being denied.
 */
export class DeniedAttempts {
  readonly #audit: Pick<AuditLog, 'denied'>;
  readonly #log: AdminLog;
  readonly #clock: Clock;
  readonly #bounds: DeniedBounds;
  /** How often in this window, after the one that was noted at once. */
  readonly #counts = new Map<string, { readonly denied: Denied; again: number }>();
  #others = 0;
  #endsMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(audit: Pick<AuditLog, 'denied'>, clock: Clock, log: AdminLog, bounds: DeniedBounds) {
    this.#audit = audit;
    this.#clock = clock;
    this.#log = log;
    this.#bounds = bounds;
  }

  note(denied: Denied): void {
    if (this.#clock.monotonicMs() >= this.#endsMs) this.#begin();
    const key = JSON.stringify([denied.address, denied.actor, denied.target, denied.outcome]);
    const found = this.#counts.get(key);
    if (found !== undefined) found.again++;
    else if (this.#counts.size >= this.#bounds.deniedKindsMax) this.#others++;
    else {
      this.#counts.set(key, { denied, again: 0 });
      this.#write(denied, 1);
    }
  }

  /** Writes what has been counted. To be called when no more comes, too. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const counted = [...this.#counts.values()].filter(({ again }) => again > 0);
    const rest = this.#others;
    this.#counts.clear();
    this.#others = 0;
    this.#endsMs = 0;
    for (const { denied, again } of counted) this.#write(denied, again);
    if (rest > 0) this.#write(others, rest);
    await this.#written;
  }

  #begin(): void {
    void this.flush();
    const { deniedWindowMs } = this.#bounds;
    this.#endsMs = this.#clock.monotonicMs() + deniedWindowMs;
    this.#timer = setTimeout(() => void this.flush(), deniedWindowMs).unref();
  }

  /** One after the other, in the order they came. */
  #write(denied: Denied, times: number): void {
    this.#written = this.#written
      .then(() => this.#audit.denied({ ...denied, times }))
      .catch((error: unknown) => this.#log.error({ reason: errorText(error) }, 'what was denied could not be audited'));
  }
}
