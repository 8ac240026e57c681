import type { MayflyError } from '../base/mod.ts';
import { BytesInput, emptyInput } from '../wasi/mod.ts';
import type { CallTiming, GuestRequest, LoadedFunction, ResponseSink } from './types.ts';

/** A request that is all there. */
export interface SimpleRequest {
  readonly method?: string;
  /** Path and query, percent-encoded. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Ends the call, which then fails with `client_gone`. */
  readonly signal?: AbortSignal;
}

/** A response that is all there. */
export interface SimpleResponse {
  readonly status: number;
  /** By lower-case name; several of one name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timing: CallTiming;
}

/**
 * Sends one request to a function, without any HTTP: for embedding, and for tests.
 * @throws MayflyError whatever ends the call other than the function's response
 */
export function send(target: LoadedFunction, request: SimpleRequest): Promise<SimpleResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<SimpleResponse>();
  const call = target.call(guestRequest(request), new CollectingSink(resolve, reject));
  request.signal?.addEventListener('abort', () => call.abort(), { once: true });
  return promise;
}

function guestRequest({ method = 'GET', url, headers = {}, body }: SimpleRequest): GuestRequest {
  const question = url.indexOf('?');
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return {
    method,
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    mountPath: '',
    headers: Object.entries(headers).flat(),
    httpVersion: '1.1',
    serverName: 'localhost',
    serverPort: 80,
    remoteAddress: '127.0.0.1',
    remotePort: 0,
    body: bytes === undefined ? emptyInput : new BytesInput(bytes),
    bodyBytes: bytes?.byteLength ?? 0,
  };
}

class CollectingSink implements ResponseSink {
  readonly #resolve: (response: SimpleResponse) => void;
  readonly #reject: (error: MayflyError) => void;
  readonly #chunks: Uint8Array[] = [];
  #status = 0;
  #headers: Record<string, string> = {};

  constructor(resolve: (response: SimpleResponse) => void, reject: (error: MayflyError) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  head(status: number, headers: readonly string[]): void {
    this.#status = status;
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = (headers[at] ?? '').toLowerCase();
      const before = this.#headers[name];
      const value = headers[at + 1] ?? '';
      this.#headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
  }

  write(chunk: Uint8Array): number {
    this.#chunks.push(chunk.slice());
    return chunk.byteLength;
  }

  onReady(wake: () => void): void {
    wake();
  }

  end(timing: CallTiming): void {
    const body = new Uint8Array(Buffer.concat(this.#chunks));
    this.#resolve({ status: this.#status, headers: this.#headers, body, timing });
  }

  fail(error: MayflyError): void {
    this.#reject(error);
  }
}
