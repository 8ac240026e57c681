import { type OutputStream, wouldBlock } from '../streams.ts';
import { headBytesMax } from './limits.ts';
import { parseHead } from './response-head.ts';

/** Where a parsed response goes. */
export interface CgiSink {
  /** The response's head; called at most once, before any `write`. `headers` are names and values in turn. */
  head(status: number, headers: string[]): void;
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

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

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
  readonly #isHead: boolean;
  #state: 'head' | 'body' | 'malformed' = 'head';
  /** The header as far as it came, when it did not come at once. */
  #kept: Uint8Array | undefined;
  #keptBytes = 0;
  #contentLength: number | undefined;
  #hasBody = true;
  #bodyBytes = 0;
  /** Whether the sink took less than it was given and has not said since that it is ready. */
  #sinkIsFull = false;

  /** `method` is the request's: what answers a HEAD has no body, whatever the guest writes. */
  constructor(sink: CgiSink, method: string) {
    this.#sink = sink;
    this.#isHead = method === 'HEAD';
  }

  write(source: Uint8Array): number {
    if (this.#state === 'body') return this.#writeBody(source);
    if (this.#state === 'malformed') return source.byteLength;
    const headBytes = this.#writeHead(source);
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
      if (this.#keptBytes === 0) return CgiOutcome.noResponse;
      this.#fail('it ended before the empty line that ends the header');
    } else if (this.#state === 'body' && this.#hasBody && this.#bodyBytes < (this.#contentLength ?? 0)) {
      this.#fail('its body is shorter than its Content-Length');
    }
    return this.#isMalformed() ? CgiOutcome.badGuestResponse : CgiOutcome.ok;
  }

  #isMalformed(): boolean {
    return this.#state === 'malformed';
  }

  /** @returns how many bytes of `source` belong to the header; all of them when it is not whole, or malformed */
  #writeHead(source: Uint8Array): number {
    const before = this.#keptBytes;
    // What is past the largest header is not looked at, let alone kept.
    const room = headBytesMax + 1 - before;
    const part = source.byteLength > room ? source.subarray(0, room) : source;
    const all = before === 0 ? part : this.#keep(part);
    const end = endOfHead(all, before);
    if ((end ?? all.byteLength) > headBytesMax) {
      this.#fail(`its header is longer than ${headBytesMax} bytes`);
    } else if (end !== undefined) {
      this.#parseHead(all.subarray(0, end));
      return end - before;
    } else if (before === 0) {
      this.#keep(part);
    }
    return source.byteLength;
  }

  #parseHead(bytes: Uint8Array): void {
    const head = parseHead(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    if (typeof head === 'string') {
      this.#fail(head);
      return;
    }
    this.#state = 'body';
    this.#kept = undefined;
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

  /** Puts `source` behind what came before. @returns all of it */
  #keep(source: Uint8Array): Uint8Array {
    const wantedBytes = this.#keptBytes + source.byteLength;
    let kept = this.#kept;
    if (kept === undefined || kept.byteLength < wantedBytes) {
      const larger = new Uint8Array(Math.max(1024, 2 * wantedBytes));
      if (kept !== undefined) larger.set(kept.subarray(0, this.#keptBytes));
      kept = larger;
      this.#kept = larger;
    }
    kept.set(source, this.#keptBytes);
    this.#keptBytes = wantedBytes;
    return kept.subarray(0, wantedBytes);
  }

  #fail(reason: string): void {
    this.#state = 'malformed';
    this.#kept = undefined;
    this.#sinkIsFull = false;
    this.#sink.malformed(reason);
  }
}

/**
 * Where the body begins: after the first empty line. Looks for line ends from `from` on, where nobody has looked yet.
 * @returns undefined when there is no empty line yet
 */
function endOfHead(bytes: Uint8Array, from: number): number | undefined {
  // A plain loop: for the few bytes of a header, `indexOf` costs more to call than it saves.
  for (let at = from; at < bytes.byteLength; at++) {
    if (bytes[at] !== lineFeed) continue;
    const last = bytes[at - 1] === carriageReturn ? at - 2 : at - 1;
    if (last < 0 || bytes[last] === lineFeed) return at + 1;
  }
  return undefined;
}
