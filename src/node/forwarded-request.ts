import type { GuestRequest, HeaderPairs } from '../engine/mod.ts';

/**
 * A request between a shared worker, which has its connection, and a worker of the project that it is for. It is HTTP/1.1 once more,
 * and what only the first of the two can know travels in headers of these names. A client's own headers of these names stay behind.
 *
 *     Host             what the request was routed by
 *     X-Mayfly-From    127.0.0.1 50310 8080 1.1    the client's address and port, the node's port, the version of HTTP
 *     X-Mayfly-Host    the Host header as the client sent it; none when there was none
 */
const fromHeader = 'x-mayfly-from';
const hostHeader = 'x-mayfly-host';

/** The headers that a request is forwarded with: the client's, but for those about its connection. */
export function forwardedHeaders(request: GuestRequest): string[] {
  const from = `${request.remoteAddress} ${request.remotePort} ${request.serverPort} ${request.httpVersion}`;
  const headers = ['Host', request.serverName, fromHeader, from];
  const given = request.headers;
  for (let index = 0; index + 1 < given.length; index += 2) {
    const name = given[index] ?? '';
    const value = given[index + 1] ?? '';
    switch (name.toLowerCase()) {
      case 'host':
        headers.push(hostHeader, value);
        break;
      // Said anew by whoever sends the request on: RFC 9110, section 7.6.1.
      case 'connection':
      case 'content-length':
      case 'expect':
      case 'keep-alive':
      case 'proxy-connection':
      case 'te':
      case 'trailer':
      case 'transfer-encoding':
      case 'upgrade':
      case fromHeader:
      case hostHeader:
        break;
      default:
        headers.push(name, value);
    }
  }
  if (request.bodyBytes !== undefined && request.bodyBytes > 0)
    headers.push('Content-Length', String(request.bodyBytes));
  return headers;
}

/**
 * The request as the client sent it, from the one that was forwarded.
 * @returns undefined when it was not forwarded: whoever sent it is no worker of this node
 */
export function requestBehind(request: GuestRequest): GuestRequest | undefined {
  const headers: string[] = [];
  let from: string | undefined;
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const name = request.headers[index] ?? '';
    const value = request.headers[index + 1] ?? '';
    switch (name.toLowerCase()) {
      case fromHeader:
        from = value;
        break;
      case hostHeader:
        headers.push('Host', value);
        break;
      case 'host':
      case 'connection':
        break;
      default:
        headers.push(name, value);
    }
  }
  return from === undefined ? undefined : { ...request, headers, ...readFrom(from) };
}

type From = Pick<GuestRequest, 'remoteAddress' | 'remotePort' | 'serverPort' | 'httpVersion'>;

function readFrom(text: string): From {
  const [remoteAddress = '', remotePort, serverPort, httpVersion = '1.1'] = text.split(' ');
  return { remoteAddress, remotePort: Number(remotePort), serverPort: Number(serverPort), httpVersion };
}

/** Headers as an HTTP client has them, which keeps what came over the wire: names and values in turn, a character a byte. */
export function headerPairs(raw: unknown): HeaderPairs {
  if (!Array.isArray(raw)) return [];
  return raw.map((each: unknown) => (Buffer.isBuffer(each) ? each.toString('latin1') : String(each)));
}
