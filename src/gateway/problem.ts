import { STATUS_CODES } from 'node:http';
import { type ErrorCode, MayflyError } from '../base/mod.ts';
import { retryAfterSeconds } from './limits.ts';
import { type HeadStart, headStart } from './outbox.ts';

/**
 * What a caller sees when something is wrong: RFC 9457, with a permanent `code`. It is written for whoever called, and tells
 * nothing of the inside: no guest's message, no host path, no stack.
 * https://www.rfc-editor.org/rfc/rfc9457
 */
export interface Problem {
  readonly status: number;
  /** Name, value, name, value …; with its length. Shared: node takes no array that is readonly, and only reads it. */
  readonly headers: string[];
  /** The same with its status as it goes over the wire. */
  readonly start: HeadStart;
  /** ASCII. */
  readonly body: string;
}

/** What is told about codes that a request can end with. Whatever else goes wrong is told as `internal`. */
const details: { readonly [Code in ErrorCode]?: string } = {
  no_route: 'Nothing is deployed at this host and path',
  headers_too_large: "The request's head is too large",
  request_timeout: 'The request took too long to arrive',
  guest_trap: 'The function failed',
  no_response: 'The function ended without a response',
  bad_guest_response: "The function's response is malformed",
  memory_limit: 'The function needed more memory than it is allowed',
  cpu_limit: 'The function used more CPU time than it is allowed',
  overloaded: 'Too many requests are under way, try again later',
  worker_lost: 'The process that ran the function ended',
  wall_limit: 'The function took longer than it is allowed',
  internal: 'The node failed to answer the request',
};

/** These two say what the caller did wrong; their words come from the gateway alone. */
function callersDetail(error: MayflyError): string | undefined {
  if (error.code === 'bad_request' || error.code === 'request_too_large') return error.message;
  return undefined;
}

function makeProblem(code: ErrorCode, status: number, detail: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  const json = JSON.stringify({ type: 'about:blank', title, status, code, detail });
  const body = `${json.replace(/[^\x20-\x7e]/g, escaped)}\n`;
  const headers = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
  ];
  if (code === 'overloaded') headers.push('Retry-After', String(retryAfterSeconds));
  return { status, headers, start: headStart(status, headers), body };
}

/** A character as JSON can also have it, so that a body's length is its number of characters. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Most problems have one text, made once: refusing has to be cheap, it is what an overloaded node does all day. */
const fixedProblems: ReadonlyMap<ErrorCode, Problem> = new Map(
  // Object.entries loses the key type; `details` has nothing but codes.
  (Object.entries(details) as [ErrorCode, string][]).map(([code, detail]) => [
    code,
    makeProblem(code, new MayflyError(code, { limitBytes: 0, limitMs: 0, headersMax: 0, reason: '' }).status, detail),
  ]),
);
const internalProblem = makeProblem('internal', 500, details.internal ?? '');

/** What the caller is told of `error`. */
export function problemOf(error: MayflyError): Problem {
  const detail = callersDetail(error);
  if (detail !== undefined) return makeProblem(error.code, error.status, detail);
  return fixedProblems.get(error.code) ?? internalProblem;
}

/** A whole response for a connection whose request could not be read, and that is closed after it. */
export function rawProblem(error: MayflyError): Buffer {
  const { status, headers, body } = problemOf(error);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\n`;
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return Buffer.from(`${head}\r\n${body}`, 'latin1');
}
