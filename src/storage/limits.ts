import { kib } from '../base/mod.ts';

/** The bounds of storage, the same for every backend. Each names what it guards against. */

/** One record, as JSON text in UTF-8: NATS refuses larger messages unless it is told otherwise. */
export const recordBytesMax: number = 1024 * kib;
/** One key. */
export const recordKeyLengthMax = 512;

/** How much a store remembers for those who watch it. */
export interface WatchBounds {
  /** Deletions that are remembered, so that a watch can go on where it was; beyond them it ends with watch_expired. */
  readonly tombstonesMax: number;
  /** Changes that wait for one slow watcher before its watch ends with watch_expired. */
  readonly queueMax: number;
}

export const defaultWatchBounds: WatchBounds = { tombstonesMax: 10_000, queueMax: 10_000 };
