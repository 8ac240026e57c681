/**
 * A steady load on the victim, from a thread of its own: open-loop, so that a stall of the node shows in every request that was due
 * while it lasted. Run as a worker thread, it reports when it is told to stop.
 */
import { Agent, request } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { canaryWord } from './leaks.ts';

/** What became of the requests that ended in some stretch of time. */
export interface LoadReport {
  /** From when a request was due to the end of its answer. */
  readonly timesMs: readonly number[];
  readonly failed: number;
  /** Some of what went wrong. */
  readonly problems: readonly string[];
}

/** Several stretches as one. */
export function mergeLoads(reports: readonly LoadReport[]): LoadReport {
  return {
    timesMs: reports.flatMap(({ timesMs }) => timesMs),
    failed: reports.reduce((total, { failed }) => total + failed, 0),
    problems: reports.flatMap(({ problems }) => problems),
  };
}

/** The time that `share` of the requests stayed below; 0 when there were none. */
export function percentile({ timesMs }: LoadReport, share: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

interface LoadOptions {
  readonly port: number;
  readonly perSecond: number;
}

/** Loads the victim of the node at a port until it is stopped. */
export class VictimLoad {
  readonly #worker: Worker;

  constructor(options: LoadOptions) {
    this.#worker = new Worker(import.meta.filename, { workerData: options, execArgv: [] });
  }

  /** What has happened since it began, or since it was asked last. */
  report(): Promise<LoadReport> {
    const { promise, resolve } = Promise.withResolvers<LoadReport>();
    this.#worker.once('message', resolve);
    // oxlint-disable-next-line require-post-message-target-origin -- a worker thread has no origins
    this.#worker.postMessage('report');
    return promise;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

const timeoutMs = 30_000;
const everyMs = 1;

/** Sends requests at a fixed rate, whatever becomes of those before. */
class Load {
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 8 });
  readonly #startMs = performance.now();
  #sent = 0;
  #times: number[] = [];
  #failed = 0;
  #problems: string[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
    setInterval(() => this.#sendDue(), everyMs);
  }

  take(): LoadReport {
    const report = { timesMs: this.#times, failed: this.#failed, problems: this.#problems };
    this.#times = [];
    this.#failed = 0;
    this.#problems = [];
    return report;
  }

  #sendDue(): void {
    const due = ((performance.now() - this.#startMs) * this.#options.perSecond) / 1000;
    while (this.#sent < due) {
      const dueMs = this.#startMs + (1000 * this.#sent) / this.#options.perSecond;
      this.#sendOne(++this.#sent, dueMs);
    }
  }

  #sendOne(number: number, dueMs: number): void {
    const headers = { 'X-Secret': `${canaryWord}-header-${number}`, 'Content-Length': 32 };
    const path = `/victim/?1&${number}`;
    const sent = request({
      port: this.#options.port,
      host: '127.0.0.1',
      agent: this.#agent,
      method: 'POST',
      path,
      headers,
      timeout: timeoutMs,
    });
    const fail = (problem: string): void => {
      this.#failed++;
      if (this.#problems.length < 10)
        this.#problems.push(`${((performance.now() - this.#startMs) / 1000).toFixed(1)} s: ${problem}`);
    };
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200 && text === `returned ${number}\n`) this.#times.push(performance.now() - dueMs);
        else fail(`${response.statusCode} ${text.slice(0, 120)}`);
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error) => fail(error.message));
    sent.end(`${canaryWord}-body-${number}`.padEnd(32, '.'));
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  // Made by VictimLoad alone.
  const load = new Load(workerData as LoadOptions);
  port.on('message', () => port.postMessage(load.take()));
}
