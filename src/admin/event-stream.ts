import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Server-sent events on a response: `event: NAME`, `data: JSON`, an empty line.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #gone = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();

  /** Sends the head. @param idleMs when nothing has happened for so long, a comment is sent, so that a lost client is noticed */
  constructor(res: ServerResponse, headers: Readonly<Record<string, string>>, idleMs: number) {
    this.#res = res;
    res.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
    res.flushHeaders();
    res.once('close', () => this.end());
    this.#timer = setInterval(() => {
      if (performance.now() - this.#lastMs >= idleMs) this.#write(':\n\n');
    }, idleMs).unref();
  }

  /** Aborted when the client is gone or the stream has ended: what feeds it is to stop. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves when the client keeps up, so that whoever awaits it goes no faster than the client reads. */
  async send(event: string, data: object): Promise<void> {
    // JSON has no line end outside of strings, and escapes those inside: one `data:` line is enough.
    if (this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return;
    await once(this.#res, 'drain', { signal: this.signal }).catch(() => {});
  }

  end(): void {
    clearInterval(this.#timer);
    if (!this.#res.writableEnded) this.#res.end();
    this.#gone.abort();
  }

  #write(text: string): boolean {
    if (this.signal.aborted || this.#res.destroyed) return true;
    this.#lastMs = performance.now();
    return this.#res.write(text);
  }
}
