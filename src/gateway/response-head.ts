import { MayflyError } from '../base/mod.ts';
import type { HeaderPairs } from '../engine/mod.ts';
import { headKeptBytes } from './limits.ts';
import { type HeadStart, headStart } from './outbox.ts';

/** A function's response head, without what is the connection's own matter. */
export interface ResponseHead {
  readonly status: number;
  /** Name, value, name, value …; without Content-Length. */
  readonly headers: readonly string[];
  /** The same with its status as it goes over the wire, for responses that are written whole. */
  readonly start: HeadStart;
  readonly contentLength: number | undefined;
  /** What the status says about a body: RFC 9110, section 6.4.1. */
  readonly body: 'sent' | 'none' | 'not modified';
}

/** Reads the heads of one function's responses. A program mostly says the same, and the engine then hands over the same array. */
export class ResponseHeads {
  #given: HeaderPairs = [];
  #last: ResponseHead | undefined;

  read(status: number, given: HeaderPairs): ResponseHead | MayflyError {
    if (this.#last !== undefined && given === this.#given && status === this.#last.status) return this.#last;
    const head = readResponseHead(status, given);
    if (!(head instanceof MayflyError) && head.start.text.length <= headKeptBytes) {
      this.#given = given;
      this.#last = head;
    }
    return head;
  }
}

/**
 * Checks a function's response head. Headers about the connection (RFC 9110, section 7.6.1) are the gateway's to say and are
 * left out; a header that could split the response, or an unusable status or length, is refused.
 */
function readResponseHead(status: number, given: HeaderPairs): ResponseHead | MayflyError {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return badResponse(`its status is ${status}, 200 to 599 is wanted`);
  const headers: string[] = [];
  let contentLength: number | undefined;
  for (let index = 0; index < given.length; index += 2) {
    const name = given[index] ?? '';
    const value = given[index + 1] ?? '';
    if (!token.test(name)) return badResponse('it has a header whose name is not a token');
    if (badValue.test(value)) return badResponse('it has a header whose value has a control character');
    switch (connectionLengths.has(name.length) ? name.toLowerCase() : '') {
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'te':
      case 'trailer':
      case 'transfer-encoding':
      case 'upgrade':
        break;
      case 'content-length':
        if (!digits.test(value)) return badResponse('its Content-Length is not a number');
        if (contentLength !== undefined && contentLength !== Number(value))
          return badResponse('it has two Content-Length headers');
        contentLength = Number(value);
        break;
      default:
        headers.push(name, value);
    }
  }
  const start = headStart(status, headers);
  if (status === 204) return { status, headers, start, contentLength: undefined, body: 'none' };
  return { status, headers, start, contentLength, body: status === 304 ? 'not modified' : 'sent' };
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Strings of header values hold one byte a character.
const badValue = /[^\t\x20-\x7e\x80-\xff]/;
const digits = /^\d{1,15}$/;
/** The lengths of the names that are looked at more closely, so that most names need not be put in lower case. */
const connectionLengths: ReadonlySet<number> = new Set(
  [
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
  ].map((name) => name.length),
);

function badResponse(reason: string): MayflyError {
  return new MayflyError('bad_guest_response', { reason });
}
