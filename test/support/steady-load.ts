import { Agent, get } from 'node:http';

/** What has become of the requests of a load. */
export interface LoadCount {
  readonly answered: number;
  /** Requests that were begun and got no whole answer, by what was wrong. */
  readonly lost: readonly string[];
  /** The longest time from a request to its answer, ms. */
  readonly slowestMs: number;
}

/** What is not answered by then never will be. */
const patienceMs = 30_000;

/** What is asked for, and what a right answer is. */
export interface Asking {
  readonly path: string;
  /** @returns what is wrong with the answer; undefined when nothing is */
  judge(status: number, body: string): string | undefined;
}

/** Clients that ask one time after the other, half of them on a new connection each time, and look at what they get. */
export class SteadyLoad {
  readonly #port: number;
  readonly #begin: (count: number) => Asking;
  readonly #clients: readonly Promise<void>[];
  #state: 'running' | 'stopped' = 'running';
  #asked = 0;
  #answered = 0;
  #lost: string[] = [];
  #slowestMs = 0;

  constructor(port: number, clients: number, begin: (count: number) => Asking = (count) => askEnv(count)) {
    this.#port = port;
    this.#begin = begin;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0));
  }

  get answered(): number {
    return this.#answered;
  }

  /** What has happened since this was asked last. */
  take(): LoadCount {
    const count = { answered: this.#answered, lost: this.#lost, slowestMs: this.#slowestMs };
    this.#answered = 0;
    this.#lost = [];
    this.#slowestMs = 0;
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
    const asking = this.#begin((this.#asked += 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const beganMs = performance.now();
    const lose = (what: string): void => {
      this.#lost.push(what);
      // A node that is not there is not asked as fast as can be.
      setTimeout(resolve, 5);
    };
    const again = (): void => void this.#ask(agent).then(resolve);
    const request = get({ host: '127.0.0.1', port: this.#port, path: asking.path, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        const problem = asking.judge(response.statusCode ?? 0, body);
        if (problem !== undefined) return lose(`${asking.path}: ${problem}`);
        this.#answered += 1;
        this.#slowestMs = Math.max(this.#slowestMs, performance.now() - beganMs);
        resolve();
      });
      response.on('error', (error) => lose(`${error.message} in the middle of an answer`));
    });
    request.setTimeout(patienceMs, () => request.destroy(new Error(`no answer within ${patienceMs} ms`)));
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A server may close an idle connection just when a client uses it again, which is why clients ask once more then:
      // https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1
      if (request.reusedSocket && error.code === 'ECONNRESET') again();
      else lose(error.code ?? error.message);
    });
    return promise;
  }
}

/** Asks the guest `env`, which tells the path that it was asked for, where it is mounted at `mount`. */
export function askEnv(count: number, mount = ''): Asking {
  const info = `/${count}`;
  return {
    path: `${mount}${info}`,
    judge: (status, body) =>
      status === 200 && body.includes(`\nPATH_INFO=${info}\n`) ? undefined : `status ${status}, ${body}`,
  };
}
