import { errorText, isMayflyError, MayflyError } from '../base/mod.ts';
import { AdminProblem, readProblem } from './admin-problem.ts';
import { readEvents } from './event-reader.ts';
import type { ServerEvent } from './event-reader.ts';

/** How a node is spoken to. */
export interface ConnectionOptions {
  /** Of the admin API, such as `http://127.0.0.1:8081`. */
  readonly url: string;
  /** What messages call the place; the URL when absent. */
  readonly place?: string;
  readonly token?: string | undefined;
  /** The platform's own when absent. */
  readonly fetch?: typeof fetch;
}

/** One request. */
export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments behind `/v1/`, as they are: they are encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly json?: object;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: 'json' | 'events';
  readonly signal?: AbortSignal | undefined;
}

/** An answer takes no longer than this, but for those that stream and for uploads and deploys. */
const answerTimeoutMs = 60_000;

/** Requests to one node, and what went wrong with them in the words of this project. */
export class Connection {
  readonly url: string;
  readonly #place: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, place, token, fetch: own = fetch }: ConnectionOptions) {
    this.url = url.replace(/\/+$/, '');
    this.#place = place ?? this.url;
    this.#token = token;
    this.#fetch = own;
  }

  /**
   * The JSON that is answered; undefined when there is none.
   * @throws AdminProblem what the node says is wrong @throws MayflyError node_unreachable, bad_answer
   */
  async json<T>(ask: Ask): Promise<T> {
    const timeout = AbortSignal.timeout(answerTimeoutMs);
    const isQuick = ask.bytes === undefined && ask.signal === undefined;
    const response = await this.send(isQuick ? { ...ask, signal: timeout } : ask);
    // The two sides of the API are made from the same resources; an answer of another program is refused before.
    return (response.status === 204 ? undefined : await this.#readJson(response)) as T;
  }

  /** The events that are answered. @throws as json() does */
  async *events(ask: Ask): AsyncGenerator<ServerEvent, void> {
    const response = await this.send({ ...ask, accept: 'events' });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream') || response.body === null)
      throw this.#bad(`it is ${type}, events are wanted`);
    try {
      for await (const event of readEvents(response.body)) {
        if (event.event === 'problem') throw readProblem(this.parse(event.data)) ?? this.#bad('its problem is none');
        yield event;
      }
    } catch (error) {
      throw this.#told(error, ask.signal);
    }
  }

  /** The JSON of an event. @throws MayflyError bad_answer */
  parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#bad('it is not JSON');
    }
  }

  /** The answer of a request that the node has done. @throws as json() does */
  async send({ method, path, query, json, bytes, headers, accept = 'json', signal }: Ask): Promise<Response> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
    const place = path.map(segmentOf).join('/');
    const behind = search.size === 0 ? '' : `?${search.toString()}`;
    let response: Response;
    try {
      response = await this.#fetch(`${this.url}/v1/${place}${behind}`, {
        method,
        headers: {
          Accept: accept === 'json' ? 'application/json' : 'text/event-stream',
          ...(this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }),
          ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(bytes === undefined ? {} : { 'Content-Type': 'application/octet-stream' }),
          ...headers,
        },
        body: bodyOf(json, bytes),
        // The API has no redirects: one would take the token elsewhere.
        redirect: 'error',
        signal: signal ?? null,
      });
    } catch (error) {
      throw this.#told(error, signal);
    }
    if (response.ok) return response;
    const problem = method === 'HEAD' ? headProblem(response.status) : readProblem(await this.#readJson(response));
    throw problem ?? this.#bad(`its status is ${response.status}`);
  }

  async #readJson(response: Response): Promise<unknown> {
    const type = response.headers.get('content-type') ?? 'nothing';
    if (!/^application\/(?:problem\+)?json/.test(type))
      throw this.#bad(`its status is ${response.status}, and it is ${type}`);
    try {
      return this.parse(await response.text());
    } catch (error) {
      throw this.#told(error, undefined);
    }
  }

  /** A failure on the way, in words that say what to do. */
  #told(error: unknown, signal: AbortSignal | undefined): Error {
    if (error instanceof AdminProblem || isMayflyError(error)) return error;
    if (signal?.aborted === true && signal.reason instanceof Error && signal.reason.name === 'AbortError')
      return signal.reason;
    return new MayflyError('node_unreachable', { url: this.#place, reason: reasonOf(error) }, { cause: error });
  }

  #bad(reason: string): MayflyError {
    return new MayflyError('bad_answer', { url: this.#place, reason });
  }
}

function bodyOf(json: object | undefined, bytes: Uint8Array | undefined): string | Uint8Array<ArrayBuffer> | null {
  // An artifact's bytes are never in shared memory.
  if (bytes !== undefined) return bytes as Uint8Array<ArrayBuffer>;
  return json === undefined ? null : JSON.stringify(json);
}

/** A segment of a path; one that a URL takes for a way up is no name of anything. @throws MayflyError bad_name */
function segmentOf(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new MayflyError('bad_name', { what: 'thing', name: text });
  return encodeURIComponent(text);
}

/** An answer to HEAD has no body to say more. */
function headProblem(status: number): AdminProblem {
  return new AdminProblem({
    status,
    code: status === 404 ? 'not_found' : 'refused',
    detail: `The node answered ${status}`,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'there is no such host',
  ECONNRESET: 'the connection was lost',
  UND_ERR_SOCKET: 'the connection was lost',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
};

/** fetch says no more than that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'it takes too long to answer';
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return reasons[code] ?? errorText(cause);
}
