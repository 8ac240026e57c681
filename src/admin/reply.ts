import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './endpoint.ts';
import { EventStream } from './event-stream.ts';
import type { AdminLimits } from './limits.ts';
import { problemHeaders, problemOf, problemType } from './problem.ts';

/** No cache keeps an answer, and no browser takes it for anything else than it says. */
const everyHeaders = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** One answer, on its way: JSON, a problem, or events that end with either. Sent once. */
export class Reply {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #limits: AdminLimits;
  readonly #gone = new AbortController();
  #stream: EventStream | undefined;
  #isEndless = false;

  constructor(req: IncomingMessage, res: ServerResponse, limits: AdminLimits) {
    this.#req = req;
    this.#res = res;
    this.#limits = limits;
    res.once('close', () => this.#gone.abort());
  }

  /** Aborted when the client is gone, or has its answer. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether all of the request is there and the client waits for what the node does: it is not the client who is slow. */
  get isThinking(): boolean {
    return this.#req.complete && !this.#res.writableEnded;
  }

  /** The stream of events of an answer that has no end of its own. */
  follow(): EventStream {
    this.#isEndless = true;
    const stream = this.events();
    // An answer to HEAD is over with its head.
    if (this.#req.method === 'HEAD') stream.end();
    return stream;
  }

  /** Ends an answer that has no end of its own. */
  endEndless(): void {
    if (this.#isEndless) this.#stream?.end();
  }

  /** The stream of events, begun when it is first asked for. */
  events(): EventStream {
    this.#stream ??= new EventStream(this.#res, everyHeaders, this.#limits.streamIdleMs);
    return this.#stream;
  }

  /** The client waits to be told before it sends its body: RFC 9110, section 10.1.1. */
  continue(): void {
    this.#res.writeContinue();
  }

  /** @param as events end with the answer as event `result` */
  answer({ status = 200, body, headers }: Answer, as: 'json' | 'events'): void {
    if (this.#res.writableEnded) return;
    if (as === 'events' || this.#stream !== undefined) {
      if (body !== undefined) void this.events().send('result', body);
      this.events().end();
      return;
    }
    if (body === undefined) this.#send(status, { ...headers }, '');
    else this.#send(status, { 'Content-Type': 'application/json', ...headers }, `${JSON.stringify(body)}\n`);
  }

  /** @param status other than the error's own */
  problem(error: unknown, status?: number): void {
    if (this.#res.writableEnded) return;
    const problem = problemOf(error, status);
    if (this.#stream !== undefined) {
      void this.#stream.send('problem', problem);
      this.#stream.end();
      return;
    }
    const headers = { 'Content-Type': problemType, ...problemHeaders(error) };
    this.#send(problem.status, headers, `${JSON.stringify(problem)}\n`);
  }

  #send(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    const length = status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    this.#res.writeHead(status, { ...everyHeaders, ...headers, ...length });
    this.#res.end(body);
    this.#dropRest();
  }

  /** What is left of a body that nobody wants is read and dropped for a while: a close at once would cost the client the answer. */
  #dropRest(): void {
    if (this.#req.complete) return;
    const { socket } = this.#req;
    this.#req.resume();
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    this.#req.once('close', () => clearTimeout(timer));
  }
}
