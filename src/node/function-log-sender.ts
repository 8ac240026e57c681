import type { FunctionLine } from './function-log.ts';
import { logBatchBytes, logBatchMs, logTakenDeadlineMs, logWaitingBytesAll, logWaitingBytesOne } from './limits.ts';

/** What a worker sends at once. */
export interface LineBatch {
  readonly lines: readonly FunctionLine[];
  /** What did not fit since the last one. */
  readonly dropped: readonly DroppedLines[];
}

export interface DroppedLines {
  readonly project: string;
  readonly function: string;
  readonly lines: number;
}

/** Sends a batch. Whoever takes it says so with `taken`. */
export type SendBatch = (batch: LineBatch) => void;

/** About what a line costs beside its text. */
const lineOverheadBytes = 64;

interface Waiting {
  bytes: number;
  dropped: DroppedLines | undefined;
}

/**
 * The lines of a worker's functions on their way to the supervisor. One batch is on the way at a time; what comes meanwhile waits,
 * each function within its own bound, so that one that writes much costs the others nothing.
 */
export class FunctionLogSender {
  readonly #send: SendBatch;
  #lines: FunctionLine[] = [];
  #bytes = 0;
  /** By project and function; those that have nothing waiting are not kept. */
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #state: 'idle' | 'sending' = 'idle';
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  push(line: FunctionLine): void {
    const key = `${line.project}/${line.function}`;
    const waiting = this.#waiting.get(key) ?? { bytes: 0, dropped: undefined };
    this.#waiting.set(key, waiting);
    const bytes = line.text.length + lineOverheadBytes;
    if (waiting.bytes + bytes > logWaitingBytesOne || this.#bytes + bytes > logWaitingBytesAll) {
      const { project, function: name } = line;
      waiting.dropped = { project, function: name, lines: (waiting.dropped?.lines ?? 0) + 1 };
    } else {
      waiting.bytes += bytes;
      this.#bytes += bytes;
      this.#lines.push(line);
    }
    this.#schedule();
  }

  /** Sends what there is without waiting for more. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state === 'sending' || this.#waiting.size === 0) return;
    this.#state = 'sending';
    this.#send(this.#take());
    this.#deadline = setTimeout(() => this.taken(), logTakenDeadlineMs).unref();
  }

  /** The batch on the way has been taken, or has been lost with whoever was to take it. */
  taken(): void {
    if (this.#state === 'idle') return;
    clearTimeout(this.#deadline);
    this.#state = 'idle';
    if (this.#drained !== undefined) this.flush();
    else if (this.#waiting.size > 0) this.#schedule();
    this.#settle();
  }

  /** Sends all there is, one batch after the other. Never ends when nobody takes them: the caller has a deadline. */
  async drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.flush();
    this.#settle();
    await this.#drained.promise;
  }

  #settle(): void {
    if (this.#waiting.size === 0 && this.#state === 'idle') this.#drained?.resolve();
  }

  #schedule(): void {
    if (this.#state === 'idle') this.#timer ??= setTimeout(() => this.flush(), logBatchMs).unref();
  }

  #take(): LineBatch {
    let count = 0;
    for (let bytes = 0; count < this.#lines.length && bytes < logBatchBytes; count++)
      bytes += (this.#lines[count]?.text.length ?? 0) + lineOverheadBytes;
    const lines = this.#lines.slice(0, count);
    this.#lines = this.#lines.slice(count);
    for (const line of lines) {
      const bytes = line.text.length + lineOverheadBytes;
      this.#bytes -= bytes;
      const waiting = this.#waiting.get(`${line.project}/${line.function}`);
      if (waiting !== undefined) waiting.bytes -= bytes;
    }
    const dropped: DroppedLines[] = [];
    for (const [key, waiting] of this.#waiting) {
      if (waiting.dropped !== undefined) dropped.push(waiting.dropped);
      waiting.dropped = undefined;
      if (waiting.bytes === 0) this.#waiting.delete(key);
    }
    return { lines, dropped };
  }
}
