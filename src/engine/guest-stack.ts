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
 * makes V8 a stack and what belongs to it, about 400 bytes that no scavenge gets rid of: twenty major collections in a million
 * calls, and scavenges of milliseconds. To go on with a parked stack makes a promise.
 * https://github.com/WebAssembly/js-promise-integration/blob/main/proposals/js-promise-integration/Overview.md
 */
export class GuestStack {
  readonly #events: StackEvents;
  #serve: () => Promise<unknown> = () => Promise.reject(new Error('there is no instance'));
  /** Whether `serve` was called and has not ended. */
  #isThere = false;
  #hasGuest = false;
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
    if (!this.#isThere) this.#begin();
    this.#hasGuest = true;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.(oneMore);
  }

  /** The module's import of this name: the guest has returned, or the stack has just begun. */
  next(): Promise<number> | number {
    if (this.#hasGuest) {
      this.#hasGuest = false;
      this.#events.returned();
    }
    if (this.#isEnding) {
      this.#isEnding = false;
      return noMore;
    }
    if (this.#hasGuest) return oneMore;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Gives the stack back. A parked one that is merely forgotten would be reclaimed in part only. */
  end(): void {
    if (!this.#isThere || this.#hasGuest) return;
    this.#isThere = false;
    const resume = this.#resume;
    this.#resume = undefined;
    if (resume === undefined) this.#isEnding = true;
    else resume(noMore);
  }

  #begin(): void {
    this.#isThere = true;
    this.#serve().catch((thrown: unknown) => {
      this.#isThere = false;
      this.#hasGuest = false;
      this.#events.trapped(thrown);
    });
  }
}

/** What `next` answers. */
const noMore = 0;
const oneMore = 1;
