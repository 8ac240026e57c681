import { constants } from 'node:os';

/** How a command that serves is asked to stop. */
export interface StopSignals {
  /** The first signal that comes once something is served. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Something is served. */
  ready(): void;
}

/**
 * The first signal that asks to stop lets requests finish; a second one ends the process at once, and so does one that comes before
 * anything is served: children end with their parent.
 */
export function stopSignals(signals: readonly NodeJS.Signals[]): StopSignals {
  const { promise: asked, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let state: 'starting' | 'serving' | 'stopping' = 'starting';
  const onSignal = (signal: NodeJS.Signals): void => {
    if (state !== 'serving') process.exit(128 + constants.signals[signal]);
    state = 'stopping';
    resolve(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { asked, ready: () => void (state = 'serving') };
}
