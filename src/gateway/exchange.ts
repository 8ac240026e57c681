import type { IncomingMessage } from 'node:http';
import { type Enrolled, Fault, MayflyError, type Roster } from '../base/mod.ts';
import { leadingSegments, type Limits } from '../config/mod.ts';
import type { GuestRequest, LoadedFunction } from '../engine/mod.ts';
import { emptyInput } from '../wasi/mod.ts';
import type { Gatherings, SlowBody } from './gatherings.ts';
import type { HeldResponses } from './held-responses.ts';
import { lingerMs } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { Outflow } from './outflow.ts';
import { RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import { type ResponseListener, type ResponsePolicy, ResponseWriter } from './response-writer.ts';
import type { WholeResponse } from './whole-response.ts';

/** What a route leads to. Everything that can be is decided when the routing table is made. */
export interface Target {
  readonly kind: 'target';
  readonly loaded: LoadedFunction;
  readonly limits: Limits;
  readonly mountPath: string;
  /** Where the mount path has wildcards: the path’s own first segments, so many, are where the function is mounted; else 0. */
  readonly mountSegments: number;
  readonly policy: ResponsePolicy;
}

/** What all exchanges of a gateway have in common. */
export interface ExchangeContext {
  readonly underWay: Roster<Exchange>;
  /** Those whose response has begun and is not sent yet. */
  readonly held: HeldResponses;
  readonly outbox: Outbox;
  /** Those whose request's body is still being gathered. */
  readonly gatherings: Gatherings;
  readonly outflow: Outflow;
  readonly serverPort: number;
  /** A call did not end with the function's response, and not by the client's doing. */
  failed(loaded: LoadedFunction, error: MayflyError): void;
}

/** One request that was admitted, and its response. */
export class Exchange implements ResponseListener, Enrolled, SlowBody {
  readonly req: IncomingMessage;
  readonly res: WholeResponse;
  readonly #context: ExchangeContext;
  readonly #target: Target;
  readonly #head: RequestHead;
  readonly #writer: ResponseWriter;
  #body: RequestBody | undefined;
  /** From Enrolled: among those under way. */
  place = -1;

  constructor(context: ExchangeContext, target: Target, head: RequestHead, req: IncomingMessage, res: WholeResponse) {
    this.req = req;
    this.res = res;
    this.#context = context;
    this.#target = target;
    this.#head = head;
    this.#writer = new ResponseWriter(res, target.policy, this, context);
  }

  /** Calls the function: at once when there is no body, or else when enough of the body is there. */
  start(): void {
    const { bodyBytes } = this.#head;
    this.#context.underWay.add(this);
    if (bodyBytes === 0) {
      this.#dispatch(() => this.#follow());
      return;
    }
    this.#body = new RequestBody(this.req, this.#target.limits.requestBodyBytes, () => this.#tooLarge());
    this.#follow();
    this.#context.gatherings.add(this);
    this.#body.gather(bodyBytes, () => {
      this.#context.gatherings.delete(this);
      this.#dispatch(() => undefined);
    });
  }

  /** From SlowBody. */
  tooSlow(): void {
    this.res.shouldKeepAlive = false;
    this.#writer.giveUp(new MayflyError('request_timeout', {}));
  }

  /** From ResponseListener: the function is done, or was given up. */
  done(error: MayflyError | undefined): void {
    this.#context.underWay.delete(this);
    this.#context.gatherings.delete(this);
    this.#body?.drop();
    if (error !== undefined && error.fault !== Fault.user) this.#context.failed(this.#target.loaded, error);
  }

  /** The bytes on this connection went wrong, within this request's body or after it. */
  broken(error: MayflyError): void {
    this.res.shouldKeepAlive = false;
    if (!this.req.complete) this.#writer.giveUp(error);
  }

  /** `onWait`: the function has not answered yet, so it waits for something. */
  #dispatch(onWait: () => void): void {
    try {
      const call = this.#target.loaded.call(this.#guestRequest(), this.#writer);
      if (this.#writer.isOver) return;
      // A guest runs in a microtask, and most of them are done with it.
      queueMicrotask(() => {
        if (this.#writer.isOver) return;
        this.#writer.attach(call);
        if (!this.#writer.isDone) onWait();
      });
    } catch (error) {
      // The engine does not throw, so this is a mistake in it: it costs this request, not the worker.
      this.#writer.giveUp(new MayflyError('internal', {}, { cause: error }));
    }
  }

  #guestRequest(): GuestRequest {
    const { req } = this;
    const head = this.#head;
    const { mountPath, mountSegments } = this.#target;
    return {
      method: req.method ?? 'GET',
      path: head.path,
      query: head.query,
      mountPath: mountSegments === 0 ? mountPath : leadingSegments(head.path, mountSegments),
      headers: req.rawHeaders,
      httpVersion: req.httpVersion,
      serverName: head.host,
      serverPort: this.#context.serverPort,
      remoteAddress: plainAddress(req.socket.remoteAddress),
      remotePort: req.socket.remotePort ?? 0,
      body: this.#body ?? emptyInput,
      bodyBytes: head.bodyBytes,
    };
  }

  /** Keeps watch over a call that goes on after this turn: its client may leave. */
  #follow(): void {
    this.res.on('close', () => this.#writer.connectionLost());
    // Told by `close`; without a listener node would throw.
    this.res.on('error', () => {});
  }

  #tooLarge(): void {
    if (!this.#writer.isDone) {
      this.#writer.giveUp(new MayflyError('request_too_large', { limitBytes: this.#target.limits.requestBodyBytes }));
      return;
    }
    // The function has answered without reading so far: there is nothing more to say on this connection. What it said may be on
    // its way still, and would be lost if the rest of the body met a closed connection: RFC 9112, section 9.6.
    this.#context.outbox.flush();
    setTimeout(() => this.req.destroy(), lingerMs);
  }
}

/** An IPv4 address as such, also where it came in through an IPv6 socket. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
