/** A connection to a node, spoken byte by byte, whose every byte that comes is looked at for what must not be in it. */
import { connect, type Socket } from 'node:net';
import { type Answer, AnswerParser } from './answer-parser.ts';
import { LeakDetector } from './leaks.ts';

export class Connection {
  readonly parser: AnswerParser;
  readonly socket: Socket;
  /** Resolves once the connection is over. */
  readonly closed: Promise<void>;
  readonly #leaks = new LeakDetector();
  #isOpen = true;
  #wakes: (() => void)[] = [];

  constructor(port: number, options: { readonly bodiless?: boolean } = {}) {
    this.parser = new AnswerParser(() => this.#wake(), options);
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.#leaks.look(text);
      this.parser.feed(text);
    });
    this.socket.on('error', () => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const over = (): void => {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      this.parser.end();
      this.#wake();
      resolve();
    };
    this.socket.on('end', () => {
      over();
      this.socket.destroy();
    });
    this.socket.on('close', over);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What came that no answer may have in it. */
  get leaks(): readonly string[] {
    return this.#leaks.found;
  }

  /** Writes bytes, one a character. @returns whether there is room for more */
  send(text: string): boolean {
    return this.socket.writable && this.socket.write(text, 'latin1');
  }

  /** The answer number `index`, once it is there; undefined when the connection ends before, or time is up. */
  async answer(index: number, timeoutMs: number): Promise<Answer | undefined> {
    const deadline = performance.now() + timeoutMs;
    while (this.parser.answers.length <= index && this.#isOpen) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wakes.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.parser.answers[index];
  }

  close(): void {
    this.socket.destroy();
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
