import { type Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';

/** Statuses whose responses have no body: https://fetch.spec.whatwg.org/#null-body-status */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Sends a request to a node of one's own, or wherever `agent` connects, and makes its answer a Response. Unlike `fetch` it sends what was asked for and adds nothing: the
 * host is the one of the URL, a redirect is a response, and a body that came compressed stays so.
 */
export async function sendRequest(
  agent: Agent,
  base: string,
  resource: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const asked = new Request(resource instanceof Request ? resource : new URL(resource, base), init);
  const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer());
  const url = new URL(asked.url);
  const headers: Record<string, string | string[]> = { host: url.host, ...Object.fromEntries(asked.headers) };
  if (body !== undefined) headers['content-length'] = String(body.byteLength);
  const { hostname, port } = new URL(base);
  const path = `${url.pathname}${url.search}`;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { method, signal } = asked;
  const sent = httpRequest({ agent, hostname, port, path, method, headers, signal }, resolve);
  sent.once('error', reject);
  sent.end(body);
  return toResponse(await promise, method);
}

function toResponse(message: IncomingMessage, method: string): Response {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2)
    headers.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '');
  const init = { status, statusText: message.statusMessage ?? '', headers };
  if (method !== 'HEAD' && !withoutBody.has(status)) return new Response(Readable.toWeb(message), init);
  message.resume();
  return new Response(null, init);
}
