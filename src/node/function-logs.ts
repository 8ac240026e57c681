import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, countText, functionName, MayflyError, projectId, systemClock } from '../base/mod.ts';
import { type FunctionLine, LineLevel, LineSource, type LogRecord, readLine } from './function-log.ts';
import { FunctionLogFile } from './function-log-file.ts';
import { FunctionLogFollower } from './function-log-follower.ts';
import { logFollowersMax, logTroubleEveryMs } from './limits.ts';
import type { Log } from './log.ts';

/** What the logs of functions are made with. */
export interface FunctionLogsOptions {
  /** Logs are in `<folder>/<project>/<function>/`. */
  readonly folder: string;
  /** The operator's: told when logs cannot be written. */
  readonly log: Log;
  /** Sees every line as it comes: to show them at a terminal. */
  readonly onLine?: (line: FunctionLine) => void;
  readonly clock?: Clock;
}

/** Where to begin in a log, and where to stop. */
export interface ReadOptions {
  /** The cursor of a record, or `logCursorAt` of a moment: what comes behind it. All that is kept when undefined. */
  readonly since?: string | undefined;
  /** Whether to go on with each line as it comes, or to end with what is kept. */
  readonly follow: 'follow' | 'once';
  readonly signal: AbortSignal;
}

interface OneLog {
  readonly file: FunctionLogFile;
  readonly followers: Set<FunctionLogFollower>;
}

/**
 * The logs of a node's functions, as its supervisor keeps them: the one place that writes them and that knows who reads. Everything
 * is by project and function; there is no way to ask for the lines of several.
 */
export class FunctionLogs {
  readonly #options: FunctionLogsOptions;
  readonly #clock: Clock;
  readonly #logs = new Map<string, OneLog>();
  /** Tells this writer's cursors from those of another node with the same folder. */
  readonly #writer = randomBytes(2).toString('hex');
  #lastMs = 0;
  #sequence = 0;
  #followers = 0;
  #troubleMs = -Infinity;
  #state: 'open' | 'closed' = 'open';

