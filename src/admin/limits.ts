import { kib, mib } from '../base/mod.ts';

/** The bounds of the admin API. Each names what it guards against. A test makes some of them short. */
export interface AdminLimits {
  /** The request line and headers together: floods of headers. RFC 6585, section 5. */
  readonly headBytesMax: number;
  /** For the request's head to arrive: slow-loris. */
  readonly headTimeoutMs: number;
  /** A JSON body's size, and how long it may take to arrive. */
  readonly jsonBytesMax: number;
  readonly jsonTimeoutMs: number;
  /** An artifact's size, and how long it may take to arrive. The builder takes no larger one. */
  readonly artifactBytesMax: number;
  readonly uploadTimeoutMs: number;
  /** A connection on which nothing moves for so long, while something is waited for, is cut. */
  readonly stalledMs: number;
  /** How often the timeouts of heads and requests are looked after. */
  readonly timeoutCheckMs: number;
  /** An idle connection is kept open for the client's next request. */
  readonly keepAliveMs: number;
  /** Connections, and those of one address: one that takes all it can get leaves the others theirs. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Uploads at once, and event streams at once, of each project: both hold a connection, and something behind it, for long. */
  readonly uploadsMax: number;
  readonly streamsMax: number;
  /** A stream of events on which nothing happens says that it is there. */
  readonly streamIdleMs: number;
  /** After a refusal that leaves a body unread, so long the rest is read and dropped: a close would cost the client the answer. */
  readonly lingerMs: number;
  /** What is denied to the same client within so long is one record of the audit log, and of so many different ones. */
  readonly deniedWindowMs: number;
  readonly deniedKindsMax: number;
  /** How long an `Idempotency-Key` is remembered. */
  readonly idempotencyMs: number;
  /** Keys of one token that are remembered; above it, it has to wait or to do without. */
  readonly idempotencyKeysMax: number;
}

export const defaultAdminLimits: AdminLimits = Object.freeze({
  headBytesMax: 16 * kib,
  headTimeoutMs: 10_000,
  jsonBytesMax: 1 * mib,
  jsonTimeoutMs: 10_000,
  artifactBytesMax: 128 * mib,
  uploadTimeoutMs: 600_000,
  stalledMs: 30_000,
  timeoutCheckMs: 1000,
  keepAliveMs: 65_000,
  connectionsMax: 512,
  connectionsPerAddressMax: 128,
  uploadsMax: 4,
  streamsMax: 16,
  streamIdleMs: 15_000,
  lingerMs: 1000,
  deniedWindowMs: 60_000,
  deniedKindsMax: 50,
  idempotencyMs: 86_400_000,
  idempotencyKeysMax: 1000,
});

/** How deep JSON may be nested: no input of the API is deeper than this. */
export const jsonDepthMax = 16;

/** Items of a page: when the client says nothing, and at most. */
export const pageItemsDefault = 50;
export const pageItemsMax = 500;
