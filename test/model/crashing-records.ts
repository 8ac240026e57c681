import type {
  Expected,
  JsonValue,
  ListOptions,
  Records,
  Revision,
  Stored,
  Watch,
  WatchOptions,
} from '../../src/storage/mod.ts';

/** The process is gone. Whoever sees this thrown cannot do anything any more. */
class Crash extends Error {}

/** When a crash comes: at so many writes from now, and whether that write still happens. */
export interface CrashPlan {
  readonly writes: number;
  readonly when: 'before' | 'after';
}

/** Records of a process that can crash at any write: from then on nothing works, as nothing is there any more that could. */
export class CrashingRecords implements Records {
  readonly #records: Records;
  #plan: CrashPlan | undefined;
  #left = 0;
  #state: 'running' | 'gone' = 'running';

  constructor(records: Records) {
    this.#records = records;
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  plan(plan: CrashPlan | undefined): void {
    this.#plan = plan;
    this.#left = plan?.writes ?? 0;
  }

  async get(key: string): Promise<Stored | undefined> {
    this.#check();
    return this.#records.get(key);
  }

  async list(prefix: string, options?: ListOptions): Promise<Stored[]> {
    this.#check();
    return this.#records.list(prefix, options);
  }

  put(key: string, value: JsonValue, expected: Expected): Promise<Revision> {
    return this.#write(() => this.#records.put(key, value, expected));
  }

  delete(key: string, expected: Revision | 'any'): Promise<void> {
    return this.#write(() => this.#records.delete(key, expected));
  }

  watch(prefix: string, options?: WatchOptions): Watch {
    this.#check();
    return this.#records.watch(prefix, options);
  }

  async latest(): Promise<Revision> {
    this.#check();
    return this.#records.latest();
  }

  close(): Promise<void> {
    return this.#records.close();
  }

  async #write<Result>(write: () => Promise<Result>): Promise<Result> {
    this.#check();
    const isLast = this.#plan !== undefined && this.#left-- <= 0;
    if (!isLast) return write();
    if (this.#plan?.when === 'after') await write();
    this.#state = 'gone';
    throw new Crash();
  }

  #check(): void {
    if (this.#state === 'gone') throw new Crash();
  }
}
