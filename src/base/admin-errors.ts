import { countText } from './count.ts';
import { entry, type ErrorEntry, Fault } from './error-entry.ts';
import { shownText } from './shown-text.ts';

/** The admin API's part of the table of errors, on both of its sides. */
export interface AdminErrorParams {
  unauthorized: { reason: string };
  forbidden: { reason: string };
  no_endpoint: object;
  method_not_allowed: { method: string; allowed: readonly string[] };
  wrong_host: { host: string };
  unsupported_media_type: { found: string; wanted: string };
  bad_json: { reason: string };
  bad_input: { errors: readonly InputMistake[] };
  body_too_large: { limitBytes: number };
  body_incomplete: object;
  busy: { what: string };
  idempotency_mismatch: object;
  idempotency_unknown: object;
  idempotency_not_kept: object;

  node_unreachable: { url: string; reason: string };
  bad_answer: { url: string; reason: string };
}

/** One thing that is wrong with what a client of the admin API sent. */
export interface InputMistake {
  /** Where in the body: a JSON pointer, as a URI fragment. RFC 6901, section 6. */
  readonly pointer?: string;
  /** Which parameter of the path or the query, or which header. */
  readonly parameter?: string;
  /** "It is …, … is wanted". */
  readonly detail: string;
}

const mistakeText = ({ pointer, parameter, detail }: InputMistake): string =>
  `\n  ${shownText(pointer ?? parameter ?? '')}: ${shownText(detail)}`;

/** Every error of the admin API, by its permanent code. */
export const adminErrors: { readonly [C in keyof AdminErrorParams]: ErrorEntry<AdminErrorParams[C]> } = {
  unauthorized: entry(
    401,
    Fault.user,
    (p) => `Cannot let the request in: ${p.reason}, a token is wanted`,
    () =>
      'Send it as `Authorization: Bearer mfy_…`; the first token of a node is in the file admin-token of its data directory',
  ),
  forbidden: entry(403, Fault.user, (p) => `Cannot do this with the token: ${p.reason}`),
  no_endpoint: entry(404, Fault.user, () => 'Cannot find what is asked for: the admin API has nothing at this path'),
  method_not_allowed: entry(
    405,
    Fault.user,
    (p) => `Cannot ${shownText(p.method, 20)} this path: ${p.allowed.join(' or ')} is wanted`,
  ),
  wrong_host: entry(
    421,
    Fault.user,
    (p) =>
      `Cannot answer for the host ${shownText(p.host)}: the admin API is on loopback, localhost or 127.0.0.1 is wanted`,
    () => 'A web page that had its name point here would send such a request',
  ),
  unsupported_media_type: entry(
    415,
    Fault.user,
    (p) => `Cannot read the body: its Content-Type is ${shownText(p.found)}, ${p.wanted} is wanted`,
  ),
  bad_json: entry(400, Fault.user, (p) => `Cannot read the body: ${p.reason}, plain JSON is wanted`),
  bad_input: entry(
    400,
    Fault.user,
    (p) => `Cannot use the input: ${countText(p.errors.length, 'mistake')}${p.errors.map(mistakeText).join('')}`,
  ),
  body_too_large: entry(
    413,
    Fault.user,
    (p) => `Cannot read the body: it is too large, at most ${p.limitBytes} bytes are wanted`,
  ),
  body_incomplete: entry(400, Fault.user, () => 'Cannot read the body: it was cut short'),
  busy: entry(
    503,
    Fault.user,
    (p) => `Cannot take the request now: too many ${p.what} are under way`,
    () => 'Try again in a moment',
  ),
  idempotency_mismatch: entry(
    422,
    Fault.user,
    () => 'Cannot repeat the request: its Idempotency-Key was sent with another request before',
    () => 'Use a new key for each new request',
  ),
  idempotency_unknown: entry(
    409,
    Fault.user,
    () => 'Cannot repeat the request: it was begun, and the node was stopped before its answer was kept',
    () => 'Look whether it was done; do it again with a new Idempotency-Key if not',
  ),
  idempotency_not_kept: entry(
    409,
    Fault.user,
    () => 'Cannot repeat the answer: the request was done, and its answer was not kept',
    () =>
      'Look at what it came to. Where the answer had a token in it, revoke that token and create another with a new key',
  ),

  node_unreachable: entry(
    500,
    Fault.user,
    (p) => `Cannot reach the node at ${p.url}: ${p.reason}`,
    () => 'Start one with `mayfly serve`, or say where it is with --admin URL or MAYFLY_ADMIN',
  ),
  bad_answer: entry(
    500,
    Fault.user,
    (p) => `Cannot use the answer of ${p.url}: ${p.reason}`,
    () => 'Is this the admin API of a Mayfly node? Its address is given by --admin URL or MAYFLY_ADMIN',
  ),
};
