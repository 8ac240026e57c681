import { STATUS_CODES } from 'node:http';
import { keepAliveHeader } from './limits.ts';
import type { WholeResponse } from './whole-response.ts';

const endWithoutDate = `Connection: keep-alive\r\n${keepAliveHeader.join(': ')}\r\n\r\n`;

/** A status line, and headers. */
export interface HeadStart {
  readonly text: string;
  readonly hasDate: boolean;
}

/**
 * Writes a head as far as it is the same for many responses. Names and values in `headers` are checked already: nothing that
 * could split a response is in them. https://www.rfc-editor.org/rfc/rfc9112#section-2.1
 */
export function headStart(status: number, headers: readonly string[]): HeadStart {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  let hasDate = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    text += `${name}: ${headers[at + 1]}\r\n`;
    if (name.toLowerCase() === 'date') hasDate = true;
  }
  return { text, hasDate };
}

/**
 * Small whole responses on their way out. Those that are ready in one turn of the event loop are written one right after the
 * other, at the end of the turn: the thread goes through the system's code once for many of them, and a client that gets
 * several is woken once.
 *
 *     guest ─► guest ─► guest ─► (every socket that had something was read) ─► write, write, write
 */
export class Outbox {
  readonly #nowMs: () => number;
  #waiting: { readonly res: WholeResponse; readonly text: string }[] = [];
  /** The headers about the connection, and the empty line that ends a head. They change once a second, with the date. */
  #end = '';
  #endHoldsUntilMs = -Infinity;

  /** `nowMs` is the time since 1970. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Sends a whole response by `res`, which takes one. `more` are further headers, as lines. */
  send(res: WholeResponse, start: HeadStart, more: string, body: string): void {
    const text = start.text + more + (start.hasDate ? endWithoutDate : this.#endOfHead()) + body;
    res.endWhole();
    if (this.#waiting.length === 0) setImmediate(this.flush);
    this.#waiting.push({ res, text });
  }

  /** Writes what there is now, when something is about to take its time. */
  readonly flush = (): void => {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { res, text } of waiting) res.sendWhole(text);
  };

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
