import type { ControlContext } from './context.ts';
import type { StoredFunction } from './schemas.ts';
import { versionId } from './tables.ts';
import type { VersionNumber } from './types.ts';

/** Removes the records of versions that their function does not list any more. What was made of them is swept later. */
export async function dropVersions(
  { tables, tools }: ControlContext,
  { project, name }: Pick<StoredFunction, 'project' | 'name'>,
  numbers: readonly VersionNumber[],
): Promise<void> {
  for (const number of numbers) await tables.versions.delete(versionId(project, name, number), 'any');
  if (numbers.length > 0) tools.onVersionsDropped();
}
