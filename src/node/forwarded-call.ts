import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Dispatcher, Pool } from 'undici';
import { type ErrorCode, kib, MayflyError } from '../base/mod.ts';
import type { Call, GuestRequest, HeaderPairs, ResponseSink } from '../engine/mod.ts';
import { type InputStream, wouldBlock } from '../wasi/mod.ts';
import { forwardedHeaders, headerPairs } from './forwarded-request.ts';
import { forwardedGraceMs } from './limits.ts';

/**
 * A call that another worker serves: its request goes there over a connection, and the response comes back. Bodies stream both
 * ways, each no faster than it is taken at the other end.
 */
export class ForwardedCall implements Call {
  readonly #request: GuestRequest;
  readonly #sink: ResponseSink;
  readonly #onOver: (failure: ErrorCode | undefined) => void;
  #state: 'no head' | 'head' | 'over' = 'no head';
  #isAborted = false;
  /** Undefined while it waits for one. */
  #connection: Connection | undefined;

  /** @param onOver told once, when nothing comes of it any more */
  constructor(request: GuestRequest, sink: ResponseSink, onOver: (failure: ErrorCode | undefined) => void) {
    this.#request = request;
    this.#sink = sink;
    this.#onOver = onOver;
  }

  send(pool: Pool, wallMs: number): void {
    const { method, path, query, body, bodyBytes } = this.#request;
    // The other worker ends what takes longer than its function may: this is for one that does not.
    const patienceMs = wallMs + forwardedGraceMs;
    pool.dispatch(
      {
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: forwardedHeaders(this.#request),
        body: bodyBytes === 0 ? null : this.#body(body, bodyBytes),
        headersTimeout: patienceMs,
        bodyTimeout: patienceMs,
      },
      {
        onRequestStart: (connection) => {
          this.#connection = connection;
          if (this.#isAborted) this.abort();
        },
        onResponseStart: ({ rawHeaders }, status) => this.#head(status, headerPairs(rawHeaders)),
        onResponseData: (connection, chunk) => this.#data(connection, chunk),
        onResponseEnd: () => this.#end(),
        onResponseError: (_connection, error) => this.#fail(error),
      },
    );
  }

  abort(): void {
    this.#isAborted = true;
    const gone = new MayflyError('client_gone', {});
    if (this.#connection === undefined) this.#over(gone);
    else this.#connection.abort(gone);
  }

  /** A small body is all there by now and goes out with the head. */
  #body(input: InputStream, bodyBytes: number | undefined): Buffer | Readable {
    if (bodyBytes !== undefined && bodyBytes <= input.available()) {
      const bytes = Buffer.allocUnsafe(bodyBytes);
      input.read(bytes);
      return bytes;
    }
    return Readable.from(this.#chunks(input), { objectMode: false, highWaterMark: chunkBytes });
  }

  async *#chunks(input: InputStream): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = input.read(chunk);
      if (count === wouldBlock) {
        await new Promise<void>((resolve) => input.onReady(resolve));
        continue;
      }
      if (count > 0) {
        yield chunk.subarray(0, count);
        continue;
      }
      // A body that nobody waits for any more ends like one that is whole; who has given it up says so in this turn.
      await turn();
      if (this.#isAborted) throw new MayflyError('client_gone', {});
      return;
    }
  }

  #head(status: number, headers: HeaderPairs): void {
    // What is informational is between the two workers.
    if (status < 200 || this.#state !== 'no head') return;
    this.#state = 'head';
    this.#sink.head(status, headers, noTiming);
  }

  #data(connection: Connection, chunk: Buffer): void {
    const rest = this.#state === 'head' ? this.#write(chunk) : undefined;
    if (rest === undefined) return;
    connection.pause();
    this.#later(connection, rest);
  }

  /** @returns what the client has no room for now */
  #write(chunk: Buffer): Buffer | undefined {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const taken = this.#sink.write(rest);
      if (taken === wouldBlock) return rest;
      rest = rest.subarray(taken);
    }
    return undefined;
  }

  #later(connection: Connection, chunk: Buffer): void {
    this.#sink.onReady(() => {
      if (this.#state === 'over') return;
      const rest = this.#write(chunk);
      if (rest === undefined) connection.resume();
      else this.#later(connection, rest);
    });
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#onOver(undefined);
    this.#sink.end(noTiming);
  }

  #fail(error: Error): void {
    this.#over(this.#isAborted ? new MayflyError('client_gone', {}) : problemOf(error));
  }

  #over(error: MayflyError): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#onOver(error.code);
    this.#sink.fail(error, noTiming);
  }
}

const chunkBytes = 64 * kib;
const noTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 } as const;

type Connection = Dispatcher.DispatchController;

/** Nobody has taken the request: none of these says that a function may have run. */
const notTaken: ReadonlySet<string> = new Set([
  'EAGAIN',
  'ECONNREFUSED',
  'ENOENT',
  'UND_ERR_CLOSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_DESTROYED',
]);

function problemOf(error: Error): MayflyError {
  const code = 'code' in error ? String(error.code) : '';
  if (notTaken.has(code)) return new MayflyError('overloaded', {});
  return new MayflyError('worker_lost', {}, { cause: error });
}
