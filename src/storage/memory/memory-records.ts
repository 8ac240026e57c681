import { MayflyError } from '../../base/mod.ts';
import { type WatchBounds, defaultWatchBounds } from '../limits.ts';
import {
  type Change,
  type Expected,
  type JsonValue,
  type ListOptions,
  type Records,
  type Revision,
  type Stored,
  type Watch,
  type WatchOptions,
  checkExpected,
  decodeValue,
  encodeValue,
} from '../record.ts';
import { WatchHub } from '../watch-hub.ts';

/** What is kept of a record: its text, or undefined for one that was deleted. */
interface Kept {
  readonly text: string | undefined;
  readonly revision: Revision;
}

/** Records in a map. Values are kept as text, so that nobody holds on to one that somebody else has. */
export class MemoryRecords implements Records {
  /** In the order of revisions: a write puts its key at the end. */
  readonly #kept = new Map<string, Kept>();
  readonly #tombstonesMax: number;
  readonly #hub: WatchHub;
  #latest = 0 as Revision; // no write yet
  #tombstones = 0;
  /** Deletions up to this revision may be forgotten. */
  #forgotten = 0 as Revision; // none yet
  #state: 'open' | 'closed' = 'open';

  constructor({ tombstonesMax, queueMax }: WatchBounds = defaultWatchBounds) {
    this.#tombstonesMax = tombstonesMax;
    this.#hub = new WatchHub(queueMax);
  }

  async get(key: string): Promise<Stored | undefined> {
    this.#checkOpen();
    const kept = this.#kept.get(key);
    return kept?.text === undefined ? undefined : { key, value: decodeValue(key, kept.text), revision: kept.revision };
  }

  async list(prefix: string, { after, limit, order = 'ascending' }: ListOptions = {}): Promise<Stored[]> {
    this.#checkOpen();
    const direction = order === 'ascending' ? 1 : -1;
    const compare = (a: string, b: string): number => (a < b ? -direction : a > b ? direction : 0);
    const found: Stored[] = [];
    for (const [key, { text, revision }] of this.#kept) {
      if (text === undefined || !key.startsWith(prefix) || (after !== undefined && compare(key, after) <= 0)) continue;
      found.push({ key, value: decodeValue(key, text), revision });
    }
    return found.toSorted((a, b) => compare(a.key, b.key)).slice(0, limit);
  }

  async put(key: string, value: JsonValue, expected: Expected): Promise<Revision> {
    this.#checkOpen();
    const text = encodeValue(key, value);
    checkExpected(key, this.#revisionOf(key), expected);
    const revision = this.#write(key, text);
    this.#hub.tell({ kind: 'put', key, value: decodeValue(key, text), revision });
    return revision;
  }

  async delete(key: string, expected: Revision | 'any'): Promise<void> {
    this.#checkOpen();
    const found = this.#revisionOf(key);
    checkExpected(key, found, expected);
    if (found === undefined) return;
    this.#hub.tell({ kind: 'deleted', key, revision: this.#write(key, undefined) });
    this.#forget();
  }

  watch(prefix: string, { after }: WatchOptions = {}): Watch {
    this.#checkOpen();
    if (after !== undefined && after < this.#forgotten) return this.#hub.expired(prefix);
    const initial: Change[] = [];
    for (const [key, { text, revision }] of this.#kept) {
      if (!key.startsWith(prefix) || revision <= (after ?? 0)) continue;
      if (text !== undefined) initial.push({ kind: 'put', key, value: decodeValue(key, text), revision });
      else if (after !== undefined) initial.push({ kind: 'deleted', key, revision });
    }
    return this.#hub.watch(prefix, initial);
  }

  async latest(): Promise<Revision> {
    this.#checkOpen();
    return this.#latest;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#hub.close();
  }

  #revisionOf(key: string): Revision | undefined {
    const kept = this.#kept.get(key);
    return kept?.text === undefined ? undefined : kept.revision;
  }

  #write(key: string, text: string | undefined): Revision {
    this.#latest = (this.#latest + 1) as Revision; // one more write
    const before = this.#kept.get(key);
    if (before !== undefined && before.text === undefined) this.#tombstones--;
    if (text === undefined) this.#tombstones++;
    this.#kept.delete(key);
    this.#kept.set(key, { text, revision: this.#latest });
    return this.#latest;
  }

  #forget(): void {
    if (this.#tombstones <= this.#tombstonesMax) return;
    for (const [key, { text, revision }] of this.#kept) {
      if (text !== undefined) continue;
      this.#kept.delete(key);
      this.#tombstones--;
      this.#forgotten = revision;
      return;
    }
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new MayflyError('storage_closed', {});
  }
}
