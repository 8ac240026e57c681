import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { errorText, MayflyError } from '../../base/mod.ts';
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
import { layout, layoutVersion, lockWaitMs } from './layout.ts';

/** A row of `records`; `value` is null where the record was deleted. */
interface Row {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
}

/**
 * Records in a file of SQLite, written ahead (WAL) and synced at every write: one that returned survives a killed process and a
 * power cut. The process that opened the file has it alone, and every call is done in one turn, so reading and then writing is one
 * step to everybody.
 */
export class SqliteRecords implements Records {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #tombstonesMax: number;
  readonly #hub: WatchHub;
  #tombstones: number;
  #state: 'open' | 'closed' = 'open';

  private constructor(database: DatabaseSync, { tombstonesMax, queueMax }: WatchBounds) {
    this.#tombstonesMax = tombstonesMax;
    this.#hub = new WatchHub(queueMax);
    this.#database = database;
    this.#statements = prepare(database);
    // A count is one row of one column.
    this.#tombstones = (this.#statements.countTombstones.get() as { count: number }).count;
  }

  /** @throws MayflyError data_dir_unusable, data_dir_in_use */
  static async open(file: string, bounds: WatchBounds = defaultWatchBounds): Promise<SqliteRecords> {
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      // SQLite would make it readable for everybody; the files it puts beside it have the mode of this one.
      closeSync(openSync(file, 'a', 0o600));
      database = new DatabaseSync(file, { timeout: lockWaitMs });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      database.exec('BEGIN EXCLUSIVE');
      layOut(database, file);
      database.exec('COMMIT');
      return new SqliteRecords(database, bounds);
    } catch (error) {
      database?.close();
      if (error instanceof MayflyError) throw error;
      if (sqliteCode(error) === sqliteBusy) throw new MayflyError('data_dir_in_use', { path: path.dirname(file) });
      throw new MayflyError('data_dir_unusable', { path: file, reason: errorText(error) }, { cause: error });
    }
  }

  async get(key: string): Promise<Stored | undefined> {
    this.#checkOpen();
    const row = this.#row(key);
    return row === undefined ? undefined : stored(row);
  }

  async list(prefix: string, { after, limit, order = 'ascending' }: ListOptions = {}): Promise<Stored[]> {
    this.#checkOpen();
    const { listAscending, listDescending } = this.#statements;
    const end = `${prefix}${beyondKeys}`;
    const most = limit ?? -1;
    const rows =
      order === 'ascending'
        ? listAscending.all(prefix, end, after ?? '', most)
        : listDescending.all(prefix, end, after ?? beyondKeys, most);
    // The statements select the columns of Row.
    return (rows as unknown as Row[]).map(stored);
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
    const revision = this.#write(key, null);
    this.#hub.tell({ kind: 'deleted', key, revision });
  }

  watch(prefix: string, { after }: WatchOptions = {}): Watch {
    this.#checkOpen();
    const { forgotten, changes } = this.#statements;
    // The one row of the table.
    const { revision } = forgotten.get() as { revision: number };
    if (after !== undefined && after < revision) return this.#hub.expired(prefix);
    // The statement selects the columns of Row.
    const rows = changes.all(prefix, `${prefix}${beyondKeys}`, after ?? 0) as unknown as Row[];
    const told = rows.filter((row) => row.value !== null || after !== undefined);
    return this.#hub.watch(prefix, told.map(change));
  }

  async latest(): Promise<Revision> {
    this.#checkOpen();
    // A maximum is one row of one column.
    return (this.#statements.latest.get() as { revision: Revision }).revision;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#hub.close();
    this.#database.close();
  }

  #row(key: string): Row | undefined {
    // The statement selects the columns of Row.
    return this.#statements.get.get(key) as Row | undefined;
  }

  #revisionOf(key: string): Revision | undefined {
    const row = this.#row(key);
    // Revisions are what `#write` counts.
    return row === undefined ? undefined : (row.revision as Revision);
  }

  #write(key: string, text: string | null): Revision {
    const { write, tombstone, forgetBefore, dropForgotten } = this.#statements;
    let tombstones = this.#tombstones;
    if (tombstone.get(key) !== undefined) tombstones--;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      // The statement returns what it has counted.
      const { revision } = write.get(key, text) as { revision: Revision };
      if (text === null && ++tombstones > this.#tombstonesMax) {
        forgetBefore.run(this.#tombstonesMax);
        tombstones -= Number(dropForgotten.run().changes);
      }
      this.#database.exec('COMMIT');
      this.#tombstones = tombstones;
      return revision;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw new MayflyError('data_dir_unusable', { path: key, reason: errorText(error) }, { cause: error });
    }
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new MayflyError('storage_closed', {});
  }
}

