import { headFieldsMax, headKeptBytes } from './limits.ts';

/**
 * The header that a CGI program writes before its body. https://www.rfc-editor.org/rfc/rfc3875#section-6
 *
 * Field values are wire bytes, one UTF-16 unit each, as node:http sends them.
 */

/** A header that can be sent. */
export interface ResponseHead {
  readonly status: number;
  /** Names and values in turn, in the order of the program's lines. */
  readonly headers: readonly string[];
  readonly contentLength: number | undefined;
}

/** Reads the headers of one function's responses, most of which are the same: what is the same is not read again. */
export class HeadReader {
  #lastText = '';
  #last: ResponseHead | undefined;

  /** Reads a header, with the empty line that ends it. @returns what is wrong when it cannot be sent */
  read(text: string): ResponseHead | string {
    if (this.#last !== undefined && text === this.#lastText) return this.#last;
    const head = parseHead(text);
    if (typeof head !== 'string' && text.length <= headKeptBytes) {
      this.#lastText = text;
      this.#last = head;
    }
    return head;
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** https://www.rfc-editor.org/rfc/rfc9110#section-5.5: visible characters, spaces, tabs and bytes above ASCII. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * About the connection, which is the gateway's: left out, as programs written for other servers send `Connection: close`.
 * Not so Transfer-Encoding, whose body would have been chunked by the program itself: that is refused.
 * https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

/**
 * What of a header decides about the response as a whole. 6.3 "Each CGI field MUST NOT appear more than once in the
 * response", and HTTP wants a length only once.
 */
interface Decisive {
  status?: string;
  location?: string;
  'content-type'?: string;
  'content-length'?: string;
}

function parseHead(text: string): ResponseHead | string {
  const headers: string[] = [];
  const decisive: Decisive = {};
  let lines = 0;
  for (let start = 0; ; lines++) {
    const feed = text.indexOf('\n', start);
    const end = text[feed - 1] === '\r' ? feed - 1 : feed;
    if (end <= start) break;
    if (lines === headFieldsMax) return `its header has more than ${headFieldsMax} lines`;
    const problem = parseField(text.slice(start, end), headers, decisive);
    if (problem !== undefined) return `line ${lines + 1} of its header has ${problem}`;
    start = feed + 1;
  }
  if (lines === 0) return 'its header is empty, at least a Content-Type is wanted';
  return withStatus(headers, decisive);
}

/** Reads one line into `headers` and `decisive`. @returns what is wrong with it */
function parseField(line: string, headers: string[], decisive: Decisive): string | undefined {
  const colon = line.indexOf(':');
  if (colon === -1) return 'no colon, "Name: value" is wanted';
  const name = line.slice(0, colon);
  if (!tokenPattern.test(name)) return 'a name that is none';
  const value = trimmed(line, colon + 1);
  if (!valuePattern.test(value)) return 'a control byte in its value';
  const known = name.toLowerCase();
  if (connectionFields.has(known)) return undefined;
  if (known === 'transfer-encoding') return 'Transfer-Encoding, which is for the node to choose';
  if (isDecisive(known)) {
    // 6.3 "A NULL field value is equivalent to a field not being sent."
    if (value === '' && known !== 'content-length') return undefined;
    if (decisive[known] !== undefined) return `a second ${name}`;
    decisive[known] = value;
  }
  if (known !== 'status') headers.push(name, value);
  return undefined;
}

function isDecisive(name: string): name is keyof Decisive {
  return name === 'content-type' || name === 'status' || name === 'location' || name === 'content-length';
}

/** What stands in `line` from `start` on, without the spaces and tabs around it. */
function trimmed(line: string, start: number): string {
  let [from, to] = [start, line.length];
  while (from < to && isBlank(line, from)) from++;
  while (from < to && isBlank(line, to - 1)) to--;
  return line.slice(from, to);
}

function isBlank(line: string, at: number): boolean {
  return line[at] === ' ' || line[at] === '\t';
}

function withStatus(headers: string[], decisive: Decisive): ResponseHead | string {
  const status = statusOf(decisive.status, decisive.location !== undefined);
  if (status === undefined) return 'its Status is not a number from 200 to 599';
  const length = decisive['content-length'];
  if (length === undefined) return { status, headers, contentLength: undefined };
  const contentLength = /^[0-9]{1,15}$/.test(length) ? Number(length) : undefined;
  if (contentLength === undefined) return 'its Content-Length is not a number of bytes';
  // "A server MUST NOT send a Content-Length header field in any response with a status code of … 204".
  // https://www.rfc-editor.org/rfc/rfc9110#section-8.6
  if (status === 204) return { status, headers: without(headers, 'content-length'), contentLength: undefined };
  return { status, headers, contentLength };
}

/** 6.3.3 `Status = "Status:" status-code SP reason-phrase`; "Status code 200 'OK' indicates success, and is the default". */
function statusOf(value: string | undefined, redirects: boolean): number | undefined {
  // 6.2.3 "The script MUST NOT provide any other header fields": then the server makes a 302 of it. With more than that, too.
  if (value === undefined) return redirects ? 302 : 200;
  const digits = /^([2-5][0-9]{2})(?: .*)?$/.exec(value)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function without(headers: readonly string[], name: string): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [found = '', value = ''] = [headers[at], headers[at + 1]];
    if (found.toLowerCase() !== name) kept.push(found, value);
  }
  return kept;
}
