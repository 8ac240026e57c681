import type { LatencySummary } from './latencies.ts';

/** One stream of requests. Several of them run at once, from one process. */
export type LoadGroup = OpenGroup | ClosedGroup;

interface AnyGroup {
  readonly name: string;
  /** Asked for one after the other, over and over. */
  readonly paths: readonly string[];
}

/** Requests come at random moments, so many a second on average, whether or not earlier ones have been answered. */
export interface OpenGroup extends AnyGroup {
  readonly kind: 'open';
  readonly requestsPerSecond: number;
  /** A request that finds all of them busy waits, and the wait counts. */
  readonly connectionsMax: number;
}

/** So many callers, each of which asks again as soon as it was answered. */
export interface ClosedGroup extends AnyGroup {
  readonly kind: 'closed';
  readonly connections: number;
}

export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  readonly seconds: number;
  /** Before anything is counted. */
  readonly warmUpSeconds: number;
  readonly groups: readonly LoadGroup[];
  /** Tells also what happened in each so many seconds. */
  readonly windowSeconds?: number;
}

/** What one group saw. Latencies are from the moment a request was due, not from when it could be sent. */
export interface GroupResult {
  readonly name: string;
  readonly seconds: number;
  /**
   * How many by outcome: `200`, `503 overloaded`, `lost` for those that got no answer, `not sent` for those that no connection
   * was free for until the end.
   */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly ok: LatencySummary;
  /** The same from when a connection was free for it: without the wait at the caller. */
  readonly okSinceSent: LatencySummary;
  /** Answered with `503 overloaded`. */
  readonly refused: LatencySummary;
  /** How late the generator itself came to its requests: that much of the latencies is its own doing. */
  readonly late: LatencySummary;
  readonly windows: readonly LoadWindow[];
}

export interface LoadWindow {
  readonly ok: LatencySummary;
  readonly refused: LatencySummary;
}
