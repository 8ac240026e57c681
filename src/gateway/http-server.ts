import { createServer, IncomingMessage, type Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { errorText, MayflyError } from '../base/mod.ts';
import { formatAddress, type ListenAddress } from '../config/mod.ts';
import { Connections } from './connections.ts';
import {
  connectionsMax,
  headBytesMax,
  headersMax,
  headTimeoutMs,
  lingerMs,
  pipelinedMax,
  queueTurnsMax,
  requestTimeoutMs,
  stopGraceMs,
  timeoutCheckMs,
} from './limits.ts';
import { rawProblem } from './problem.ts';
import { WholeResponse } from './whole-response.ts';

/** A socket that somebody else has opened, as node hands it from process to process. Only node looks into it. */
export type ListeningSocket = object;

/** Whether the client waits for a `100 Continue` before it sends the body: RFC 9110, section 10.1.1. */
export const Expectation = { none: 'none', continue: 'continue' } as const;
export type Expectation = (typeof Expectation)[keyof typeof Expectation];

/** What a server hands its connections' events to. */
export interface HttpHandler {
  request(req: IncomingMessage, res: WholeResponse, expectation: Expectation): void;
  /** The sockets whose requests are being answered. */
  busySockets(): ReadonlySet<Socket>;
  /** The bytes that came on `socket` are not what they should be. @returns whether the request that is answered there takes it on */
  broken(socket: Socket, error: MayflyError): 'taken' | 'idle';
  /** Has responses that are ready go out now: something is about to be written, or ended, that belongs behind them. */
  flush(): void;
}

/**
 * node:http's server with strict parsing and with a time limit on everything a client can be slow at. Every connection is known,
 * so that stopping can let the busy ones finish and cut the idle ones.
 */
export class HttpServer {
  readonly #server: Server<typeof IncomingMessage, typeof WholeResponse>;
  readonly #handler: HttpHandler;
  readonly #connections: Connections;
  /** How many requests wait for the one before them on the same connection. */
  readonly #pipelined = new WeakMap<Socket, number>();
  /** Connections that were told that their bytes are wrong. */
  readonly #refused = new WeakSet<Duplex>();

  constructor(handler: HttpHandler) {
    this.#handler = handler;
    this.#connections = new Connections(() => handler.busySockets());
    this.#server = createServer({
      IncomingMessage,
      ServerResponse: WholeResponse,
      insecureHTTPParser: false,
      maxHeaderSize: headBytesMax,
      headersTimeout: headTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      // Idle connections are seen to by Connections.
      keepAliveTimeout: 0,
      // Refused by the gateway itself, with a body that says so.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
      noDelay: true,
    });
    this.#server.maxConnections = connectionsMax;
    const flush = (): void => handler.flush();
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      // A client that has said all it has to say gets its answer before node ends the connection.
      socket.prependListener('end', flush);
    });
    this.#server.on('request', (req, res) => this.#arrive(req, res, Expectation.none));
    this.#server.on('checkContinue', (req, res) => this.#arrive(req, res, Expectation.continue));
    this.#server.on('connect', (_req, socket) => {
      socket.on('error', () => {});
      handler.flush();
      socket.end(rawProblem(new MayflyError('bad_request', { reason: 'CONNECT is not offered' })));
    });
    this.#server.on('clientError', (error: Error, socket) => this.#refuse(error, socket));
    this.#server.on('timeout', (socket: Socket) => {
      // A guest that thinks for long is no fault of its client; one that has bytes waiting for it and takes none is cut.
      if (socket.writableLength === 0 && handler.busySockets().has(socket)) return;
      socket.destroy();
    });
  }

  /** Listens on `socket`, where one was opened for `address`. @throws MayflyError listen_failed */
  listen(address: ListenAddress, socket?: ListeningSocket): Promise<ListenAddress> {
    return listenOn(this.#server, address, socket);
  }

  /**
   * Stops listening, lets requests that are under way or on their way finish, then closes every connection: an idle one once nothing
   * has come on it for `quietMs`.
   * @returns how many connections were cut because they were not done within `deadlineMs`
   */
  async stop(deadlineMs: number, quietMs: number = stopGraceMs): Promise<number> {
    const deadline = performance.now() + deadlineMs;
    if (this.#server.listening) {
      await this.#emptyQueue();
      // http's own close cuts idle connections at once, and with them a request that the client has just sent.
      NetServer.prototype.close.call(this.#server);
    }
    let bytesRead = new Map<Socket, number>();
    do {
      await sleep(Math.min(quietMs, Math.max(0, deadline - performance.now())));
      // A process that had to wait for its turn first looks at the time, and then at what has come meanwhile.
      await turn();
      await turn();
      // An answer that waits for the end of its turn is on no socket yet.
      this.#handler.flush();
      bytesRead = this.#connections.closeQuiet(bytesRead);
    } while (this.#connections.size > 0 && performance.now() < deadline);
    const cut = this.#connections.end();
    this.#server.close();
    return cut;
  }

  /** Takes the connections that wait in the system's queue: whoever closes a socket last resets those that are in it. */
  async #emptyQueue(): Promise<void> {
    for (let turns = 0, before = -1; turns < queueTurnsMax && before !== this.#connections.accepted; turns++) {
      before = this.#connections.accepted;
      // The first ends the turn that this is in, the second comes when the socket was looked at.
      await turn();
      await turn();
    }
  }

  /** Hands a request over; one that was sent without waiting for the answer before it has its turn after that. */
  #arrive(req: IncomingMessage, res: WholeResponse, expectation: Expectation): void {
    this.#connections.use(req.socket);
    // A response has its socket from the start, unless an earlier one on the same connection is not done.
    if (res.socket !== null) {
      this.#handler.request(req, res, expectation);
      return;
    }
    // Were they all run as they are parsed, one packet of many small requests would hold up everybody else.
    const { socket } = req;
    const waiting = (this.#pipelined.get(socket) ?? 0) + 1;
    this.#pipelined.set(socket, waiting);
    if (waiting > pipelinedMax) {
      socket.destroy();
      return;
    }
    res.once('socket', () => {
      this.#pipelined.set(socket, (this.#pipelined.get(socket) ?? 1) - 1);
      // The one before may have been answered within this very turn.
      setImmediate(() => {
        if (!socket.destroyed) this.#handler.request(req, res, expectation);
      });
    });
  }

  /** Answers a connection whose bytes are not a request, and closes it. */
  #refuse(error: Error, socket: Duplex): void {
    if (socket.writableEnded) return;
    if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
      socket.destroy();
      return;
    }
    // One answer is enough: the bytes behind what was refused go wrong too, until the connection is closed.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const problem = parseProblem(error);
    this.#handler.flush();
    // node's HTTP server emits clientError for nothing but its own sockets.
    if (this.#handler.broken(socket as Socket, problem) === 'taken') return;
    socket.end(rawProblem(problem));
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
}

/** What node's parser says is wrong with a request, in the words of this node. */
function parseProblem(error: Error): MayflyError {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW')
    return new MayflyError('headers_too_large', { limitBytes: headBytesMax, headersMax });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new MayflyError('request_timeout', {});
  return new MayflyError('bad_request', { reason: 'it is not HTTP/1.1' });
}

/**
 * Makes `server` listen: on `socket`, where one was opened for `address`. @returns the address with its real port
 * @throws MayflyError listen_failed
 */
export function listenOn(server: NetServer, address: ListenAddress, socket?: ListeningSocket): Promise<ListenAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<ListenAddress>();
  const fail = (error: Error): void => reject(listenProblem(address, error));
  server.once('error', fail);
  server.listen(socket ?? { host: address.host, port: address.port }, () => {
    server.off('error', fail);
    const found = server.address();
    // One that listens on a Unix socket has no port: https://nodejs.org/api/net.html#serveraddress
    resolve({ host: address.host, port: typeof found === 'object' && found !== null ? found.port : address.port });
  });
  return promise;
}

/** Why nobody can listen on `address`, for the operator. */
export function listenProblem(address: ListenAddress, error: Error): MayflyError {
  const text = formatAddress(address);
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new MayflyError('listen_failed', {
        address: text,
        reason: 'the port is in use',
        hint: 'Stop the other program, or choose another port with --listen HOST:PORT; port 0 takes a free one',
      });
    case 'EACCES':
      return new MayflyError('listen_failed', {
        address: text,
        reason: 'permission is denied',
        hint: 'Ports below 1024 are the system’s; choose a higher one with --listen HOST:PORT',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new MayflyError('listen_failed', {
        address: text,
        reason: 'this machine has no such address',
        hint: 'Use 127.0.0.1 for this machine alone, or 0.0.0.0 for every network',
      });
    default:
      return new MayflyError('listen_failed', { address: text, reason: errorText(error) });
  }
}
