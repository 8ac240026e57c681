import { type Clock, systemClock } from '../base/mod.ts';
import { logBurstBytes, logBytesPerSecond, logLineBytesMax, logPartialLineMs } from './limits.ts';

/** Where whole lines go. */
export interface LineSink {
  line(text: string): void;
  /** So many bytes were not logged, since the function writes faster than it may. */
  dropped(bytes: number): void;
}

/**
 * What one function writes to stderr, made lines, and no faster than a rate: a token bucket of bytes.
 * https://en.wikipedia.org/wiki/Token_bucket
 */
export class GuestLog {
  readonly #sink: LineSink;
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder();
  #partial = '';
  #partialTimer: NodeJS.Timeout | undefined;
  #tokens = logBurstBytes;
  #refilledMs: number;
  #droppedBytes = 0;

  constructor(sink: LineSink, clock: Clock = systemClock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#refilledMs = clock.monotonicMs();
  }

  /** Takes what the function wrote; `chunk` is only valid during the call. */
  write(chunk: Uint8Array): void {
    if (!this.#take(chunk.byteLength)) return;
    this.#partial += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#partial.split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
    while (this.#partial.length > logLineBytesMax) {
      this.#emit(this.#partial.slice(0, logLineBytesMax));
      this.#partial = this.#partial.slice(logLineBytesMax);
    }
    if (this.#partial !== '') this.#partialTimer ??= setTimeout(() => this.flush(), logPartialLineMs).unref();
  }

  /** Logs a line that was begun. */
  flush(): void {
    clearTimeout(this.#partialTimer);
    this.#partialTimer = undefined;
    if (this.#partial !== '') this.#emit(this.#partial);
    this.#partial = '';
  }

  #emit(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    for (let at = 0; at === 0 || at < text.length; at += logLineBytesMax)
      this.#sink.line(text.slice(at, at + logLineBytesMax));
  }

  #take(bytes: number): boolean {
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(logBurstBytes, this.#tokens + ((now - this.#refilledMs) * logBytesPerSecond) / 1000);
    this.#refilledMs = now;
    if (bytes > this.#tokens) {
      this.#droppedBytes += bytes;
      return false;
    }
    this.#tokens -= bytes;
    if (this.#droppedBytes > 0) {
      this.#sink.dropped(this.#droppedBytes);
      this.#droppedBytes = 0;
    }
    return true;
  }
}
