import { MayflyError } from '../base/mod.ts';

/** How many of something each project may have at once: one that takes all it can get leaves the others theirs. */
export class Quota {
  readonly #what: string;
  readonly #eachMax: number;
  readonly #taken = new Map<string, number>();

  /** @param what such as `uploads`, for the message */
  constructor(what: string, eachMax: number) {
    this.#what = what;
    this.#eachMax = eachMax;
  }

  /** Takes one for `project`. @returns what gives it back, once @throws MayflyError busy */
  take(project: string): () => void {
    const taken = this.#taken.get(project) ?? 0;
    if (taken >= this.#eachMax) throw new MayflyError('busy', { what: this.#what });
    this.#taken.set(project, taken + 1);
    return () => {
      const left = (this.#taken.get(project) ?? 1) - 1;
      if (left > 0) this.#taken.set(project, left);
      else this.#taken.delete(project);
    };
  }
}
