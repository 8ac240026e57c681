import { countText } from '../base/mod.ts';
import type { LogRecord } from './function-log.ts';
import { logFollowerLines } from './limits.ts';

/** One reader of a function's live log. It never holds anybody up: what it does not take in time is left out, and it is told. */
export class FunctionLogFollower {
  readonly #records: LogRecord[] = [];
  #leftOut: { readonly count: number; readonly last: LogRecord } | undefined;
  #wake: (() => void) | undefined;
  #state: 'following' | 'ended' = 'following';

  push(record: LogRecord): void {
    if (this.#records.length >= logFollowerLines) {
      const last = this.#records.shift() ?? record;
      this.#leftOut = { count: (this.#leftOut?.count ?? 0) + 1, last };
    }
    this.#records.push(record);
    this.#wake?.();
  }

  /** What is there is still taken; then the reader is done. */
  end(): void {
    this.#state = 'ended';
    this.#wake?.();
  }

  /** The next record, as soon as there is one. @returns undefined when there will be none */
  async next(): Promise<LogRecord | undefined> {
    for (;;) {
      const leftOut = this.#leftOut;
      this.#leftOut = undefined;
      if (leftOut !== undefined) return leftOutRecord(leftOut.count, leftOut.last);
      const record = this.#records.shift();
      if (record !== undefined) return record;
      if (this.#state === 'ended') return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }
}

/** It has the cursor of the last one that was left out, so that whoever comes back with it misses no more. */
function leftOutRecord(count: number, last: LogRecord): LogRecord {
  const text = `${countText(count, 'line')} left out here: they came faster than they were read`;
  return { function: last.function, cursor: last.cursor, at: last.at, source: 'platform', level: 'warn', text };
}
