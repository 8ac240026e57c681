/** Wakes somebody later. Handed in, so that tests decide what time it is. */
export interface Timers {
  /** Calls `wake` once, `delayMs` from now or somewhat later. @returns a function that calls it off. */
  after(delayMs: number, wake: () => void): () => void;
}

/** The longest delay that setTimeout takes; a longer one would fire at once. https://nodejs.org/api/timers.html */
const delayMsMax = 2 ** 31 - 1;

/** The event loop's own timers. A delay they cannot hold ends early, as a wake may always be in vain. */
export const systemTimers: Timers = {
  after(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.ceil(delayMs), delayMsMax));
    return () => clearTimeout(timer);
  },
};
