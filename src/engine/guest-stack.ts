/** Told how the guest on a stack ended. Both may run the next one, or end the stack. */
export interface StackEvents {
  returned(): void;
  trapped(thrown: unknown): void;
}

/**
 * The stack that the guests of a slot run on, one after the other, in the rewritten module's `serve`:
 *
 *     none ── run ──► guest ──► returned ──► parked in `next` ── run ──► guest …
 *       ▲               │                        │
 *       └─── trapped ◄──┘                        └ end ──► none
 *
 * A call of its own for each guest would do too, as far as the guest can tell. But each call of a function that may suspend
 * makes V8 a stack and what belongs to it, which only a major collection gets rid of: `npm run bench:stacks`. To go on with a
 * parked stack makes a promise. docs/decisions/0010 has the whole of it.
 * https://github.com/WebAssembly/js-promise-integration/blob/main/proposals/js-promise-integration/Overview.md
 */
export class GuestStack {
  readonly #events: StackEvents;
  #serve: () => Promise<unknown> = () => Promise.reject(new Error('there is no instance'));
  /** Whether `serve` was called and has not ended. */
  #isThere = false;
  #hasGuest = false;
  /** A guest has returned, and those who want to know are being told. */
  #isReturning = false;
  /** What they want: another guest, or the end of this stack. */
  #isWanted = false;
  #isEnding = false;
  /** Goes on with the stack, parked in `next`. */
  #resume: ((more: number) => void) | undefined;

  constructor(events: StackEvents) {
    this.#events = events;
  }

  /** The guests to come run in another instance. `serve` is its export, promising. */
  use(serve: () => Promise<unknown>): void {
    this.end();
    this.#serve = serve;
  }

  /** Runs a guest, in a microtask. */
  run(): void {
    if (this.#isReturning) this.#isWanted = true;
    else this.#enter();
  }

  /** The module's import of this name: the guest has returned, or the stack has just begun. */
  next(): Promise<number> | number {
    if (this.#hasGuest) {
      this.#hasGuest = false;
      this.#isReturning = true;
      try {
        this.#events.returned();
      } finally {
        this.#isReturning = false;
      }
      const isWanted = this.#isWanted;
      this.#isWanted = false;
      if (this.#isEnding) {
        this.#isEnding = false;
        this.#isThere = false;
        if (isWanted) this.#enter();
        return noMore;
      }
      if (isWanted) {
        this.#hasGuest = true;
        return oneMore;
      }
    }
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Gives the stack back. A parked one that is merely forgotten would be reclaimed in part only. */
  end(): void {
    if (!this.#isThere || this.#hasGuest) return;
    if (this.#isReturning) {
      this.#isEnding = true;
      return;
    }
    this.#isThere = false;
    this.#goOn(noMore);
  }

  #enter(): void {
    if (!this.#isThere) this.#begin();
    this.#hasGuest = true;
    this.#goOn(oneMore);
  }

  #goOn(more: number): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.(more);
  }

  #begin(): void {
    this.#isThere = true;
    Promise.try(this.#serve).catch((thrown: unknown) => {
      this.#isThere = false;
      this.#hasGuest = false;
      this.#events.trapped(thrown);
    });
  }
}

/** What `next` answers. */
const noMore = 0;
const oneMore = 1;
