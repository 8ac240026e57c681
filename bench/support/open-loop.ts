import { HttpConnection } from './http-connection.ts';
import type { LoadMeter } from './load-meter.ts';

/** How an open loop is tuned. */
export interface OpenLoopOptions {
  readonly host: string;
  readonly port: number;
  /** The bytes of the requests, sent in turn. */
  readonly requests: readonly string[];
  readonly requestsPerSecond: number;
  readonly connectionsMax: number;
  /** A number from 0 to 1, other each time. */
  readonly random: () => number;
}

/** How long before a request is due the loop stops sleeping and watches the clock: timers are no better than this. */
const watchMs = 2;

/**
 * Requests at moments that do not depend on the answers (a Poisson process, as many independent callers make one), each timed from
 * the moment it was due. A closed loop, whose callers wait for their answers, sends nothing while a server stalls, and so
 * reports one slow request where a hundred would have been: "coordinated omission".
 */
export class OpenLoop {
  readonly #options: OpenLoopOptions;
  readonly #meter: LoadMeter;
  readonly #free: HttpConnection[] = [];
  readonly #all = new Set<HttpConnection>();
  /** When requests were due that no connection was free for. */
  readonly #backlog: number[] = [];
  #backlogFront = 0;
  #sent = 0;
  #nextMs: number;
  readonly #untilMs: number;

  constructor(options: OpenLoopOptions, meter: LoadMeter, fromMs: number, untilMs: number) {
    this.#options = options;
    this.#meter = meter;
    this.#nextMs = fromMs;
    this.#untilMs = untilMs;
  }

  /** Sends until the end of its time; `drained` tells when all is answered. */
  start(): void {
    this.#step();
  }

  /** Whether nothing more is to come, neither requests nor answers. */
  get isDone(): boolean {
    return this.#nextMs >= this.#untilMs && this.#waiting === 0 && this.#free.length === this.#all.size;
  }

  /** Sends nothing more: what no connection was free for is counted so. */
  cease(): void {
    const now = performance.now();
    for (const dueMs of this.#backlog.slice(this.#backlogFront)) this.#meter.answered(dueMs, now, 'not sent');
    this.#backlog.length = 0;
    this.#backlogFront = 0;
  }

  /** Counts what was not answered, and closes every connection. */
  end(): void {
    const now = performance.now();
    for (const connection of this.#all) {
      if (connection.isBusy) this.#meter.answered(connection.dueMs, now, 'lost');
      connection.close();
    }
  }

  get #waiting(): number {
    return this.#backlog.length - this.#backlogFront;
  }

  readonly #step = (): void => {
    const now = performance.now();
    while (this.#nextMs <= now && this.#nextMs < this.#untilMs) {
      this.#meter.late(this.#nextMs, now);
      this.#due(this.#nextMs);
      // Intervals of a Poisson process are exponential: https://en.wikipedia.org/wiki/Poisson_point_process
      this.#nextMs += (-Math.log(1 - this.#options.random()) * 1000) / this.#options.requestsPerSecond;
    }
    if (this.#nextMs >= this.#untilMs) return;
    const leftMs = this.#nextMs - performance.now();
    if (leftMs > watchMs) setTimeout(this.#step, leftMs - watchMs);
    else setImmediate(this.#step);
  };

  #due(dueMs: number): void {
    const connection = this.#free.pop();
    if (connection !== undefined) {
      this.#send(connection, dueMs);
      return;
    }
    this.#backlog.push(dueMs);
    if (this.#all.size < this.#options.connectionsMax) this.#connect();
  }

  #send(connection: HttpConnection, dueMs: number): void {
    const { requests } = this.#options;
    connection.send(requests[this.#sent % requests.length] ?? '', dueMs);
    this.#sent += 1;
  }

  /** Sends what has waited longest, or is free for what comes. */
  #next(connection: HttpConnection): void {
    const dueMs = this.#backlog[this.#backlogFront];
    if (dueMs === undefined) {
      this.#backlog.length = 0;
      this.#backlogFront = 0;
      this.#free.push(connection);
      return;
    }
    this.#backlogFront += 1;
    this.#send(connection, dueMs);
  }

  #connect(): void {
    const { host, port } = this.#options;
    const connection = new HttpConnection(port, host, {
      answered: (self, outcome) => {
        this.#meter.answered(self.dueMs, performance.now(), outcome, self.sentMs);
        this.#next(self);
      },
      closed: (self) => this.#closed(self),
    });
    this.#all.add(connection);
    // Writes before the connection stands are kept by the socket.
    this.#next(connection);
  }

  #closed(connection: HttpConnection): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    if (connection.isBusy) this.#meter.answered(connection.dueMs, performance.now(), 'lost');
    if (this.#waiting > 0 && this.#all.size === 0) this.#connect();
  }
}
