/** Where the time comes from. Handed in, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since an arbitrary start, with sub-millisecond digits; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC, with sub-millisecond digits; can jump. */
  wallMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => performance.timeOrigin + performance.now(),
};
