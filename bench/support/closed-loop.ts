import { HttpConnection } from './http-connection.ts';
import type { LoadMeter } from './load-meter.ts';

/** How a closed loop is tuned. */
export interface ClosedLoopOptions {
  readonly host: string;
  readonly port: number;
  /** The bytes of the requests, sent in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
}

/** So many callers, each of which sends its next request when the one before was answered. For finding out how much a server can do. */
export class ClosedLoop {
  readonly #options: ClosedLoopOptions;
  readonly #meter: LoadMeter;
  readonly #untilMs: number;
  readonly #all = new Set<HttpConnection>();
  #sent = 0;

  constructor(options: ClosedLoopOptions, meter: LoadMeter, untilMs: number) {
    this.#options = options;
    this.#meter = meter;
    this.#untilMs = untilMs;
  }

  start(): void {
    for (let count = 0; count < this.#options.connections; count++) this.#connect();
  }

  /** Whether every caller has its last answer. */
  get isDone(): boolean {
    return performance.now() >= this.#untilMs && [...this.#all].every((connection) => !connection.isBusy);
  }

  /** Counts what was not answered, and closes every connection. */
  end(): void {
    for (const connection of this.#all) {
      if (connection.isBusy) this.#meter.answered(connection.dueMs, performance.now(), 'lost');
      connection.close();
    }
  }

  #connect(): void {
    const { host, port } = this.#options;
    const connection = new HttpConnection(port, host, {
      answered: (self, outcome) => {
        const now = performance.now();
        this.#meter.answered(self.dueMs, now, outcome);
        if (now < this.#untilMs) this.#send(self);
      },
      closed: (self) => {
        this.#all.delete(self);
        const now = performance.now();
        if (self.isBusy) this.#meter.answered(self.dueMs, now, 'lost');
        // Not at once: a server that is gone would be asked without end.
        if (now < this.#untilMs) setTimeout(() => this.#connect(), reconnectMs);
      },
    });
    this.#all.add(connection);
    this.#send(connection);
  }

  #send(connection: HttpConnection): void {
    const { requests } = this.#options;
    connection.send(requests[this.#sent % requests.length] ?? '', performance.now());
    this.#sent += 1;
  }
}

const reconnectMs = 10;
