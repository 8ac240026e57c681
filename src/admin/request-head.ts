import type { IncomingMessage } from 'node:http';
import { MayflyError } from '../base/mod.ts';

/** What the admin API needs to know of a request before it is routed. */
export interface RequestHead {
  readonly method: string;
  /** Lower-case, without its port; an IPv6 address in brackets. */
  readonly hostname: string;
  /** The segments of the path behind the first `/`, percent-decoded. */
  readonly segments: readonly string[];
  /** Without the `?`, as it came. */
  readonly query: string;
}

const targetPattern =
  /^(?:http:\/\/([^/?#]+))?(\/[\x21-\x22\x24-\x3e\x40-\x5b\x5d-\x7e]*)(?:\?([\x21-\x22\x24-\x7e]*))?$/i;
const hostPattern = /^([a-z0-9](?:[a-z0-9._-]*)|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Reads what node's parser, which is strict, leaves unchecked.
 * @throws MayflyError bad_request
 */
export function readRequestHead(req: IncomingMessage): RequestHead {
  // The parser takes a request line without a version for HTTP/0.9, which has no headers.
  if (req.httpVersion !== '1.1') throw badRequest('it is not HTTP/1.1');
  const found = targetPattern.exec(req.url ?? '');
  if (found === null) throw badRequest('its target is neither a path nor an http URL');
  const hostHeader = onlyHeader(req, 'host');
  // The URL's authority counts where there is one: RFC 9112, section 3.2.2.
  const host = hostPattern.exec(found[1] ?? hostHeader ?? '')?.[1];
  if (host === undefined) throw badRequest('it has no Host header that is a host name, one is wanted');
  return {
    method: req.method ?? '',
    hostname: host.toLowerCase(),
    segments: (found[2] ?? '/').slice(1).split('/').map(decodeSegment),
    query: found[3] ?? '',
  };
}

/**
 * The one header of this name; node keeps the first where there are several, others may see the last.
 * @throws MayflyError bad_request
 */
export function onlyHeader(req: IncomingMessage, name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    if (req.rawHeaders[index]?.toLowerCase() !== name) continue;
    if (value !== undefined) throw badRequest(`it has two ${name} headers, one is wanted`);
    value = req.rawHeaders[index + 1];
  }
  return value;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('its path has a % that no UTF-8 in hexadecimal digits follows');
  }
}

function badRequest(reason: string): MayflyError {
  return new MayflyError('bad_request', { reason });
}
