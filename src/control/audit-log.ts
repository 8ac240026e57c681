import { type Clock, errorText, isMayflyError, isName, type ProjectId, shownText } from '../base/mod.ts';
import { auditRecordsMax, deniedRecordsMax } from './limits.ts';
import type { AuditLog, DeniedAttempt } from './parts.ts';
import type { ControlLog } from './ports.ts';
import type { RecordTable } from './record-table.ts';
import { page, pageSize, type Tables } from './tables.ts';
import type { Actor, AuditRecord, Page, PageOptions, TokenId } from './types.ts';

/** Of whoever has no token that is good for anything. */
const nobody = 'nobody' as TokenId; // no token has this id

/**
 * What was done, and what was denied: append-only lists, of which the newest are kept. They are two, as anybody can be denied something
 * and would otherwise push out what was done.
 */
export class RecordedAuditLog implements AuditLog {
  readonly #done: BoundedTable;
  readonly #denied: BoundedTable;
  readonly #clock: Clock;
  readonly #log: ControlLog;
  #lastMs = 0;
  #count = 0;

  constructor({ audit, denied }: Pick<Tables, 'audit' | 'denied'>, clock: Clock, log: ControlLog) {
    this.#done = new BoundedTable(audit, auditRecordsMax);
    this.#denied = new BoundedTable(denied, deniedRecordsMax);
    this.#clock = clock;
    this.#log = log;
  }

  append(entry: Omit<AuditRecord, 'id' | 'at'>): Promise<void> {
    return this.#append(this.#done, entry);
  }

  denied({ actor = nobody, project, ...rest }: DeniedAttempt): Promise<void> {
    return this.#append(this.#denied, { ...rest, actor, action: 'denied', project });
  }

  /** Does `work`, and notes what came of it. A record that cannot be written changes nothing about what was done. */
  async around<Result>(
    { actor, action, project, target }: { actor: Actor; action: string; project: string; target: string },
    work: () => Promise<Result>,
  ): Promise<Result> {
    let outcome = 'done';
    try {
      return await work();
    } catch (error) {
      outcome = isMayflyError(error) ? error.code : 'internal';
      throw error;
    } finally {
      const entry = {
        actor: actor.id,
        action,
        // What is no name has no project.
        project: isName(project) ? (project as ProjectId) : ('*' as const),
        target: shownText(target, 300),
        outcome,
      };
      await this.append(entry).catch((error: unknown) =>
        this.#log.error({ ...entry, reason: errorText(error) }, 'the audit log could not be written'),
      );
    }
  }

  async list(project: string, options: PageOptions = {}): Promise<Page<AuditRecord>> {
    const size = pageSize(options);
    const found = await Promise.all(
      [this.#done, this.#denied].map(({ table }) => this.#newest(table, project, size + 1, options.after)),
    );
    // Ids are of one count: they sort by time, whichever list they are in.
    const merged = found.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1));
    return page(merged.slice(0, size + 1), size, ({ id }) => id);
  }

  async #append(to: BoundedTable, entry: Omit<AuditRecord, 'id' | 'at'>): Promise<void> {
    // The clock may jump back, and the list is in the order things happened.
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.wallMs()));
    const at = this.#lastMs;
    for (;;) {
      const id = `${String(at).padStart(15, '0')}-${String(this.#count++ % 1e6).padStart(6, '0')}`;
      // After a restart the count begins anew, and so may the millisecond.
      if ((await to.table.get(id)) !== undefined) continue;
      await to.add({ ...entry, target: entry.target.slice(0, 500), id, at });
      return;
    }
  }

  /** Up to `most` of a project, the newest first. */
  async #newest(
    table: RecordTable<AuditRecord>,
    project: string,
    most: number,
    before: string | undefined,
  ): Promise<AuditRecord[]> {
    const found: AuditRecord[] = [];
    for (let after = before; found.length < most;) {
      const part = await table.list(
        '',
        { order: 'descending', limit: most, ...(after === undefined ? {} : { after }) },
        (bad) => this.#log.error({ reason: bad.message }, 'an audit record cannot be read'),
      );
      found.push(...part.map(({ value }) => value).filter((one) => project === '*' || one.project === project));
      after = part.at(-1)?.value.id;
      if (part.length < most) break;
    }
    return found;
  }
}

/** A list of which the newest records are kept. */
class BoundedTable {
  readonly table: RecordTable<AuditRecord>;
  readonly #recordsMax: number;
  #added = 0;

  constructor(table: RecordTable<AuditRecord>, recordsMax: number) {
    this.table = table;
    this.#recordsMax = recordsMax;
  }

  async add(record: AuditRecord): Promise<void> {
    await this.table.put(record.id, record, 'absent');
    // A twentieth too many at most.
    if (++this.#added % (this.#recordsMax / 20) === 0) await this.#prune();
  }

  async #prune(): Promise<void> {
    const ids = await this.table.ids('', { order: 'ascending' });
    for (const id of ids.slice(0, Math.max(0, ids.length - this.#recordsMax))) await this.table.delete(id, 'any');
  }
}
