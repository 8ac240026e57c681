import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type ListenOptions, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText, MayflyError } from '../base/mod.ts';
import { formatAddress, type ListenAddress } from '../config/mod.ts';
import type { Records } from '../storage/mod.ts';
import { AddressQuota } from './address-quota.ts';
import type { Api } from './api.ts';
import { DeniedAttempts } from './denied-attempts.ts';
import { Idempotency } from './idempotency.ts';
import { type AdminLimits, defaultAdminLimits } from './limits.ts';
import { rawProblem } from './problem.ts';
import { Reply } from './reply.ts';
import type { AdminLog, Services } from './services.ts';

/** What the admin API is over, and where it tells what went wrong. */
export interface AdminServerParts extends Services {
  /** Where answers to requests with an `Idempotency-Key` are kept. */
  readonly records: Records;
  readonly log: AdminLog;
}

export interface AdminServerOptions {
  readonly listen: ListenAddress;
  /** Over the defaults. */
  readonly limits?: Partial<AdminLimits>;
}

/** How often keys that are forgotten are swept. */
const sweepEveryMs = 3_600_000;
const pollMs = 20;

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);

/**
 * The admin API's HTTP server: node's, with strict parsing and a time limit on everything that a client can be slow at. Answers
 * are made by Api. Requests are not pipelined: who sends the next one before the answer to the last is cut.
 */
