import { STATUS_CODES } from 'node:http';
import { type ErrorCode, Fault, type InputMistake, isMayflyError, MayflyError } from '../base/mod.ts';

/**
 * What a client of the admin API sees when something is wrong: RFC 9457, with a permanent `code`. Whoever is at fault is told all
 * of it; what is the node's own fault is told by its code alone, and in the node's log.
 * https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Everything that is wrong with the input, each with its place. */
  readonly errors?: readonly InputMistake[];
}

export const problemType = 'application/problem+json';

/** What the client is told of `error`, whatever was thrown. */
export function problemOf(error: unknown, otherStatus?: number): ProblemBody {
  const told = isMayflyError(error) && error.fault !== Fault.bug ? error : new MayflyError('internal', {});
  const { code } = told;
  const status = otherStatus ?? told.status;
  const title = STATUS_CODES[status] ?? 'Error';
  if (told.fault !== Fault.user && told.fault !== Fault.guest) {
    return { type: 'about:blank', title, status, code, detail: 'The node could not do it: its log says why' };
  }
  const mistakes = mistakesOf(told);
  return {
    type: 'about:blank',
    title,
    status,
    code,
    detail: told.message,
    ...(told.hint === undefined ? {} : { hint: told.hint }),
    ...(mistakes === undefined ? {} : { errors: mistakes }),
  };
}

function mistakesOf(error: MayflyError): readonly InputMistake[] | undefined {
  // A code's params are those of its row in the table.
  return isCode(error, 'bad_input') ? error.params.errors : undefined;
}

function isCode<C extends ErrorCode>(error: MayflyError, code: C): error is MayflyError<C> {
  return error.code === code;
}

/** The headers of an answer that only `error` calls for. */
export function problemHeaders(error: unknown): Record<string, string> {
  if (!isMayflyError(error)) return {};
  if (error.code === 'unauthorized') return { 'WWW-Authenticate': 'Bearer realm="mayfly"' };
  if (isCode(error, 'method_not_allowed')) return { Allow: error.params.allowed.join(', ') };
  return error.code === 'busy' ? { 'Retry-After': '1' } : {};
}

/** A whole response for a connection whose request could not be read, and that is closed after it. */
export function rawProblem(error: MayflyError): string {
  const body = `${JSON.stringify(problemOf(error))}\n`;
  const { status } = error;
  const headers = {
    Connection: 'close',
    'Content-Type': problemType,
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    ...problemHeaders(error),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`;
}
