import { type Clock, Fault, type MayflyError, systemClock } from '../base/mod.ts';
import type { LoadedFunction } from '../engine/mod.ts';
import { LineLevel, LineSource } from './function-log.ts';
import type { FunctionLogSender } from './function-log-sender.ts';
import { failureLinesPerSecond } from './limits.ts';
import type { Log } from './log.ts';

/** Takes lines for the functions' own logs. */
export type LineSink = Pick<FunctionLogSender, 'push'>;

interface Window {
  startedMs: number;
  lines: number;
  left: number;
}

/** Logs calls that failed, to the operator and to the function's own log: so many of a kind each second, and then how many more there were. Failing must not cost more than serving. */
export class FailureLog {
  readonly #log: Log;
  readonly #lines: LineSink;
  readonly #clock: Clock;
  /** By function and code: as many as there can be of both. */
  readonly #windows = new Map<string, Window>();

  constructor(log: Log, lines: LineSink, clock: Clock = systemClock) {
    this.#log = log;
    this.#lines = lines;
    this.#clock = clock;
  }

  failed({ project, name }: Pick<LoadedFunction, 'project' | 'name'>, error: MayflyError): void {
    const window = this.#window(`${project}/${name}/${error.code}`);
    if (window.lines >= failureLinesPerSecond) {
      window.left++;
      return;
    }
    window.lines++;
    const { left } = window;
    window.left = 0;
    const more = left > 0 ? { notLogged: left } : {};
    const text = left > 0 ? `${error.message} (and ${left} more before)` : error.message;
    const { code } = error;
    const level = error.fault === Fault.bug ? LineLevel.error : LineLevel.warn;
    const timeMs = this.#clock.wallMs();
    const owner = { project, function: name };
    this.#lines.push({ ...owner, timeMs, source: LineSource.platform, level, text, code });
    const fields = { function: name, project, code, ...more };
    if (error.fault === Fault.bug) this.#log.error({ ...fields, err: error }, error.message);
    else this.#log.warn(fields, error.message);
  }

  #window(key: string): Window {
    const now = this.#clock.monotonicMs();
    const found = this.#windows.get(key);
    if (found === undefined) {
      const made: Window = { startedMs: now, lines: 0, left: 0 };
      this.#windows.set(key, made);
      return made;
    }
    if (now - found.startedMs >= 1000) {
      found.startedMs = now;
      found.lines = 0;
    }
    return found;
  }
}
