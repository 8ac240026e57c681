import { ServerResponse, STATUS_CODES } from 'node:http';
import { keepAliveMs } from './limits.ts';

/**
 * node:http's response, with a short way for the answer that nearly every request gets: one that is all there, is small, and
 * leaves the connection open. Head and body then go out as one string, in one write. node's own way puts the same string
 * together in a dozen steps, for headers that come one by one and bodies that come in parts, and checks once more what the
 * gateway has checked: a quarter of what it takes for a request.
 *
 * Everything else about the response stays node's: the order of pipelined responses, keep-alive, what is unread of a request.
 * All that it waits for is `finish`. docs/decisions/0004 has the whole of it.
 */
export class WholeResponse extends ServerResponse {
  /** Whether `sendWhole` can be used: nothing is sent yet, and the connection is one that goes on. */
  get takesWhole(): boolean {
    return (
      this.shouldKeepAlive &&
      this.req.httpVersionMinor === 1 &&
      !this.headersSent &&
      !this.writableEnded &&
      this.socket?.writable === true
    );
  }

  /** Sends a whole response and ends it. `text` is what goes over the wire, a byte a character. */
  sendWhole(text: string): void {
    this.finished = true;
    this.socket?.write(text, 'latin1', (error) => {
      if (error === null || error === undefined) this.emit('finish');
    });
  }
}

const endWithoutDate = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n\r\n`;

/** Writes responses as they go over the wire. */
export class ResponseText {
  readonly #nowMs: () => number;
  /** The headers about the connection, and the empty line that ends a head. They change once a second, with the date. */
  #end = '';
  #endHoldsUntilMs = -Infinity;

  /** `nowMs` is the time since 1970. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * A whole response. Names and values in `headers` are checked already: nothing that could split a response is in them.
   * https://www.rfc-editor.org/rfc/rfc9112#section-2.1
   */
  of(status: number, headers: readonly string[], body: string): string {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    let hasDate = false;
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? '';
      text += `${name}: ${headers[at + 1]}\r\n`;
      if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true;
    }
    return text + (hasDate ? endWithoutDate : this.#endOfHead()) + body;
  }

  #endOfHead(): string {
    const now = this.#nowMs();
    if (now >= this.#endHoldsUntilMs || now < this.#endHoldsUntilMs - 1000) {
      const second = Math.floor(now / 1000) * 1000;
      this.#endHoldsUntilMs = second + 1000;
      const date = new Date(second).toUTCString();
      this.#end = `Date: ${date}\r\n${endWithoutDate}`;
    }
    return this.#end;
  }
}
