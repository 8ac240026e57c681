import { MayflyError, type ProjectId } from '../base/mod.ts';

/** How much is done at once, and how much of each project may wait. */
export interface TurnBounds {
  readonly atOnceMax: number;
  readonly waitingMax: number;
}

/**
 * Lets projects do something that takes long, few at once. Those that wait have their turns one after the other, whatever each has
 * waiting:
 *
 *     shop   s1 s2 s3 s4
 *     bank   b1             ──▶  s1 b1 s2 s3 s4
 */
export class ProjectTurns {
  readonly #what: string;
  readonly #bounds: TurnBounds;
  /** Whose turn is next comes first. A project is in it while something of it waits. */
  readonly #waiting = new Map<ProjectId, (() => void)[]>();
  #underWay = 0;

  /** @param what such as `builds`, for the message */
  constructor(what: string, bounds: TurnBounds) {
    this.#what = what;
    this.#bounds = bounds;
  }

  /** Does `work` in the project's turn. @throws MayflyError busy, and what `work` throws */
  async run<Result>(project: ProjectId, work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay < this.#bounds.atOnceMax) this.#underWay++;
    else await this.#turn(project);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #turn(project: ProjectId): Promise<void> {
    const own = this.#waiting.get(project) ?? [];
    if (own.length >= this.#bounds.waitingMax) throw new MayflyError('busy', { what: this.#what });
    const { promise, resolve } = Promise.withResolvers<void>();
    own.push(resolve);
    this.#waiting.set(project, own);
    return promise;
  }

  /** Whoever is next takes over the place. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#underWay--;
      return;
    }
    const [project, own] = next;
    const begin = own.shift();
    // To the end, for as long as it has more.
    this.#waiting.delete(project);
    if (own.length > 0) this.#waiting.set(project, own);
    begin?.();
  }
}