/** Sorts behind every character that a key can have. */
const beyondKeys = '\u007F';

/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

interface Statements {
  readonly get: StatementSync;
  readonly listAscending: StatementSync;
  readonly listDescending: StatementSync;
  readonly changes: StatementSync;
  readonly latest: StatementSync;
  readonly write: StatementSync;
  readonly countTombstones: StatementSync;
  readonly tombstone: StatementSync;
  readonly forgotten: StatementSync;
  readonly forgetBefore: StatementSync;
  readonly dropForgotten: StatementSync;
}

function prepare(database: DatabaseSync): Statements {
  const columns = 'SELECT key, value, revision FROM records';
  return {
    get: database.prepare(`${columns} WHERE key = ? AND value IS NOT NULL`),
    listAscending: database.prepare(
      `${columns} WHERE key >= ? AND key < ? AND key > ? AND value IS NOT NULL ORDER BY key LIMIT ?`,
    ),
    listDescending: database.prepare(
      `${columns} WHERE key >= ? AND key < ? AND key < ? AND value IS NOT NULL ORDER BY key DESC LIMIT ?`,
    ),
    changes: database.prepare(`${columns} WHERE key >= ? AND key < ? AND revision > ? ORDER BY revision`),
    latest: database.prepare('SELECT coalesce(max(revision), 0) AS revision FROM records'),
    write: database.prepare(
      `INSERT INTO records (key, value, revision) VALUES (?, ?, (SELECT coalesce(max(revision), 0) + 1 FROM records))
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision RETURNING revision`,
    ),
    countTombstones: database.prepare('SELECT count(*) AS count FROM records WHERE value IS NULL'),
    tombstone: database.prepare('SELECT revision FROM records WHERE key = ? AND value IS NULL'),
    forgotten: database.prepare('SELECT revision FROM forgotten'),
    // The newest deletion of those that are one too many: all up to it are dropped.
    forgetBefore: database.prepare(
      `UPDATE forgotten SET revision =
         (SELECT revision FROM records WHERE value IS NULL ORDER BY revision DESC LIMIT 1 OFFSET ?)`,
    ),
    dropForgotten: database.prepare(
      'DELETE FROM records WHERE value IS NULL AND revision <= (SELECT revision FROM forgotten)',
    ),
  };
}

function layOut(database: DatabaseSync, file: string): void {
  // A pragma's value is one row of one column.
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found === layoutVersion) return;
  if (found !== 0) {
    const reason = `its layout is ${found}, which this version of Mayfly does not know, ${layoutVersion} is wanted`;
    throw new MayflyError('data_dir_unusable', { path: file, reason });
  }
  database.exec(layout);
  database.exec(`PRAGMA user_version = ${layoutVersion}`);
}

function stored(row: Row): Stored {
  // Revisions are what `#write` counts; the statements leave deletions out.
  return { key: row.key, value: decodeValue(row.key, row.value ?? ''), revision: row.revision as Revision };
}

function change(row: Row): Change {
  // Revisions are what `#write` counts.
  return row.value === null
    ? { kind: 'deleted', key: row.key, revision: row.revision as Revision } // as above
    : { kind: 'put', ...stored(row) };
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
