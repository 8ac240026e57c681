import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { MayflyError } from '../base/mod.ts';
import { headBytesMax, headersMax } from './limits.ts';

/** What the gateway needs to know of a request before it can be routed. Strings are as they came over the wire. */
export interface RequestHead {
  /** Lower-case, without its port; an IPv6 address in brackets. Empty for HTTP/1.0 without a Host. */
  readonly host: string;
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
  /** The body's declared length: 0 when there is no body, undefined when it comes in chunks. */
  readonly bodyBytes: number | undefined;
}

/**
 * Reads and checks what node's parser leaves unchecked. The parser itself, which is strict, refuses what makes request
 * smuggling: both Content-Length and Transfer-Encoding, a Content-Length that is given twice or is no number, a Transfer-Encoding
 * that does not end in `chunked`, bare line feeds, spaces before a colon, folded lines.
 * https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function readRequestHead(req: IncomingMessage, hosts: HostReader): RequestHead | MayflyError {
  // The parser takes a request line without a version for HTTP/0.9, which has no headers, and no way to say where it ends.
  if (req.httpVersionMajor !== 1) return badRequest('it is not HTTP/1.1');
  const raw = req.rawHeaders;
  if (raw.length > headersMax * 2)
    return new MayflyError('headers_too_large', { limitBytes: headBytesMax, headersMax });
  let hostHeader: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index];
    if (name === undefined || name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (hostHeader !== undefined) return badRequest('it has two Host headers, one is wanted');
    hostHeader = raw[index + 1];
  }
  if (hostHeader === undefined && req.httpVersion === '1.1') return badRequest('it has no Host header, one is wanted');

  let target = req.url ?? '/';
  if (!target.startsWith('/')) {
    // Only `OPTIONS *` has another form than a path or a whole URL; it leads nowhere, as no route takes `*`.
    if (target !== '*') {
      const absolute = absoluteForm.exec(target);
      if (absolute === null) return badRequest('its target is neither a path nor an http URL');
      // The URL's authority counts, the Host header does not: RFC 9112, section 3.2.2.
      hostHeader = absolute[1] ?? '';
      target = absolute[2] ?? '/';
      if (!target.startsWith('/')) target = `/${target}`;
    }
  }
  if (notPlain.test(target)) return badRequest('its target has characters that a URL may not have');
  const host = hostHeader === undefined ? '' : hosts.read(hostHeader);
  if (host === undefined) return badRequest('its Host is not a host name');
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  if (path.includes('/.') || path.includes('%')) {
    if (dotSegment.test(path))
      return badRequest('its path has `.` or `..` as a segment, a path without them is wanted');
    if (brokenPercent.test(path)) return badRequest('its path has a % that two hexadecimal digits do not follow');
  }
  return { host, path, query: question < 0 ? '' : target.slice(question + 1), bodyBytes: declaredLength(req) };
}

const absoluteForm = /^https?:\/\/([^/?#]*)([/?].*)?$/i;
// What is not printable ASCII, and `#`: the parser lets some of it through.
const notPlain = /[^\x21-\x7e]|[#\\]/;
// Servers and proxies differ in what they make of these, so a path that has them could reach what another one guards.
const dotSegment = /(?:^|\/)(?:\.|%2[eE]){1,2}(?:\/|$)/;
const brokenPercent = /%(?![0-9A-Fa-f]{2})/;
const plainHost = /^([A-Za-z0-9](?:[A-Za-z0-9._~!$&'()*+,;=%-]*))(?::(\d{0,5}))?$/;
const bracketedHost = /^\[([0-9A-Fa-f:.]+)\](?::(\d{0,5}))?$/;

/** Reads Host headers. A connection mostly says the same over and over, and so do all of them. */
export class HostReader {
  #lastHeader = '';
  #last: string | undefined = '';

  /** The host, lower-case and without its port. @returns undefined when it is not one */
  read(header: string): string | undefined {
    if (header !== this.#lastHeader) {
      this.#last = readHost(header);
      this.#lastHeader = header;
    }
    return this.#last;
  }
}

/** The host in a Host header, lower-case and without its port. @returns undefined when it is not one */
function readHost(header: string): string | undefined {
  const found = plainHost.exec(header);
  if (found !== null) {
    const host = (found[1] ?? '').toLowerCase();
    // The root's dot: `example.org.` is `example.org`.
    return host.endsWith('.') ? host.slice(0, -1) : host;
  }
  const six = bracketedHost.exec(header)?.[1];
  if (six !== undefined && isIPv6(six)) return `[${six.toLowerCase()}]`;
  // RFC 9112, section 3.2: an empty Host is what a client sends whose target has no authority.
  return header === '' ? '' : undefined;
}

function declaredLength(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined;
  const length = req.headers['content-length'];
  // The parser has refused everything but digits.
  return length === undefined ? 0 : Number(length);
}

function badRequest(reason: string): MayflyError {
  return new MayflyError('bad_request', { reason });
}
