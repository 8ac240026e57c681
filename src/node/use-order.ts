import { readFile } from 'node:fs/promises';
import { errorText } from '../base/mod.ts';
import { useOrderMax } from './limits.ts';
import type { Log } from './log.ts';
import { writeOwnFile } from './own-file.ts';
import type { DeployedFunction } from './protocol.ts';

/**
 * In which order functions were last used. Workers load functions in the order in which they are told of them, so that after a restart
 * those come first that somebody is likely to ask for next. It is a convenience: a file that is old, damaged or gone has them loaded
 * in another order, and nothing else.
 */
export class UseOrder {
  readonly #file: string;
  readonly #log: Log;
  /** `project/name`, the one that was used last at the end. */
  readonly #used = new Set<string>();
  #state: 'saved' | 'changed' = 'saved';

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Takes up what an earlier run has saved, behind what workers have said since. */
  async load(): Promise<void> {
    let saved: unknown;
    try {
      saved = JSON.parse(await readFile(this.#file, 'utf8'));
    } catch {
      // There is none, or it is no use.
    }
    const newer = [...this.#used];
    this.#used.clear();
    this.note(saved);
    this.#state = 'saved';
    this.note(newer);
  }

  /**
   * What a worker says was used, the last at the end.
   * @param only the project whose own worker it is
   */
  note(used: unknown, only?: string): void {
    if (!Array.isArray(used)) return;
    const names: readonly unknown[] = used;
    for (const name of names.slice(-useOrderMax)) {
      if (typeof name !== 'string' || name.length > nameLengthMax) continue;
      if (only !== undefined && !name.startsWith(`${only}/`)) continue;
      this.#used.delete(name);
      this.#used.add(name);
      this.#state = 'changed';
    }
    for (const oldest of this.#used) {
      if (this.#used.size <= useOrderMax) break;
      this.#used.delete(oldest);
    }
  }

  /** Those that were used last come first; the others follow as they are. */
  sorted<F extends Pick<DeployedFunction, 'project' | 'name'>>(functions: readonly F[]): readonly F[] {
    if (this.#used.size === 0) return functions;
    const ranks = new Map(Array.from(this.#used, (name, rank) => [name, rank]));
    const rankOf = ({ project, name }: F): number => ranks.get(`${project}/${name}`) ?? -1;
    return functions.toSorted((a, b) => rankOf(b) - rankOf(a));
  }

  /** Writes it down, if it has changed. */
  async save(): Promise<void> {
    if (this.#state === 'saved') return;
    this.#state = 'saved';
    try {
      await writeOwnFile(this.#file, JSON.stringify([...this.#used]));
    } catch (error) {
      this.#log.warn({ reason: errorText(error) }, 'the order in which functions were used could not be written');
    }
  }
}

/** Two names of at most 63 characters, and what is between them. */
const nameLengthMax = 127;
