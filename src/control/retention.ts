import { deploymentsKept, versionsKept } from './limits.ts';
import type { StoredFunction } from './schemas.ts';

/** `record` without what is kept no longer: old deployments, and old versions that are in none. */
export function retained(record: StoredFunction): StoredFunction {
  const before = record.before.slice(0, deploymentsKept);
  const deployed = new Set(
    [record.deployment, ...before].flatMap(({ entries }) => entries.map(({ version }) => version)),
  );
  const newest = new Set(record.versions.toSorted((a, b) => b - a).slice(0, versionsKept));
  return { ...record, before, versions: record.versions.filter((each) => newest.has(each) || deployed.has(each)) };
}
