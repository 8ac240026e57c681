import { createHash } from 'node:crypto';
import { type Clock, isMayflyError, kib, MayflyError } from '../base/mod.ts';
import type { TokenId } from '../control/mod.ts';
import type { JsonValue, Records } from '../storage/mod.ts';
import type { Answer } from './endpoint.ts';
import type { AdminLimits } from './limits.ts';

/** An answer that is longer is not kept. */
const keptBytesMax = 16 * kib;
const prefix = 'idempotency/';
const sweepPage = 500;

/** A request that is not to be done twice. */
export interface KeyedRequest {
  readonly token: TokenId;
  /** The client's `Idempotency-Key`. */
  readonly key: string;
  /** All that the request asks for: the same key with another text is a mistake. */
  readonly request: string;
  /** Whether the answer may be kept. */
  readonly answer: 'kept' | 'secret';
}

/** Of AdminLimits. */
export type IdempotencyBounds = Pick<AdminLimits, 'idempotencyMs' | 'idempotencyKeysMax'>;

/** What is stored of a request by its key. */
interface Entry {
  readonly at: number;
  readonly fingerprint: string;
  /** `begun` is what a node that was stopped meanwhile leaves. */
  readonly state: 'begun' | 'done' | 'not-kept';
  readonly answer?: Answer;
}

/**
 * Does a request with a key once. Its answer is given again to whoever repeats it within a day, also to one who repeats it
 * while it is being done. A request that failed has changed nothing, and can be sent again with its key.
 *
 *     (nothing) ──▶ begun ──▶ done       the answer is kept
 *         ▲           │  └──▶ not-kept   it has a secret in it, or is too long
 *         └───────────┘ failed
 *
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export class Idempotency {
  readonly #records: Records;
  readonly #clock: Clock;
  readonly #bounds: IdempotencyBounds;
  /** How many keys of each token are remembered, about: a sweep counts them again. */
  readonly #counts = new Map<string, number>();
  /** Requests that are being done. */
  readonly #running = new Map<string, { readonly fingerprint: string; readonly answer: Promise<Answer> }>();

  constructor({ records, clock }: { records: Records; clock: Clock }, bounds: IdempotencyBounds) {
    this.#records = records;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** @throws MayflyError idempotency_mismatch, idempotency_unknown, idempotency_not_kept, too_many, and what `run` throws */
  async once(keyed: KeyedRequest, run: () => Promise<Answer>): Promise<Answer> {
    const place = `${prefix}${keyed.token}/${hash(keyed.key)}`;
    const fingerprint = hash(keyed.request);
    const running = this.#running.get(place);
    if (running !== undefined) {
      refuseOther(running.fingerprint, fingerprint);
      const answer = await running.answer;
      if (keyed.answer === 'secret') throw new MayflyError('idempotency_not_kept', {});
      return replayed(answer);
    }
    const answer = this.#onceAlone(place, fingerprint, keyed, run);
    this.#running.set(place, { fingerprint, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(place);
    }
  }

  async #onceAlone(
    place: string,
    fingerprint: string,
    keyed: KeyedRequest,
    run: () => Promise<Answer>,
  ): Promise<Answer> {
    const stored = await this.#records.get(place);
    // Nobody else writes below the prefix.
    const entry = stored?.value as Entry | undefined;
    if (entry !== undefined && entry.at + this.#bounds.idempotencyMs > this.#clock.wallMs()) {
      refuseOther(entry.fingerprint, fingerprint);
      if (entry.state === 'begun') throw new MayflyError('idempotency_unknown', {});
      if (entry.answer === undefined) throw new MayflyError('idempotency_not_kept', {});
      return replayed(entry.answer);
    }
    const at = this.#clock.wallMs();
    if (stored === undefined) this.#count(keyed.token);
    await this.#put(place, { at, fingerprint, state: 'begun' });
    let answer: Answer;
    try {
      answer = await run();
    } catch (error) {
      // What a bug leaves behind is unknown.
      if (isMayflyError(error)) await this.#records.delete(place, 'any');
      throw error;
    }
    const isKept = keyed.answer === 'kept' && JSON.stringify(answer).length <= keptBytesMax;
    await this.#put(place, { at, fingerprint, ...(isKept ? { state: 'done', answer } : { state: 'not-kept' }) });
    return answer;
  }

  /** Forgets what is older than a key is remembered. */
  async sweep(): Promise<void> {
    const counts = new Map<string, number>();
    let after: string | undefined;
    do {
      const page = await this.#records.list(prefix, { limit: sweepPage, ...(after === undefined ? {} : { after }) });
      for (const { key, value } of page) {
        const [token = ''] = key.slice(prefix.length).split('/');
        // As above.
        const isOld = (value as unknown as Entry).at + this.#bounds.idempotencyMs <= this.#clock.wallMs();
        if (isOld) await this.#records.delete(key, 'any');
        else counts.set(token, (counts.get(token) ?? 0) + 1);
      }
      after = page.length < sweepPage ? undefined : page.at(-1)?.key;
    } while (after !== undefined);
    this.#counts.clear();
    for (const [token, count] of counts) this.#counts.set(token, count);
  }

  /** @throws MayflyError too_many */
  #count(token: string): void {
    const count = this.#counts.get(token) ?? 0;
    const { idempotencyKeysMax: limit } = this.#bounds;
    if (count >= limit) throw new MayflyError('too_many', { what: 'Idempotency-Keys of this token', limit });
    this.#counts.set(token, count + 1);
  }

  async #put(place: string, entry: Entry): Promise<void> {
    // Answers are made of what JSON has.
    await this.#records.put(place, entry as unknown as JsonValue, 'any');
  }
}

function refuseOther(before: string, now: string): void {
  if (before !== now) throw new MayflyError('idempotency_mismatch', {});
}

function replayed(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'Idempotency-Replayed': 'true' } };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
