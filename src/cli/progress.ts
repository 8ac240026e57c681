import type { Terminal } from './terminal.ts';

/** Nothing is said of what takes no longer than this. */
const quietMs = 1000;
/** How often a program is told; a person sees every step. */
const programEveryMs = 5000;

/** Says how far something is that takes longer than a second. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout;
  #text = '';
  #isShown = false;
  #saidMs = -Infinity;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#timer = setTimeout(() => {
      this.#isShown = true;
      this.#show();
    }, quietMs);
  }

  /** What is going on now. */
  update(text: string): void {
    this.#text = text;
    if (this.#isShown) this.#show();
  }

  /** It is over: a person's line is wiped. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#isShown && this.#terminal.reader === 'person') this.#terminal.say('\r\u001b[K');
    this.#isShown = false;
  }

  #show(): void {
    if (this.#text === '') return;
    if (this.#terminal.reader === 'person') {
      this.#terminal.say(`\r\u001b[K${this.#text}`);
      return;
    }
    const now = performance.now();
    if (now - this.#saidMs < programEveryMs) return;
    this.#saidMs = now;
    this.#terminal.say(`${this.#text}\n`);
  }
}
