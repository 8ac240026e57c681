import { isDeepStrictEqual } from 'node:util';
import { errorText, isMayflyError, MayflyError } from '../base/mod.ts';
import type { Revision } from '../storage/mod.ts';
import type { ControlContext } from './context.ts';
import type { ServedFunction } from './ports.ts';
import type { Row } from './record-table.ts';
import type { StoredFunction } from './schemas.ts';

/** A function's record as it is to be, and as it was found. */
export interface FunctionChange {
  readonly id: string;
  readonly next: StoredFunction;
  readonly found: Row<StoredFunction> | undefined;
}

/**
 * Changes what is served of a function: everybody loads it first, then its record is written, then everybody serves it. A crash before
 * the record is written leaves what was served, and one after it what is served next; neither was acknowledged. In the project's
 * turn.
 * @throws MayflyError changed_meanwhile, and what keeps it from being served; then the record is as it was found. outcome_unknown when
 *   nobody can tell
 */
export async function changeServing(
  context: ControlContext,
  change: FunctionChange,
  onWarm: () => void,
): Promise<Revision> {
  const { serving, tools } = context;
  const { project, name } = change.next;
  const served = await serving.resolve(change.next);
  const before = serving.get(project, name);
  const cool = await tools.publisher.warm(served.versions.map((one) => one.served));
  try {
    onWarm();
    const revision = await commit(context, change);
    try {
      serving.set(served);
      await serving.publish();
    } catch (error) {
      await takeBack(context, change, revision, before);
      throw error;
    }
    return revision;
  } finally {
    cool();
  }
}

async function commit({ tables }: ControlContext, { id, next, found }: FunctionChange): Promise<Revision> {
  try {
    return await tables.functions.put(id, next, found?.revision ?? 'absent');
  } catch (error) {
    if (isMayflyError(error, 'record_conflict'))
      throw new MayflyError('changed_meanwhile', { what: 'function', name: next.name });
    // The write may have happened all the same.
    const now = await tables.functions.get(id).catch((cause: unknown) => {
      throw new MayflyError('outcome_unknown', { what: 'function', name: next.name }, { cause });
    });
    if (now !== undefined && isDeepStrictEqual(now.value, next)) return now.revision;
    throw error;
  }
}

async function takeBack(
  { serving, tables, tools }: ControlContext,
  { id, next, found }: FunctionChange,
  revision: Revision,
  before: ServedFunction | undefined,
): Promise<void> {
  try {
    if (found === undefined) await tables.functions.delete(id, revision);
    else await tables.functions.put(id, found.value, revision);
  } catch (cause) {
    tools.log.error({ function: id, reason: errorText(cause) }, 'a change that is not served could not be taken back');
    throw new MayflyError('outcome_unknown', { what: 'function', name: next.name }, { cause });
  }
  if (before === undefined) serving.remove(next.project, next.name);
  else serving.set(before);
}
