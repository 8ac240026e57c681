import { type Clock, errorText, isMayflyError, isName, type ProjectId, shownText } from '../base/mod.ts';
import { auditPruneEvery, auditRecordsMax } from './limits.ts';
import type { AuditLog } from './parts.ts';
import type { ControlLog } from './ports.ts';
import type { RecordTable } from './record-table.ts';
import { page, pageSize } from './tables.ts';
import type { Actor, AuditRecord, Page, PageOptions } from './types.ts';

/** What was done: an append-only list, of which the newest are kept. */
export class RecordedAuditLog implements AuditLog {
  readonly #table: RecordTable<AuditRecord>;
  readonly #clock: Clock;
  readonly #log: ControlLog;
  #lastMs = 0;
  #count = 0;

  constructor(table: RecordTable<AuditRecord>, clock: Clock, log: ControlLog) {
    this.#table = table;
    this.#clock = clock;
    this.#log = log;
  }

  async append(entry: Omit<AuditRecord, 'id' | 'at'>): Promise<void> {
    // The clock may jump back, and the list is in the order things happened.
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.wallMs()));
    const at = this.#lastMs;
    for (;;) {
      const id = `${String(at).padStart(15, '0')}-${String(this.#count++ % 1e6).padStart(6, '0')}`;
      // After a restart the count begins anew, and so may the millisecond.
      if ((await this.#table.get(id)) !== undefined) continue;
      await this.#table.put(id, { ...entry, target: entry.target.slice(0, 500), id, at }, 'absent');
      break;
    }
    if (this.#count % auditPruneEvery === 0) await this.#prune();
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
    const found: AuditRecord[] = [];
    for (let { after } = options; found.length <= size;) {
      const part = await this.#table.list(
        '',
        { order: 'descending', limit: size + 1, ...(after === undefined ? {} : { after }) },
        (bad) => this.#log.error({ reason: bad.message }, 'an audit record cannot be read'),
      );
      found.push(...part.map(({ value }) => value).filter((one) => project === '*' || one.project === project));
      after = part.at(-1)?.value.id;
      if (part.length <= size) break;
    }
    return page(found.slice(0, size + 1), size, ({ id }) => id);
  }

  async #prune(): Promise<void> {
    const ids = await this.#table.ids('', { order: 'ascending' });
    for (const id of ids.slice(0, Math.max(0, ids.length - auditRecordsMax))) await this.#table.delete(id, 'any');
  }
}
