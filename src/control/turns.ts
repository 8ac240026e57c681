/** Lets those who share something go one after the other, in the order they came. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` once everybody who came before to `name` is done. */
  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#last.set(name, done);
    await before;
    try {
      return await work();
    } finally {
      resolve();
      if (this.#last.get(name) === done) this.#last.delete(name);
    }
  }
}
