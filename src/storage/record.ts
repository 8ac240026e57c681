import { type Brand, MayflyError } from '../base/mod.ts';
import { recordBytesMax, recordKeyLengthMax } from './limits.ts';

/** What a record can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Counts the writes of a store, from 1, over all of its records: a record's revision is that of its last write, and no two writes
 * have the same. It goes on counting after a restart.
 */
export type Revision = Brand<number, 'Revision'>;

/** A record. */
export interface Stored {
  readonly key: string;
  readonly value: JsonValue;
  readonly revision: Revision;
}

/** What has to be there for a write to happen: exactly this revision, nothing, or whatever there is. */
export type Expected = Revision | 'absent' | 'any';

/** A write, as a watch tells it. */
export type Change =
  | ({ readonly kind: 'put' } & Stored)
  | { readonly kind: 'deleted'; readonly key: string; readonly revision: Revision };

/** Which records to list. */
export interface ListOptions {
  /** Only keys beyond this one, in the order asked for. */
  readonly after?: string;
  /** All when absent. */
  readonly limit?: number;
  /** By key, as UTF-16 code units compare; ascending when absent. */
  readonly order?: 'ascending' | 'descending';
}

/** Where a watch begins. */
export interface WatchOptions {
  /** Only changes after this revision; everything that is there when absent. */
  readonly after?: Revision;
}

/** Changes as they happen. Iterate it once. */
export interface Watch extends AsyncIterable<Change> {
  /** Ends the iteration. */
  close(): void;
}

/** Small JSON values by key. Keys are paths such as `functions/shop/cart`: see `checkKey`. */
export interface Records {
  get(key: string): Promise<Stored | undefined>;
  /** The records whose keys begin with `prefix`, by key. */
  list(prefix: string, options?: ListOptions): Promise<Stored[]>;
  /**
   * Writes a record. When this returns, the write is kept whatever happens.
   * @throws MayflyError record_conflict when what is there is not what is expected, record_too_large
   */
  put(key: string, value: JsonValue, expected: Expected): Promise<Revision>;
  /**
   * Removes a record. With `any` it may be absent already.
   * @throws MayflyError record_conflict
   */
  delete(key: string, expected: Revision | 'any'): Promise<void>;
  /**
   * What changes below `prefix`: first each record that was written after `options.after`, with the state that it has now, then
   * every write as it happens, all in the order of their revisions. A deletion before the start of a watch without `after` is not told.
   * The iteration throws watch_expired when it can no longer tell all.
   */
  watch(prefix: string, options?: WatchOptions): Watch;
  /** The last write's revision; 0 before the first. */
  latest(): Promise<Revision>;
  /** Gives everything back. Watches end. */
  close(): Promise<void>;
}

// What NATS allows in the key of a record, with `/` for its `.`: https://docs.nats.io/nats-concepts/jetstream/key-value-store
const keyPattern = /^[A-Za-z0-9_=.-]+(?:\/[A-Za-z0-9_=.-]+)*$/;

/** Makes sure that every backend can keep `key`. @throws MayflyError bad_record */
function checkKey(key: string): void {
  if (key.length <= recordKeyLengthMax && keyPattern.test(key)) return;
  throw new MayflyError('bad_record', {
    key: key.slice(0, recordKeyLengthMax),
    reason: `its key is no path of letters, digits and _=.- of at most ${recordKeyLengthMax} characters`,
  });
}

/** The text that a backend keeps of `value`. @throws MayflyError bad_record, record_too_large */
export function encodeValue(key: string, value: JsonValue): string {
  checkKey(key);
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new MayflyError('bad_record', { key, reason: 'it has no value, JSON is wanted' });
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > recordBytesMax)
    throw new MayflyError('record_too_large', { key, sizeBytes, limitBytes: recordBytesMax });
  return text;
}

/** What `encodeValue` made `text` from. @throws MayflyError bad_record */
export function decodeValue(key: string, text: string): JsonValue {
  try {
    // JSON text holds nothing else.
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new MayflyError('bad_record', { key, reason: 'what is kept of it is no JSON' }, { cause: error });
  }
}

/** Whether what is there is what a write expects. @throws MayflyError record_conflict */
export function checkExpected(key: string, found: Revision | undefined, expected: Expected): void {
  if (expected === 'any') return;
  if (expected === 'absent' ? found === undefined : found === expected) return;
  throw new MayflyError('record_conflict', { key });
}
