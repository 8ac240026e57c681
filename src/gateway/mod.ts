/**
 * The data plane: HTTP requests to functions, and their responses back. The way of a request, and where each step is:
 *
 *     1. listen     http-server.ts      strict parsing, a time limit on everything a client can be slow at
 *     2. route      request-head.ts     what is it for: host, path and query, checked
 *                   router.ts           host and path → function
 *                   destinations.ts     which of its versions, where there are several
 *     3. admit      (here)              too large, too many: refused before anything is spent on it
 *     4. dispatch   exchange.ts         → engine/: takes a slot, runs the function
 *                   request-body.ts     a small body is gathered first, a large one streams
 *     5. respond    response-writer.ts  held until whole, or streamed with backpressure
 *                   outbox.ts           small ones of one turn go out together
 *                   problem.ts          or what went wrong, as problem+json
 *
 * A request without a body goes through all of it in one turn of the event loop when its guest does not wait for anything.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { MayflyError, Roster, systemClock } from '../base/mod.ts';
import type { ListenAddress } from '../config/mod.ts';
import type { LoadedFunction } from '../engine/mod.ts';
import { type Destination, Destinations, type GatewayFunction, type PreviewSource } from './destinations.ts';
import { Exchange, type ExchangeContext, type Target } from './exchange.ts';
import { Gatherings } from './gatherings.ts';
import { HeldResponses } from './held-responses.ts';
import { Expectation, HttpServer, type ListeningSocket } from './http-server.ts';
import { callsMax } from './limits.ts';
import { Outbox } from './outbox.ts';
import { Outflow } from './outflow.ts';
import { HostReader, readRequestHead, type RequestHead } from './request-head.ts';
import { sendProblem, type ServerTiming } from './response-writer.ts';
import type { Router } from './router.ts';
import type { WholeResponse } from './whole-response.ts';

export { type ListeningSocket, listenOn, listenProblem } from './http-server.ts';
export type { GatewayFunction, GatewayVersion, PreviewSource } from './destinations.ts';
export { ServerTiming } from './response-writer.ts';
export type { StickyBy } from './traffic-split.ts';

/** How a gateway is tuned. */
export interface GatewayOptions {
  readonly serverTiming: ServerTiming;
  /** Where versions are found by hosts of their own; without it there are no such hosts. */
  readonly previews?: PreviewSource | undefined;
}

/** Gets to know what goes wrong. */
export interface GatewayEvents {
  /** A call did not end with the function's response, and not by the client's doing. */
  failed(loaded: LoadedFunction, error: MayflyError): void;
}

const noRoute = new MayflyError('no_route', {});
const overloaded = new MayflyError('overloaded', {});

/** Serves HTTP/1.1. Its functions are swapped as a whole; requests under way keep those they began with. */
export class Gateway {
  readonly #server: HttpServer;
  readonly #underWay = new Roster<Exchange>();
  readonly #destinations: Destinations;
  #router: Router<Destination>;
  readonly #outbox = new Outbox(Date.now);
  readonly #hosts = new HostReader();
  readonly #outflow = new Outflow(this.#underWay);
  #context: ExchangeContext;
  #state: 'serving' | 'stopping' = 'serving';

  constructor(options: GatewayOptions, events: GatewayEvents) {
    this.#destinations = new Destinations(options.serverTiming, options.previews);
    this.#router = this.#destinations.route([]);
    const failed = events.failed.bind(events);
    this.#context = {
      underWay: this.#underWay,
      held: new HeldResponses(),
      outbox: this.#outbox,
      gatherings: new Gatherings(systemClock),
      outflow: this.#outflow,
      serverPort: 0,
      failed,
    };
    this.#server = new HttpServer({
      request: (req, res, expectation) => this.#request(req, res, expectation),
      busySockets: () => this.#busySockets(),
      broken: (socket, error) => this.#broken(socket, error),
      flush: () => this.flush(),
    });
  }

  /** Serves `functions` from the next request on, and nothing else. */
  publish(functions: readonly GatewayFunction[]): void {
    this.#router = this.#destinations.route(functions);
  }

  /**
   * Takes requests: from `socket`, where one was opened for `address`. @returns the address with its real port
   * @throws MayflyError listen_failed
   */
  async listen(address: ListenAddress, socket?: ListeningSocket): Promise<ListenAddress> {
    const listening = await this.#server.listen(address, socket);
    this.#context = { ...this.#context, serverPort: listening.port };
    return listening;
  }

  /**
   * Takes no more connections, finishes the requests under way, and those that are already on their way.
   * @returns how many connections were cut because they were not done within `deadlineMs`
   */
  stop(deadlineMs: number, quietMs?: number): Promise<number> {
    this.#state = 'stopping';
    for (const { res } of this.#underWay) res.shouldKeepAlive = false;
    return this.#server.stop(deadlineMs, quietMs);
  }

  /** Has what is ready go out now. To be called before guests that have waited get a turn, which can be a long one. */
  flush(): void {
    this.#outbox.flush();
  }

  // 1. listen: HttpServer hands over each request here.
  #request(req: IncomingMessage, res: WholeResponse, expectation: Expectation): void {
    if (this.#state === 'stopping') res.shouldKeepAlive = false;

    // 2. route
    const head = readRequestHead(req, this.#hosts);
    if (head instanceof MayflyError) {
      // Whoever sends such a head may not agree with this node on where the next request begins.
      res.shouldKeepAlive = false;
      return sendProblem(res, head, this.#outbox);
    }
    const found = this.#router.find(head.host, head.path);
    if (found === undefined) return sendProblem(res, noRoute, this.#outbox);
    if (found.kind === 'target') return this.#admit(found, head, req, res, expectation);
    if (found.kind === 'split') return this.#admit(found.choose(req.rawHeaders), head, req, res, expectation);
    const isGone = (): boolean => req.socket.destroyed;
    found.find(
      head.host,
      (target) => isGone() || this.#admit(target, head, req, res, expectation),
      (error) => isGone() || sendProblem(res, error, this.#outbox),
    );
  }

  // 3. admit
  #admit(target: Target, head: RequestHead, req: IncomingMessage, res: WholeResponse, expectation: Expectation): void {
    const limitBytes = target.limits.requestBodyBytes;
    if (head.bodyBytes !== undefined && head.bodyBytes > limitBytes) {
      return sendProblem(res, new MayflyError('request_too_large', { limitBytes }), this.#outbox);
    }
    if (this.#underWay.size >= callsMax || this.#outflow.isFull) return sendProblem(res, overloaded, this.#outbox);
    if (expectation === Expectation.continue) res.writeContinue();

    // 4. dispatch, 5. respond
    new Exchange(this.#context, target, head, req, res).start();
  }

  #busySockets(): ReadonlySet<Socket> {
    return new Set([...this.#underWay].map((exchange) => exchange.req.socket));
  }

  #broken(socket: Socket, error: MayflyError): 'taken' | 'idle' {
    // An answer of this turn that still waits is not to be overtaken by the refusal of what came behind its request.
    this.#outbox.flush();
    for (const exchange of this.#underWay) {
      if (exchange.req.socket !== socket) continue;
      exchange.broken(error);
      return 'taken';
    }
    return 'idle';
  }
}
