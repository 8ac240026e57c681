/**
 * What a project may have of a good that all projects of an engine draw on: bytes of memory, memories, places for calls that wait.
 * It may have up to `greed` times what is left after that, so there is always some left for whoever comes next, however much
 * the others ask for, and nobody has to count them:
 *
 *     projects that ask for all they can get    1       2       10       n
 *     each of them gets                         80 %    44 %    9.8 %    4 / (1 + 4n)
 *
 * Choudhury and Hahne, "Dynamic Queue Length Thresholds in a Shared Memory ATM Switch", 1996
 */
const greed = 4;

/** Something there is only so much of. */
export class Good {
  readonly max: number;
  #taken = 0;

  constructor(max: number) {
    this.max = max;
  }

  get left(): number {
    return this.max - this.#taken;
  }

  /** The most that one project can have of it, when nobody else has any. */
  get oneProjectMax(): number {
    return (this.max * greed) / (1 + greed);
  }

  /** More of it is taken; less when negative. Only a share does so. */
  change(amount: number): void {
    this.#taken += amount;
  }
}

/** What one project has of a good. */
export class Share {
  readonly #good: Good;
  #held = 0;

  constructor(good: Good) {
    this.#good = good;
  }

  get held(): number {
    return this.#held;
  }

  /** Whether it may take so much more. */
  hasRoom(amount: number): boolean {
    const left = this.#good.left - amount;
    return left >= 0 && this.#held + amount <= greed * left;
  }

  /** Whether it has more than it would get by now: others have come since. */
  get isExceeded(): boolean {
    return this.#held > greed * this.#good.left;
  }

  /** Takes so much more, whether or not there is room; gives it back when negative. */
  change(amount: number): void {
    this.#held += amount;
    this.#good.change(amount);
  }
}
