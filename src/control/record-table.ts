import type { z } from 'zod';
import { isMayflyError, MayflyError } from '../base/mod.ts';
import type { Expected, JsonValue, ListOptions, Records, Revision, Stored } from '../storage/mod.ts';
import { conflictRetriesMax } from './limits.ts';

/** A record of a table. */
export interface Row<Value> {
  readonly value: Value;
  readonly revision: Revision;
}

/** What is done about a record that cannot be used. */
export type OnBadRecord = (error: MayflyError) => void;

/** The records of one kind. What is read is checked: whatever wrote it, only what the schema takes comes out. */
export class RecordTable<Value extends object> {
  readonly #records: Records;
  readonly #prefix: string;
  readonly #schema: z.ZodType<Value>;

  constructor(records: Records, name: string, schema: z.ZodType<Value>) {
    this.#records = records;
    this.#prefix = `${name}/`;
    this.#schema = schema;
  }

  /** @throws MayflyError bad_record */
  async get(id: string): Promise<Row<Value> | undefined> {
    const stored = await this.#records.get(this.#prefix + id);
    return stored === undefined ? undefined : this.#row(stored);
  }

  /**
   * Those whose ids begin with `prefix`, by id. `options.after` is an id.
   * @throws MayflyError bad_record, unless `onBad` does something else
   */
  async list(prefix: string, options: ListOptions = {}, onBad?: OnBadRecord): Promise<Row<Value>[]> {
    const { after } = options;
    const found = await this.#records.list(this.#prefix + prefix, {
      ...options,
      ...(after === undefined ? {} : { after: this.#prefix + after }),
    });
    const rows: Row<Value>[] = [];
    for (const stored of found) {
      try {
        rows.push(this.#row(stored));
      } catch (error) {
        if (onBad === undefined || !isMayflyError(error, 'bad_record')) throw error;
        onBad(error);
      }
    }
    return rows;
  }

  /** The ids that begin with `prefix`, whatever their records hold. */
  async ids(prefix: string, options: ListOptions = {}): Promise<string[]> {
    const found = await this.#records.list(this.#prefix + prefix, options);
    return found.map(({ key }) => key.slice(this.#prefix.length));
  }

  /** @throws MayflyError record_conflict, record_too_large */
  put(id: string, value: Value, expected: Expected): Promise<Revision> {
    // Tables hold plain data, as their schemas say.
    return this.#records.put(this.#prefix + id, value as unknown as JsonValue, expected);
  }

  /** @throws MayflyError record_conflict */
  delete(id: string, expected: Revision | 'any'): Promise<void> {
    return this.#records.delete(this.#prefix + id, expected);
  }

  /**
   * Changes a record, again when somebody else comes before. `change` gets undefined when there is none, and gives undefined for
   * none to be there.
   * @throws MayflyError record_conflict when somebody else comes before again and again, and whatever `change` throws
   */
  async update(id: string, change: (value: Value | undefined) => Value | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const found = await this.get(id);
      const next = change(found?.value);
      if (next === found?.value) return;
      try {
        if (next !== undefined) await this.put(id, next, found?.revision ?? 'absent');
        else await this.delete(id, found?.revision ?? 'any');
        return;
      } catch (error) {
        if (!isMayflyError(error, 'record_conflict') || attempt >= conflictRetriesMax) throw error;
      }
    }
  }

  #row({ key, value, revision }: Stored): Row<Value> {
    const parsed = this.#schema.safeParse(value);
    if (parsed.success) return { value: parsed.data, revision };
    const issue = parsed.error.issues[0];
    const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is malformed'}`;
    throw new MayflyError('bad_record', { key, reason });
  }
}
