import { Agent, get } from 'node:http';

/** What has become of the requests of a load. */
export interface LoadCount {
  readonly answered: number;
  /** Requests that were begun and got no whole answer, by what was wrong. */
  readonly lost: readonly string[];
  /** The longest time from one answer to the next, ms. */
  readonly gapMs: number;
}

/** Clients that ask for `/ID` one time after the other, half of them on a new connection each time, and look at what they get. */
export class SteadyLoad {
  readonly #port: number;
  readonly #isRight: (body: string, path: string) => boolean;
  readonly #clients: readonly Promise<void>[];
  #state: 'running' | 'stopped' = 'running';
  #asked = 0;
  #answered = 0;
  #lost: string[] = [];
  #gapMs = 0;
  #answeredMs = performance.now();

  constructor(port: number, clients: number, isRight: (body: string, path: string) => boolean = envAnswers) {
    this.#port = port;
    this.#isRight = isRight;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0));
  }

  get answered(): number {
    return this.#answered;
  }

  /** What has happened since this was asked last. */
  take(): LoadCount {
    const count = { answered: this.#answered, lost: this.#lost, gapMs: this.#gapMs };
    this.#answered = 0;
    this.#lost = [];
    this.#gapMs = 0;
    return count;
  }

  /** Waits for the answers that are due. */
  async stop(): Promise<LoadCount> {
    this.#state = 'stopped';
    await Promise.all(this.#clients);
    return this.take();
  }

  async #client(isKept: boolean): Promise<void> {
    const agent = new Agent({ keepAlive: isKept, maxSockets: 1 });
    while (this.#state === 'running') await this.#ask(agent);
    agent.destroy();
  }

  #ask(agent: Agent): Promise<void> {
    const path = `/${(this.#asked += 1)}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const lose = (what: string): void => {
      this.#lost.push(what);
      // A node that is not there is not asked as fast as can be.
      setTimeout(resolve, 5);
    };
    const request = get({ host: '127.0.0.1', port: this.#port, path, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        if (response.statusCode !== 200) return lose(`status ${response.statusCode}: ${body}`);
        if (!this.#isRight(body, path)) return lose(`a wrong answer to ${path}: ${body}`);
        this.#count();
        resolve();
      });
      response.on('error', (error) => lose(`${error.message} in the middle of an answer`));
    });
    request.on('error', (error: NodeJS.ErrnoException) => lose(error.code ?? error.message));
    return promise;
  }

  #count(): void {
    const now = performance.now();
    this.#answered += 1;
    this.#gapMs = Math.max(this.#gapMs, now - this.#answeredMs);
    this.#answeredMs = now;
  }
}

/** The guest `env` tells the path that it was asked for. */
function envAnswers(body: string, path: string): boolean {
  return body.includes(`\nPATH_INFO=${path}\n`);
}
