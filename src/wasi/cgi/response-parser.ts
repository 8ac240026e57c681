import { type OutputStream, wouldBlock } from '../streams.ts';
import { headBytesMax, headPieceBytes } from './limits.ts';
import type { HeadReader } from './response-head.ts';

/** Where a parsed response goes. */
export interface CgiSink {
  /** The response's head; called at most once, before any `write`. `headers` are names and values in turn. */
  head(status: number, headers: readonly string[]): void;
  /** Takes body bytes off the front of `chunk`, only valid during the call. @returns bytes taken, or `wouldBlock`. */
  write(chunk: Uint8Array): number;
  /** Calls `wake` once when `write` will take something; at once if it will already. */
  onReady(wake: () => void): void;
  /** The response cannot be passed on; called at most once, and nothing after it. When `head` was called, cut the connection. */
  malformed(reason: string): void;
}

/** How a guest's response ended. */
export const CgiOutcome = {
  ok: 'ok',
  /** It wrote nothing. */
  noResponse: 'no_response',
  /** It wrote what cannot be passed on: `malformed` was called. */
  badGuestResponse: 'bad_guest_response',
} as const;
export type CgiOutcome = (typeof CgiOutcome)[keyof typeof CgiOutcome];

/**
 * A guest's stdout: takes the header apart, then lets the body through.
 *
 *     head ──(empty line)──▸ body ──▸ finish
 *       └──────┬───────────────┘
 *              ▼ malformed: takes everything, passes on nothing
 *
 * Once malformed it does not block the guest; whoever is told decides whether to stop it.
 */
export class CgiResponseParser implements OutputStream {
  readonly #sink: CgiSink;
  readonly #heads: HeadReader;
  readonly #isHead: boolean;
  #state: 'head' | 'body' | 'malformed' = 'head';
  /** The header as far as it came, when it did not come at once; a character a byte. */
  #kept = '';
  #contentLength: number | undefined;
  #hasBody = true;
  #bodyBytes = 0;
  /** Whether the sink took less than it was given and has not said since that it is ready. */
  #sinkIsFull = false;

  /** `method` is the request's: what answers a HEAD has no body, whatever the guest writes. */
  constructor(sink: CgiSink, method: string, heads: HeadReader) {
    this.#sink = sink;
    this.#heads = heads;
    this.#isHead = method === 'HEAD';
  }

  write(source: Uint8Array): number {
    if (this.#state === 'body') return this.#writeBody(source);
    let headBytes = 0;
    while (this.#state === 'head' && headBytes < source.byteLength) {
      headBytes += this.#writeHead(headBytes === 0 ? source : source.subarray(headBytes));
    }
    if (headBytes === source.byteLength || this.#isMalformed()) return source.byteLength;
    const taken = this.#writeBody(source.subarray(headBytes));
    return taken === wouldBlock ? headBytes : headBytes + taken;
  }

  ready(): boolean {
    return !this.#sinkIsFull;
  }

  onReady(wake: () => void): void {
    if (!this.#sinkIsFull) {
      wake();
      return;
    }
    this.#sink.onReady(() => {
      this.#sinkIsFull = false;
      wake();
    });
  }

  /** The guest returned: nothing more comes. */
  finish(): CgiOutcome {
    if (this.#state === 'head') {
      if (this.#kept === '') return CgiOutcome.noResponse;
      this.#fail('it ended before the empty line that ends the header');
    } else if (this.#state === 'body' && this.#hasBody && this.#bodyBytes < (this.#contentLength ?? 0)) {
      this.#fail('its body is shorter than its Content-Length');
    }
    return this.#isMalformed() ? CgiOutcome.badGuestResponse : CgiOutcome.ok;
  }

  #isMalformed(): boolean {
    return this.#state === 'malformed';
  }

  /** @returns how many bytes at the front of `source` were looked at, and belong to the header */
  #writeHead(source: Uint8Array): number {
    const before = this.#kept.length;
    // Not more at once than most headers have: behind it may be a large body.
    const part = Math.min(source.byteLength, headPieceBytes);
    // A byte becomes a character, so that places in the text are places in the bytes.
    const text = this.#kept + Buffer.from(source.buffer, source.byteOffset, part).toString('latin1');
    const end = endOfHead(text, before);
    if ((end ?? text.length) > headBytesMax) {
      this.#fail(`its header is longer than ${headBytesMax} bytes`);
    } else if (end !== undefined) {
      this.#parseHead(text.slice(0, end));
      return end - before;
    } else {
      this.#kept = text;
    }
    return part;
  }

  #parseHead(text: string): void {
    const head = this.#heads.read(text);
    if (typeof head === 'string') {
      this.#fail(head);
      return;
    }
    this.#state = 'body';
    this.#kept = '';
    this.#contentLength = head.contentLength;
    this.#hasBody = !this.#isHead && head.status !== 204 && head.status !== 304;
    this.#sink.head(head.status, head.headers);
  }

  #writeBody(source: Uint8Array): number {
    // https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1: what may have no body has none, and nobody is worse off for it.
    if (!this.#hasBody) return source.byteLength;
    const left = (this.#contentLength ?? Infinity) - this.#bodyBytes;
    const allowed = Math.min(left, source.byteLength);
    if (allowed > 0) {
      const taken = this.#sink.write(allowed === source.byteLength ? source : source.subarray(0, allowed));
      this.#sinkIsFull = taken < allowed;
      if (taken === wouldBlock) return wouldBlock;
      this.#bodyBytes += taken;
      if (taken < allowed) return taken;
    }
    if (allowed < source.byteLength) this.#fail('its body is longer than its Content-Length');
    return source.byteLength;
  }

  #fail(reason: string): void {
    this.#state = 'malformed';
    this.#kept = '';
    this.#sinkIsFull = false;
    this.#sink.malformed(reason);
  }
}

/**
 * Where the body begins: after the first empty line. Looks for line ends from `from` on, where nobody has looked yet.
 * @returns undefined when there is no empty line yet
 */
function endOfHead(text: string, from: number): number | undefined {
  for (let feed = text.indexOf('\n', from); feed >= 0; feed = text.indexOf('\n', feed + 1)) {
    const last = text[feed - 1] === '\r' ? feed - 2 : feed - 1;
    if (last < 0 || text[last] === '\n') return feed + 1;
  }
  return undefined;
}
