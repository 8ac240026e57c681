import { entry, type ErrorEntry, Fault } from './error-entry.ts';
import { shownText } from './shown-text.ts';

/** The platform's part of the table of errors: storage, the control plane, the admin API. Names are shown as data, not as text. */
export interface PlatformErrorParams {
  record_conflict: { key: string };
  bad_record: { key: string; reason: string };
  record_too_large: { key: string; sizeBytes: number; limitBytes: number };
  watch_expired: { prefix: string };
  storage_closed: object;
  data_dir_in_use: { path: string };
  blob_missing: { digest: string };
  blob_mismatch: { digest: string; found: string };
  blob_too_large: { limitBytes: number };

  not_found: { what: string; name: string };
  already_exists: { what: string; name: string };
  not_empty: { what: string; name: string; holds: string };
  too_many: { what: string; limit: number };
  too_many_workers: { workers: number; wanted: number };
  changed_meanwhile: { what: string; name: string };
  outcome_unknown: { what: string; name: string };
  bad_settings: { mistakes: readonly string[] };
  bad_weights: { reason: string };
  host_taken: { host: string; reason: string };
  nothing_to_roll_back: { function: string };
  secret_missing: { names: readonly string[] };
  secret_in_use: { name: string; functions: readonly string[] };
  secret_unreadable: { name: string };
  bad_snapshot: { reason: string };
}

/** Every error of the platform, by its permanent code. */
export const platformErrors: { readonly [C in keyof PlatformErrorParams]: ErrorEntry<PlatformErrorParams[C]> } = {
  // Storage.
  record_conflict: entry(
    409,
    Fault.user,
    (p) => `Cannot write ${shownText(p.key)}: it was changed meanwhile, the revision that it has now is wanted`,
  ),
  bad_record: entry(500, Fault.operator, (p) => `Cannot use the record ${shownText(p.key)}: ${p.reason}`),
  record_too_large: entry(
    413,
    Fault.user,
    (p) =>
      `Cannot store ${shownText(p.key)}: it has ${p.sizeBytes} bytes, at most ${p.limitBytes} are wanted in one record`,
  ),
  watch_expired: entry(
    410,
    Fault.user,
    (p) =>
      `Cannot go on watching ${shownText(p.prefix)}: changes since that revision are not kept any more, a watch from the start is wanted`,
  ),
  storage_closed: entry(503, Fault.operator, () => 'Cannot use the storage: it is closed'),
  data_dir_in_use: entry(
    500,
    Fault.operator,
    (p) => `Cannot use the data directory ${p.path}: another node uses it`,
    () => 'Stop the other node, or give this one another directory with --data-dir DIR',
  ),
  blob_missing: entry(404, Fault.user, (p) => `Cannot read ${shownText(p.digest)}: there is no such artifact`),
  blob_mismatch: entry(
    400,
    Fault.user,
    (p) => `Cannot store ${shownText(p.digest)}: the bytes that came are ${p.found}`,
    () => 'The upload was cut short or changed on its way: send it again',
  ),
  blob_too_large: entry(
    413,
    Fault.user,
    (p) => `Cannot store the artifact: it is too large, at most ${p.limitBytes} bytes are wanted`,
  ),

  // The control plane.
  not_found: entry(404, Fault.user, (p) => `Cannot find ${p.what} ${JSON.stringify(p.name)}: there is none`),
  already_exists: entry(
    409,
    Fault.user,
    (p) => `Cannot create ${p.what} ${JSON.stringify(p.name)}: it is there already, another name is wanted`,
  ),
  not_empty: entry(
    409,
    Fault.user,
    (p) => `Cannot delete ${p.what} ${JSON.stringify(p.name)}: it still has ${p.holds}, an empty one is wanted`,
  ),
  too_many: entry(
    409,
    Fault.user,
    (p) => `Cannot add one more: there are ${p.limit} ${p.what} already, which is the most`,
  ),
  too_many_workers: entry(
    409,
    Fault.user,
    (p) => `Cannot give the project ${p.workers} workers of its own: 0 to ${p.wanted} are wanted on this node now`,
    () => 'Each is a process; take some from other projects, or use a machine with more cores',
  ),
  changed_meanwhile: entry(
    409,
    Fault.user,
    (p) => `Cannot change ${p.what} ${JSON.stringify(p.name)}: somebody else has changed it meanwhile`,
    () => 'Look at what it is now, and try again',
  ),
  outcome_unknown: entry(
    500,
    Fault.operator,
    (p) =>
      `Cannot tell whether ${p.what} ${JSON.stringify(p.name)} was changed: the storage failed while it was written`,
    () => 'Look at what it is now',
  ),
  bad_settings: entry(
    400,
    Fault.user,
    (p) =>
      `Cannot deploy with these settings: ${p.mistakes.length === 1 ? '' : `${p.mistakes.length} mistakes\n  `}${p.mistakes.join('\n  ')}`,
  ),
  bad_weights: entry(400, Fault.user, (p) => `Cannot split traffic so: ${p.reason}`),
  host_taken: entry(
    409,
    Fault.user,
    (p) => `Cannot claim the host ${shownText(p.host)}: ${p.reason}`,
    () => 'Name another host in the route, or ask who runs the node',
  ),
  nothing_to_roll_back: entry(
    409,
    Fault.user,
    (p) => `Cannot roll back ${JSON.stringify(p.function)}: nothing was deployed before what is deployed now`,
  ),
  secret_missing: entry(
    400,
    Fault.user,
    (p) => `Cannot deploy: the project has no secret ${p.names.join(', ')}, which the function wants`,
    (p) => `Set it first: mayfly secrets set ${p.names[0] ?? 'NAME'}`,
  ),
  secret_in_use: entry(
    409,
    Fault.user,
    (p) => `Cannot delete the secret ${p.name}: ${p.functions.join(', ')} has it in use`,
  ),
  secret_unreadable: entry(
    500,
    Fault.operator,
    (p) => `Cannot open the secret ${p.name}: it was sealed under another node key, or was changed`,
    () => 'Set it again, or bring back the node.key it was sealed under',
  ),
  bad_snapshot: entry(400, Fault.operator, (p) => `Cannot take the routing snapshot: ${p.reason}`),
};
