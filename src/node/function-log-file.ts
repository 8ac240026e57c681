import { appendFile, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRecord, encodeRecord, type LogRecord } from './function-log.ts';
import { logFileBytes, logFilesKept, logUnwrittenBytes, logWriteEveryMs } from './limits.ts';

/** What becomes of a log file's trouble. */
export interface LogFileEvents {
  /** So many lines were not kept: the disk is slower than the function, or refuses. */
  unkept(lines: number): void;
  trouble(error: unknown): void;
}

const suffix = '.jsonl';

/**
 * The kept part of one function's log: files of JSON lines in a folder of its own, each named by the first record that is in it, so
 * that they sort, and a reader knows where to begin. A full file is followed by a new one and the oldest goes.
 */
export class FunctionLogFile {
  readonly #folder: string;
  readonly #events: LogFileEvents;
  /** Encoded, with the cursor of each: what the next write takes. */
  #unwritten: { readonly cursor: string; readonly text: string }[] = [];
  #unwrittenBytes = 0;
  #unkept = 0;
  /** Appended, and of those written or given up, since the start. */
  #appended = 0;
  #settled = 0;
  #state: 'idle' | 'writing' = 'idle';
  /** Resolves with the end of the write under way, or of the next one. */
  #written: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Ends the pause between two writes. */
  #hurry = new AbortController();

  constructor(folder: string, events: LogFileEvents) {
    this.#folder = folder;
    this.#events = events;
  }

  append(record: LogRecord): void {
    const text = encodeRecord(record);
    if (this.#unwrittenBytes + text.length > logUnwrittenBytes) {
      this.#unkept++;
      return;
    }
    this.#unwritten.push({ cursor: record.cursor, text });
    this.#unwrittenBytes += text.length;
    this.#appended++;
    if (this.#state === 'idle') void this.#write();
  }

  /** Nothing waits to be written. */
  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /** Waits until what was appended before is on disk, or could not be. */
  async flush(): Promise<void> {
    const target = this.#appended;
    while (this.#settled < target) {
      this.#hurry.abort();
      await this.#written.promise;
    }
  }

  /** Kept records behind `since`, oldest first; all of them when it is undefined. */
  async *read(since: string | undefined): AsyncGenerator<LogRecord, void> {
    const names = await this.#names();
    // The file before the first one that begins behind `since` has it in its middle.
    const behind = since === undefined ? 0 : names.findIndex((name) => name > since);
    const first = Math.max(0, (behind < 0 ? names.length : behind) - 1);
    for (const name of names.slice(first)) {
      for (const record of await this.#readFile(name)) if (since === undefined || record.cursor > since) yield record;
    }
  }

  async #readFile(name: string): Promise<LogRecord[]> {
    try {
      const file = await open(path.join(this.#folder, name));
      try {
        const records: LogRecord[] = [];
        for await (const line of file.readLines()) {
          const record = decodeRecord(line);
          if (record !== undefined) records.push(record);
        }
        return records;
      } finally {
        await file.close();
      }
    } catch {
      // It went meanwhile, as the oldest one does.
      return [];
    }
  }

  async #write(): Promise<void> {
    this.#state = 'writing';
    while (this.#unwritten.length > 0 || this.#unkept > 0) {
      const batch = this.#unwritten;
      const unkept = this.#unkept;
      this.#unwritten = [];
      this.#unwrittenBytes = 0;
      this.#unkept = 0;
      try {
        if (batch.length > 0) await this.#writeBatch(batch);
      } catch (error) {
        this.#events.trouble(error);
      }
      this.#settled += batch.length;
      this.#written.resolve();
      this.#written = Promise.withResolvers();
      if (unkept > 0) this.#events.unkept(unkept);
      await sleep(logWriteEveryMs, undefined, { signal: this.#hurry.signal, ref: false }).catch(() => {});
      this.#hurry = new AbortController();
    }
    this.#state = 'idle';
  }

  async #writeBatch(batch: readonly { readonly cursor: string; readonly text: string }[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    let names = await this.#names();
    let target = names.at(-1);
    if (target === undefined || (await this.#size(target)) >= logFileBytes) {
      target = `${batch[0]?.cursor ?? ''}${suffix}`;
      names = [...names, target];
    }
    // One write for whole lines: other nodes may share the folder, and a line that a crash has cut ends here.
    const text = batch.map((line) => line.text).join('');
    await appendFile(path.join(this.#folder, target), (await this.#endsCut(target)) ? `\n${text}` : text, {
      mode: 0o600,
    });
    for (const name of names.slice(0, -logFilesKept)) await unlink(path.join(this.#folder, name)).catch(() => {});
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => name.endsWith(suffix)).toSorted();
    } catch {
      return [];
    }
  }

  async #size(name: string): Promise<number> {
    try {
      return (await stat(path.join(this.#folder, name))).size;
    } catch {
      return 0;
    }
  }

  async #endsCut(name: string): Promise<boolean> {
    const size = await this.#size(name);
    if (size === 0) return false;
    const file = await open(path.join(this.#folder, name));
    try {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      return buffer[0] !== 0x0a;
    } finally {
      await file.close();
    }
  }
}
