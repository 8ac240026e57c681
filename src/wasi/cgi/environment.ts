import { MayflyError } from '../../base/mod.ts';
import { environText, untilNul } from '../p1/mod.ts';
import { headerNameLengthKept, headerNamesKept } from './limits.ts';

/**
 * A request as the environment of a CGI program. https://www.rfc-editor.org/rfc/rfc3875 (the sections named below are its)
 *
 * Strings of a request are wire bytes, one UTF-16 unit each, as node:http gives them. Where they are UTF-8 the guest gets
 * just those bytes; where they are not they count as Latin-1, so that an environment is always valid UTF-8: Rust's
 * `std::env::vars` panics on anything else, which no caller should be able to bring about.
 */

/** What of a request becomes environment. */
export interface CgiRequest {
  readonly method: string;
  /** The path without its query, percent-encoded. */
  readonly path: string;
  /** What stands behind `?`; empty when there is none. */
  readonly query: string;
  /** The part of `path` that led to the function: SCRIPT_NAME. Empty for a function that takes every path. */
  readonly mountPath: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Such as `1.1`. */
  readonly httpVersion: string;
  readonly serverName: string;
  readonly serverPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Undefined when it is not known beforehand. */
  readonly bodyBytes: number | undefined;
}

/** What becomes of a request's Authorization header. */
export const Authorization = { pass: 'pass', drop: 'drop' } as const;
export type Authorization = (typeof Authorization)[keyof typeof Authorization];

export interface CgiOptions {
  /** SERVER_SOFTWARE, such as `Mayfly/0.1.0`. */
  readonly serverSoftware: string;
  /**
   * "The server SHOULD remove any header fields carrying authentication information" (4.1.18), as Apache and WAGI do. It is
   * for a server that has checked them itself: a function that checks its callers' tokens has to be given them.
   */
  readonly authorization?: Authorization;
}

/** Set for every request, so a function's own variables of these names are not. */
const requestVariables: ReadonlySet<string> = new Set([
  'AUTH_TYPE',
  'CONTENT_LENGTH',
  'CONTENT_TYPE',
  'GATEWAY_INTERFACE',
  'PATH_INFO',
  'PATH_TRANSLATED',
  'QUERY_STRING',
  'REMOTE_ADDR',
  'REMOTE_HOST',
  'REMOTE_IDENT',
  'REMOTE_PORT',
  'REMOTE_USER',
  'REQUEST_METHOD',
  'REQUEST_URI',
  'SCRIPT_NAME',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'SERVER_SOFTWARE',
]);

