/** Requests to an admin API, byte for byte as they are written: paths that fetch would tidy, heads that it would refuse. */
import { request } from 'node:http';
import type { AdminUnderTest } from './admin-under-test.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Over the right ones. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array | undefined;
  /** The node's admin token when absent. */
  readonly token?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The permanent code of a problem. */
  readonly code: string | undefined;
}

/** Sends a request and gives the whole answer. */
export async function rawRequest(admin: AdminUnderTest, options: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', path = '/v1/status', headers = {}, body, token = admin.nodeToken } = options;
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const outgoing = request({
    host: '127.0.0.1',
    port: admin.port,
    method,
    path,
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.on('error', reject).on('end', () => {
      const code = /"code":"([a-z_]+)"/.exec(text)?.[1];
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
    });
  });
  outgoing.end(body);
  return await promise;
}

/** The head of a request with the node's admin token, as bytes. */
export function rawHead(admin: AdminUnderTest, line: string, ...headers: readonly string[]): string {
  const own = [`Host: 127.0.0.1:${admin.port}`, `Authorization: Bearer ${admin.nodeToken}`];
  return `${[`${line} HTTP/1.1`, ...own, ...headers].join('\r\n')}\r\n\r\n`;
}