  constructor(options: FunctionLogsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Takes a worker's batch. Of what is not a line of a function that `isDeployed` knows, nothing is kept. */
  take(batch: unknown, isDeployed: (project: string, name: string) => boolean): void {
    const { lines, dropped } = readBatch(batch);
    for (const raw of lines) {
      const line = readLine(raw);
      if (line !== undefined && isDeployed(line.project, line.function)) this.append(line);
    }
    for (const { project, function: name, count } of dropped) {
      const text = `${countText(count, 'line')} went missing here: the function writes faster than its log is taken`;
      const line = readLine({ project, function: name, ...this.#platform(text) });
      if (line !== undefined && isDeployed(line.project, line.function)) this.append(line);
    }
  }

  append(line: FunctionLine): void {
    if (this.#state === 'closed') return;
    const { source, level, text, code, timeMs } = line;
    const cursor = this.#nextCursor();
    const record: LogRecord = {
      function: line.function,
      cursor,
      at: timeMs,
      source,
      level,
      text,
      ...(code === undefined ? {} : { code }),
    };
    const log = this.#logOf(line.project, line.function);
    log.file.append(record);
    for (const follower of log.followers) follower.push(record);
    this.#options.onLine?.(line);
  }

  /**
   * One function's log, oldest lines first, and when it is followed each further line as it comes, until `signal`.
   * @throws MayflyError bad_name, overloaded
   */
  async *read(project: string, name: string, { since, follow, signal }: ReadOptions): AsyncGenerator<LogRecord, void> {
    if (this.#followers >= logFollowersMax) throw new MayflyError('overloaded', {});
    const log = this.#logOf(projectId(project), functionName(name));
    // Enrolled before anything is read: a line that comes meanwhile is in a file, or with the follower, or in both.
    const follower = new FunctionLogFollower();
    const end = (): void => follower.end();
    if (follow === 'follow') log.followers.add(follower);
    if (follow === 'once' || this.#state === 'closed' || signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    this.#followers++;
    try {
      let last = since ?? '';
      await log.file.flush();
      for await (const record of log.file.read(since)) {
        if (signal.aborted) return;
        last = record.cursor;
        yield record;
      }
      for (let record = await follower.next(); record !== undefined; record = await follower.next())
        if (record.cursor > last) yield record;
    } finally {
      signal.removeEventListener('abort', end);
      log.followers.delete(follower);
      this.#followers--;
      this.#release(project, name, log);
    }
  }

  /** Removes what is kept of a function that is no more. @throws MayflyError bad_name */
  async forget(project: string, name: string): Promise<void> {
    const key = `${projectId(project)}/${functionName(name)}`;
    const log = this.#logs.get(key);
    this.#logs.delete(key);
    for (const follower of log?.followers ?? []) follower.end();
    await log?.file.flush();
    await rm(path.join(this.#options.folder, project, name), { recursive: true, force: true });
  }

  /** Ends every follower and writes what is left. */
  async close(): Promise<void> {
    this.#state = 'closed';
    for (const { followers } of this.#logs.values()) for (const follower of followers) follower.end();
    await Promise.all(Array.from(this.#logs.values(), ({ file }) => file.flush()));
  }

  #logOf(project: string, name: string): OneLog {
    const key = `${project}/${name}`;
    const found = this.#logs.get(key);
    if (found !== undefined) return found;
    const file = new FunctionLogFile(path.join(this.#options.folder, project, name), {
      unkept: (lines) => {
        const text = `${countText(lines, 'line')} could not be kept: they came faster than the disk takes them`;
        const line = readLine({ project, function: name, ...this.#platform(text) });
        if (line !== undefined) this.append(line);
      },
      trouble: (error) => this.#trouble(error),
    });
    const made: OneLog = { file, followers: new Set() };
    this.#logs.set(key, made);
    return made;
  }

  /** Whoever asks for the logs of functions that are not there leaves nothing behind. */
  #release(project: string, name: string, log: OneLog): void {
    if (log.followers.size === 0 && log.file.isIdle) this.#logs.delete(`${project}/${name}`);
  }

  #platform(text: string): Pick<FunctionLine, 'timeMs' | 'source' | 'level' | 'text'> {
    return { timeMs: this.#clock.wallMs(), source: LineSource.platform, level: LineLevel.warn, text };
  }

  /** A disk that refuses must not stop the node. */
  #trouble(error: unknown): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#troubleMs < logTroubleEveryMs) return;
    this.#troubleMs = now;
    this.#options.log.error({ err: error }, 'function logs cannot be written');
  }

  /** Cursors go up, also when the machine's clock goes back. */
  #nextCursor(): string {
    const now = Math.trunc(this.#clock.wallMs());
    this.#sequence = now > this.#lastMs ? 0 : this.#sequence + 1;
    this.#lastMs = Math.max(now, this.#lastMs);
    return `${logCursorAt(this.#lastMs)}${this.#sequence.toString(36).padStart(sequenceDigits, '0')}${this.#writer}`;
  }
}

const timeDigits = 9;
/** More lines than these can tell apart do not come in a millisecond. */
const sequenceDigits = 6;

/** Comes before the cursor of every record from this moment on: for `since`. */
export function logCursorAt(timeMs: number): string {
  return `${Math.max(0, Math.trunc(timeMs)).toString(36).padStart(timeDigits, '0')}-`;
}

interface ReadBatch {
  readonly lines: readonly unknown[];
  readonly dropped: readonly { readonly project: unknown; readonly function: unknown; readonly count: number }[];
}

/** A batch of any shape, as far as it is one. */
function readBatch(batch: unknown): ReadBatch {
  const { lines, dropped } = fieldsOf(batch);
  const list = Array.isArray(dropped) ? dropped : [];
  return {
    lines: Array.isArray(lines) ? lines : [],
    dropped: list.flatMap((one: unknown) => {
      const { project, function: name, lines: count } = fieldsOf(one);
      return typeof count === 'number' && Number.isSafeInteger(count) && count > 0
        ? [{ project, function: name, count }]
        : [];
    }),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
