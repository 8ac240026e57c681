import { MayflyError } from '../base/mod.ts';
import type { HeaderPairs } from '../engine/mod.ts';

/** A function's response head, without what is the connection's own matter. */
export interface ResponseHead {
  /** Name, value, name, value …; without Content-Length. */
  readonly headers: string[];
  readonly contentLength: number | undefined;
  /** What the status says about a body: RFC 9110, section 6.4.1. */
  readonly body: 'sent' | 'none' | 'not modified';
}

/**
 * Checks a function's response head. Headers about the connection (RFC 9110, section 7.6.1) are the gateway's to say and are
 * left out; a header that could split the response, or an unusable status or length, is refused.
 */
export function readResponseHead(status: number, given: HeaderPairs): ResponseHead | MayflyError {
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
  if (status === 204) return { headers, contentLength: undefined, body: 'none' };
  return { headers, contentLength, body: status === 304 ? 'not modified' : 'sent' };
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
