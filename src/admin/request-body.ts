import type { IncomingMessage } from 'node:http';
import { isMayflyError, MayflyError } from '../base/mod.ts';
import { onlyHeader } from './request-head.ts';
import { parseStrictJson } from './strict-json.ts';

/** Whether there is a body: RFC 9112, section 6. */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** Makes sure that the body is what is wanted here, before any of it is read. @throws MayflyError unsupported_media_type */
export function checkMediaType(req: IncomingMessage, wanted: readonly string[]): void {
  const found = onlyHeader(req, 'content-type');
  const [type = '', parameter = 'charset=utf-8', ...rest] = (found ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const isWanted = wanted.includes(type) && /^charset="?utf-8"?$/.test(parameter) && rest.length === 0;
  if (!isWanted) {
    throw new MayflyError('unsupported_media_type', { found: found ?? 'not given', wanted: wanted.join(' or ') });
  }
  const encoding = onlyHeader(req, 'content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new MayflyError('unsupported_media_type', {
      found: `encoded as ${encoding}`,
      wanted: 'one without an encoding',
    });
  }
}

/** @throws MayflyError bad_json, body_too_large, body_incomplete, request_timeout */
export async function readJsonBody(req: IncomingMessage, bytesMax: number, timeoutMs: number): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new MayflyError('request_timeout', {})), timeoutMs);
  const chunks = Array.fromAsync(readBytes(req, bytesMax));
  try {
    return parseStrictJson(Buffer.concat(await Promise.race([chunks, late])));
  } finally {
    clearTimeout(timer);
    // After a timeout the connection is closed, and this with it.
    chunks.catch(() => {});
  }
}

/**
 * The body as it comes, and no more of it than `bytesMax`. What is left of it when the reader stops stays unread.
 * @throws MayflyError body_too_large, body_incomplete
 */
export async function* readBytes(req: IncomingMessage, bytesMax: number): AsyncGenerator<Uint8Array, void> {
  const tooLarge = new MayflyError('body_too_large', { limitBytes: bytesMax });
  if (Number(req.headers['content-length'] ?? 0) > bytesMax) throw tooLarge;
  let bytes = 0;
  try {
    // A request without an encoding yields buffers.
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw tooLarge;
      yield chunk;
    }
  } catch (error) {
    throw isMayflyError(error) ? error : new MayflyError('body_incomplete', {}, { cause: error });
  }
}