export class AdminServer {
  readonly #parts: AdminServerParts;
  readonly #listen: ListenAddress;
  readonly #limits: AdminLimits;
  readonly #server: Server;
  /** For this machine’s user: its connections are not counted with those of everybody else. */
  readonly #local: Server;
  readonly #addresses: AddressQuota;
  readonly #idempotency: Idempotency;
  readonly #denied: DeniedAttempts;
  /** Every connection, and the answer that is under way on it. */
  readonly #replies = new Map<Socket, Reply | undefined>();
  #api: Api | undefined;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(parts: AdminServerParts, { listen, limits }: AdminServerOptions) {
    this.#parts = parts;
    this.#listen = listen;
    this.#limits = { ...defaultAdminLimits, ...limits };
    this.#idempotency = new Idempotency(parts, this.#limits);
    this.#denied = new DeniedAttempts(parts.control.audit, parts.clock, parts.log, this.#limits);
    this.#addresses = new AddressQuota(this.#limits.connectionsPerAddressMax);
    this.#server = this.#makeServer();
    this.#local = this.#makeServer();
  }

  /** Begins to answer. @returns the address with its real port @throws MayflyError listen_failed */
  async listen(): Promise<ListenAddress> {
    // The schema library takes a tenth of a second to load, and the command line, which has the client from here, needs none of it.
    const { Api } = await import('./api.ts');
    const { allEndpoints } = await import('./openapi.ts');
    const parts = {
      services: this.#parts,
      endpoints: allEndpoints,
      idempotency: this.#idempotency,
      denied: this.#denied,
      log: this.#parts.log,
    };
    this.#api = new Api(parts, this.#limits, isLoopback(this.#listen.host) ? 'loopback' : 'any');
    await this.#sweep();
    this.#sweeper = setInterval(() => void this.#sweep(), sweepEveryMs).unref();
    return await listenOn(this.#server, this.#listen);
  }

  /** Answers on a socket in the file system, too, that nobody but this user can connect to. @throws MayflyError listen_failed */
  async listenLocally(socketPath: string): Promise<void> {
    await listening(this.#local, { path: socketPath }, socketPath);
    await chmod(socketPath, 0o600);
  }

  /** Ends streams, lets what is under way finish for `deadlineMs`, then closes every connection. */
  async stop(deadlineMs = 5000): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    clearInterval(this.#sweeper);
    // http's own close cuts idle connections at once, and with them a request that the client has just sent.
    for (const server of [this.#server, this.#local]) if (server.listening) NetServer.prototype.close.call(server);
    while (performance.now() < deadline) {
      for (const [socket, reply] of this.#replies) {
        if (reply === undefined) socket.destroy();
        else reply.endEndless();
      }
      if (this.#replies.size === 0) break;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    for (const socket of this.#replies.keys()) socket.destroy();
    this.#server.close();
    this.#local.close();
    await this.#denied.flush();
  }

  #makeServer(): Server {
    const limits = this.#limits;
    const server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: limits.headBytesMax,
      headersTimeout: limits.headTimeoutMs,
      requestTimeout: limits.uploadTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      keepAliveTimeout: limits.keepAliveMs,
      // Refused by the API itself, with a body that says so.
      requireHostHeader: false,
    });
    server.maxConnections = limits.connectionsMax;
    server.timeout = limits.stalledMs;
    server.on('connection', (socket: Socket) => {
      const giveBack = this.#addresses.take(socket.remoteAddress);
      if (giveBack === undefined) {
        turnAway(socket);
        return;
      }
      this.#replies.set(socket, undefined);
      socket.once('close', () => {
        this.#replies.delete(socket);
        giveBack();
      });
    });
    server.on('request', (req, res) => this.#answer(req, res, 'nothing'));
    server.on('checkContinue', (req, res) => this.#answer(req, res, 'continue'));
    server.on('connect', (_req, socket) => refuse(socket, 'CONNECT is not offered'));
    server.on('clientError', (error: Error, socket) => this.#refuseBroken(error, socket));
    server.on('timeout', (socket: Socket) => {
      // A deploy that takes long is no fault of its client; one whose bytes do not come, or who takes none, is cut.
      if (socket.writableLength === 0 && this.#replies.get(socket)?.isThinking === true) return;
      socket.destroy();
    });
    return server;
  }

  #answer(req: IncomingMessage, res: ServerResponse, expects: 'nothing' | 'continue'): void {
    const { socket } = req;
    // One that was turned away is not among them.
    if (!this.#replies.has(socket) || this.#replies.get(socket) !== undefined || this.#api === undefined) {
      socket.destroy();
      return;
    }
    const reply = new Reply(req, res, this.#limits);
    this.#replies.set(socket, reply);
    res.once('close', () => {
      if (this.#replies.has(socket)) this.#replies.set(socket, undefined);
    });
    void this.#api.serve(req, reply, expects);
  }

  /** Answers a connection whose bytes are not a request, and closes it. */
  #refuseBroken(error: Error, socket: Duplex): void {
    // node's HTTP server emits this for nothing but its own sockets. One that is being answered is cut: its client lies about where
    // its requests end.
    const isBusy = this.#replies.get(socket as Socket) !== undefined;
    const code = 'code' in error ? error.code : undefined;
    if (isBusy || code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { headBytesMax } = this.#limits;
    if (code === 'HPE_HEADER_OVERFLOW') {
      refuse(socket, new MayflyError('headers_too_large', { limitBytes: headBytesMax, headersMax: 100 }));
    } else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, new MayflyError('request_timeout', {}));
    else refuse(socket, 'it is not HTTP/1.1');
  }

  async #sweep(): Promise<void> {
    try {
      await this.#idempotency.sweep();
    } catch (error) {
      this.#parts.log.error({ err: error }, 'cannot sweep the keys of old requests');
    }
  }
}

/** Answers in raw bytes and closes; what still comes is dropped for a moment, so that the answer is not lost to a reset. */
function refuse(socket: Duplex, problem: MayflyError | string): void {
  socket.on('error', () => {});
  const error = typeof problem === 'string' ? new MayflyError('bad_request', { reason: problem }) : problem;
  socket.end(rawProblem(error));
  setTimeout(() => socket.destroy(), defaultAdminLimits.lingerMs).unref();
}

/** Whoever has too many connections is not to have them a moment longer: the answer is sent, and read or not. */
function turnAway(socket: Socket): void {
  socket.on('error', () => {});
  socket.end(rawProblem(new MayflyError('busy', { what: 'connections' })), () => socket.destroy());
}

/** @throws MayflyError listen_failed */
async function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  await listening(server, { host: address.host, port: address.port }, formatAddress(address));
  // A TCP server that listens has an AddressInfo: https://nodejs.org/api/net.html#serveraddress
  const { port } = server.address() as AddressInfo;
  return { host: address.host, port };
}

/** @throws MayflyError listen_failed */
function listening(server: Server, options: ListenOptions, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error): void => {
    const isTaken = 'code' in error && error.code === 'EADDRINUSE';
    reject(
      new MayflyError('listen_failed', {
        address,
        reason: isTaken ? 'the port is in use' : errorText(error),
        hint: 'Choose another address for the admin API with --admin HOST:PORT; port 0 takes a free one',
      }),
    );
  };
  server.once('error', fail);
  server.listen(options, () => {
    server.off('error', fail);
    resolve();
  });
  return promise;
}
