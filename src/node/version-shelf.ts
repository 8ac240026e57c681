import type { LoadedFunction } from '../engine/mod.ts';
import type { FunctionShelf, ShelvedFunction } from './function-shelf.ts';
import type { GuestLog } from './guest-log.ts';
import { loadsMax } from './limits.ts';
import type { DeployedVersion } from './protocol.ts';

/** A version that takes calls. */
export interface LoadedVersion {
  readonly loaded: LoadedFunction;
  readonly log: GuestLog;
}

interface Kept {
  readonly shelved: ShelvedFunction;
  readonly version: LoadedVersion;
  /** How many hold it. */
  holders: number;
  /** Fulfilled once it has been loaded, if somebody waits or has waited for that. */
  ready: Promise<void> | undefined;
  /** Whether whoever holds it waits for it to be loaded, or it is loaded when it is called. */
  loads: 'at once' | 'when called';
}

/** Versions that somebody holds. */
export interface HeldVersions {
  /** The version that was asked for at this place. */
  readonly versions: readonly LoadedVersion[];
  /** Gives them up; those that nobody else holds are closed once their requests are done. To be called once. */
  release(): void;
}

/**
 * The versions that a worker can serve. What is served, what is to be served next, what is warm and what is previewed have many of
 * them in common: each stands once on the shelf of functions, and is taken off it when nobody holds it any more.
 */
export class VersionShelf {
  readonly #functions: FunctionShelf;
  readonly #makeLog: (version: DeployedVersion) => GuestLog;
  readonly #kept = new Map<string, Kept>();

  constructor(functions: FunctionShelf, makeLog: (version: DeployedVersion) => GuestLog) {
    this.#functions = functions;
    this.#makeLog = makeLog;
  }

  /**
   * Loads what is not there yet, for `aheadMs` at most; what is left then is loaded behind, or when it is called.
   * @throws MayflyError why one cannot be loaded; then none is held
   */
  async hold(wanted: readonly DeployedVersion[], aheadMs: number = Infinity): Promise<HeldVersions> {
    const held = new Map<string, Kept>();
    const versions = wanted.map((version) => {
      const key = shelfKey(version);
      const kept = held.get(key) ?? this.#take(key, version);
      held.set(key, kept);
      return kept.version;
    });
    const release = (): void => {
      for (const [key, kept] of held) this.#release(key, kept);
    };
    const unready = [...held.values()].filter(({ loads }) => loads === 'at once');
    try {
      await this.#loadAhead(unready, aheadMs);
    } catch (error) {
      release();
      throw error;
    }
    const left = unready.filter(({ ready }) => ready === undefined);
    for (const kept of left) kept.loads = 'when called';
    this.#functions.warmBehind(left.map(({ shelved }) => shelved));
    return { versions, release };
  }

  /** Several at once, until all are there or time is up. */
  async #loadAhead(wanted: readonly Kept[], forMs: number): Promise<void> {
    const untilMs = performance.now() + forMs;
    const left = wanted.values();
    const work = async (): Promise<void> => {
      for (const kept of left) {
        await this.#ready(kept);
        if (performance.now() >= untilMs) return;
      }
    };
    await Promise.all(Array.from({ length: loadsMax }, work));
  }

  async #ready(kept: Kept): Promise<void> {
    kept.ready ??= this.#functions.ready(kept.shelved);
    try {
      await kept.ready;
    } catch (error) {
      kept.ready = undefined;
      throw error;
    }
  }

  #take(key: string, version: DeployedVersion): Kept {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      const log = this.#makeLog(version);
      const shelved = this.#functions.place(version);
      kept = { shelved, version: { loaded: shelved, log }, holders: 0, ready: undefined, loads: 'at once' };
      this.#kept.set(key, kept);
    }
    kept.holders++;
    return kept;
  }

  #release(key: string, kept: Kept): void {
    kept.holders -= 1;
    if (kept.holders > 0) return;
    this.#kept.delete(key);
    void this.#functions.remove(kept.shelved).then(() => kept.version.log.flush());
  }
}

/** Two versions of the same key are one to the engine; routes are the gateway's matter. */
function shelfKey({ project, name, image, env, limits }: DeployedVersion): string {
  return JSON.stringify([project, name, image, env, limits]);
}