/** Header fields that become no HTTP_ variable. */
const droppedHeaders: ReadonlySet<string> = new Set([
  // "available … as other meta-variables": 4.1.18. What CONTENT_LENGTH says comes from the gateway, not from the client.
  'content-length',
  'content-type',
  // HTTP_PROXY tells HTTP clients within the program which proxy to use. https://httpoxy.org
  'proxy',
  // About the connection to the client, which ends at the gateway. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields that have one value: of several only the first counts, as with node's `headers`. Others are lists. */
const singleHeaders: ReadonlySet<string> = new Set([
  'HTTP_AUTHORIZATION',
  'HTTP_DATE',
  'HTTP_FROM',
  'HTTP_HOST',
  'HTTP_IF_MODIFIED_SINCE',
  'HTTP_IF_UNMODIFIED_SINCE',
  'HTTP_MAX_FORWARDS',
  'HTTP_REFERER',
  'HTTP_USER_AGENT',
]);

/** Makes the environments of one function's requests. Made once per function. */
export class CgiEnvironment {
  /** What is the same for every request, but for those of `#ownHttp`. */
  readonly #constant: string;
  /** The function's own variables that a header of a request could also set: the request's win. */
  readonly #ownHttp: readonly (readonly [name: string, line: string])[];
  readonly #authorization: Authorization;
  /** Variables' names by header names, both as they come; undefined for a header that is dropped. */
  readonly #variableOf: Map<string, string | undefined> = new Map();

  constructor(variables: Readonly<Record<string, string>>, options: CgiOptions) {
    this.#authorization = options.authorization ?? Authorization.drop;
    const own = Object.entries(variables).filter(([name]) => !requestVariables.has(name));
    this.#ownHttp = own
      .filter(([name]) => name.startsWith('HTTP_'))
      .map(([name, text]) => [name, variable(name, text)] as const);
    this.#constant =
      variable('GATEWAY_INTERFACE', 'CGI/1.1') +
      variable('SERVER_SOFTWARE', options.serverSoftware) +
      environText(Object.fromEntries(own.filter(([name]) => !name.startsWith('HTTP_'))));
  }

  /**
   * The environment of `request`, put together when the guest asks for it. The path is looked at now, so that a request
   * that cannot be served is refused before it has a slot.
   * @throws MayflyError bad_request when the path does not decode
   */
  of(request: CgiRequest): () => string {
    const mounted = isMountedAt(request.path, request.mountPath);
    const scriptName = mounted && request.mountPath !== '' ? decodedPath(request.mountPath) : '';
    const pathInfo = decodedPath(mounted ? request.path.slice(request.mountPath.length) : request.path);
    return () => this.#text(request, scriptName, pathInfo);
  }

  #text(request: CgiRequest, scriptName: string, pathInfo: string): string {
    const values = this.#headerVariables(request.headers);
    const contentType = values.get('CONTENT_TYPE');
    const hasLength = values.delete('CONTENT_LENGTH') || request.bodyBytes !== 0;
    values.delete('CONTENT_TYPE');
    let text =
      `REQUEST_METHOD=${value(request.method)}\0` +
      `REQUEST_URI=${value(request.query === '' ? request.path : `${request.path}?${request.query}`)}\0` +
      `SCRIPT_NAME=${scriptName}\0` +
      `PATH_INFO=${pathInfo}\0` +
      `QUERY_STRING=${value(request.query)}\0` +
      `SERVER_NAME=${value(request.serverName)}\0` +
      `SERVER_PORT=${request.serverPort}\0` +
      `SERVER_PROTOCOL=HTTP/${value(request.httpVersion)}\0` +
      `REMOTE_ADDR=${value(request.remoteAddress)}\0` +
      `REMOTE_PORT=${request.remotePort}\0`;
    // 4.1.2 "if and only if the request is accompanied by a message-body", as far as that is known: of a chunked body it is not.
    if (request.bodyBytes !== undefined && hasLength) text += `CONTENT_LENGTH=${request.bodyBytes}\0`;
    if (contentType !== undefined) text += `CONTENT_TYPE=${contentType}\0`;
    for (const [name, joined] of values) text += `${name}=${joined}\0`;
    for (const [name, line] of this.#ownHttp) if (!values.has(name)) text += line;
    return text + this.#constant;
  }

  /** 4.1.18 "If multiple header fields with the same field-name are received then the server MUST rewrite them as a single value". */
  #headerVariables(headers: readonly string[]): Map<string, string> {
    const values = new Map<string, string>();
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = this.#variableFor(headers[at] ?? '');
      if (name === undefined) continue;
      const field = value(headers[at + 1] ?? '');
      const before = values.get(name);
      if (before === undefined) values.set(name, field);
      else if (name.startsWith('HTTP_') && !singleHeaders.has(name))
        values.set(name, before + separatorOf(name) + field);
    }
    return values;
  }

  #variableFor(header: string): string | undefined {
    const kept = this.#variableOf.get(header);
    if (kept !== undefined || this.#variableOf.has(header)) return kept;
    const made = this.#variableMadeOf(header);
    if (this.#variableOf.size < headerNamesKept && header.length <= headerNameLengthKept)
      this.#variableOf.set(header, made);
    return made;
  }

  /**
   * `X-Foo` becomes HTTP_X_FOO, and so would `X_Foo`: a client could set what a proxy in front is trusted to set. So only
   * letters, digits and hyphens are let through, as nginx and Apache do.
   */
  #variableMadeOf(header: string): string | undefined {
    if (!/^[A-Za-z0-9-]+$/.test(header)) return undefined;
    const name = header.toLowerCase();
    if (name === 'content-type') return 'CONTENT_TYPE';
    if (name === 'content-length') return 'CONTENT_LENGTH';
    if (droppedHeaders.has(name)) return undefined;
    if (name === 'authorization' && this.#authorization === Authorization.drop) return undefined;
    return `HTTP_${header.toUpperCase().replaceAll('-', '_')}`;
  }
}

function variable(name: string, text: string): string {
  return `${name}=${untilNul(text)}\0`;
}

/** What wire bytes are as a variable's value: nearly always just what they are, which one look tells. */
function value(wire: string): string {
  return isPlain(wire) ? wire : untilNul(wireText(wire));
}

/** Whether there is neither a NUL nor anything past ASCII. For strings as short as these a loop is faster than a pattern. */
function isPlain(wire: string): boolean {
  if (wire.length > plainLoopMax) return !/[\0\x80-\uffff]/.test(wire);
  for (let at = 0; at < wire.length; at++) {
    const unit = wire.charCodeAt(at);
    if (unit === 0 || unit > 0x7f) return false;
  }
  return true;
}

const plainLoopMax = 64;

/** https://www.rfc-editor.org/rfc/rfc6265#section-5.4 has cookies in one field; HTTP/2 may split it (RFC 9113, 8.2.3). */
function separatorOf(variableName: string): string {
  return variableName === 'HTTP_COOKIE' ? '; ' : ', ';
}

/** Whether `mountPath` is made of whole leading segments of `path`. */
function isMountedAt(path: string, mountPath: string): boolean {
  return (
    path.startsWith(mountPath) &&
    (path.length === mountPath.length || mountPath.endsWith('/') || path[mountPath.length] === '/')
  );
}

/** 4.1.5 "Unlike a URI path, the PATH_INFO is not URL-encoded". `%2F` becomes a slash like any other; REQUEST_URI tells. */
function decodedPath(path: string): string {
  if (isPlain(path) && !path.includes('%')) return path;
  let decoded: string;
  try {
    decoded = decodeURIComponent(wireText(path));
  } catch {
    throw new MayflyError('bad_request', { reason: 'its path is not UTF-8 in percent-encoding' });
  }
  if (decoded.includes('\0')) throw new MayflyError('bad_request', { reason: 'its path has a NUL' });
  return decoded;
}

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of wire bytes: UTF-8 if they are that, else Latin-1. */
function wireText(wire: string): string {
  if (!/[\x80-\uffff]/.test(wire)) return wire;
  // Something that never was on a wire.
  if (/[\u0100-\uffff]/.test(wire)) return wire;
  try {
    return utf8.decode(Buffer.from(wire, 'latin1'));
  } catch {
    return wire;
  }
}
