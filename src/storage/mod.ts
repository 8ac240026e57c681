/**
 * What a node keeps, behind two interfaces that know nothing of what is kept:
 *
 *     Records   small JSON values by key: compare-and-set each, listed and watched by prefix     record.ts
 *     Blobs     immutable bytes by their digest                                                  blob.ts
 *
 * Backends stand in folders of their own, and only the composition root chooses one. All pass test/compliance:
 *
 *     sqlite/   records in one file of node:sqlite; an acknowledged write survives a killed process and a power cut
 *     files/    blobs as files, there whole or not at all
 *     memory/   both, for tests and for nodes that keep nothing
 *
 * `watch-hub.ts` is what the backends of one process share: it tells watchers of writes.
 *
 * There are no transactions over several records, as a store that is spread over machines has none: what has to change at once is
 * one record.
 */
export type { Blobs, BlobInfo } from './blob.ts';
export type {
  Change,
  Expected,
  JsonValue,
  ListOptions,
  Records,
  Revision,
  Stored,
  Watch,
  WatchOptions,
} from './record.ts';
export { recordBytesMax, type WatchBounds } from './limits.ts';
