/**
 * What the functions of an engine share, and how much of it each project has. When a project has no room left, its own idle slots are
 * given up for the new one, those first that nobody has needed for longest; and then those of projects that have more than it
 * would have. Whatever a function is refused, it is refused at once.
 */
import type { Clock, ProjectId } from '../base/mod.ts';
import type { Turns } from './fair-queue.ts';
import { Good, Share } from './shares.ts';

/** What there is of each good. */
export interface ResourceLimits {
  readonly slotBytesMax: number;
  readonly memoriesMax: number;
  readonly waitingMax: number;
}

/** What a slot takes, or the pristine memories of an image. */
export interface Room {
  readonly bytes: number;
  readonly memories: number;
}

/** Whoever has slots that can be given up. */
export interface IdleSlots {
  /** How long nobody has needed them, in no unit. */
  readonly quiet: number;
  /** Gives up all that is idle. */
  giveUpIdle(): void;
}

/** The machine is not asked for a memory again for so long after it had none: asking in vain takes it 50 ms. */
const shortForMs = 200;

/** What one project has. */
export class ProjectAccount implements Turns {
  readonly id: ProjectId;
  readonly bytes: Share;
  readonly memories: Share;
  /** Places for calls that wait. */
  readonly places: Share;
  readonly pools: Set<IdleSlots> = new Set<IdleSlots>();
  usedMs = 0;
  waiting = 0;
  readonly #resources: Resources;

  constructor(id: ProjectId, resources: Resources) {
    this.id = id;
    this.#resources = resources;
    this.bytes = new Share(resources.bytes);
    this.memories = new Share(resources.memories);
    this.places = new Share(resources.places);
  }

  /** Takes room for a slot, or for more of one. @returns whether there was any */
  takeRoom(room: Room): boolean {
    if (!this.hasRoom(room) && !this.#resources.makeRoom(this, room)) return false;
    this.change(room);
    return true;
  }

  hasRoom({ bytes, memories }: Room): boolean {
    return this.bytes.hasRoom(bytes) && this.memories.hasRoom(memories);
  }

  /** It has more than it would get by now. */
  get isOverdrawn(): boolean {
    return this.bytes.isExceeded || this.memories.isExceeded;
  }

  change({ bytes, memories }: Room): void {
    this.bytes.change(bytes);
    this.memories.change(memories);
  }

  giveBack({ bytes, memories }: Room): void {
    this.bytes.change(-bytes);
    this.memories.change(-memories);
  }
}

export class Resources {
  readonly bytes: Good;
  readonly memories: Good;
  readonly places: Good;
  readonly #clock: Clock;
  readonly #projects = new Map<ProjectId, ProjectAccount>();
  #shortUntilMs = -Infinity;

  constructor(clock: Clock, limits: ResourceLimits) {
    this.#clock = clock;
    this.bytes = new Good(limits.slotBytesMax);
    this.memories = new Good(limits.memoriesMax);
    this.places = new Good(limits.waitingMax);
  }

  account(id: ProjectId): ProjectAccount {
    let account = this.#projects.get(id);
    if (account === undefined) {
      account = new ProjectAccount(id, this);
      this.#projects.set(id, account);
    }
    return account;
  }

  /** Forgets a project that has no functions any more. */
  forget(account: ProjectAccount): void {
    if (account.pools.size === 0) this.#projects.delete(account.id);
  }

  /** The machine had no memory to give. */
  noteShortage(): void {
    this.#shortUntilMs = this.#clock.monotonicMs() + shortForMs;
  }

  /** Whether the machine is worth asking for a memory. */
  get isShort(): boolean {
    return this.#clock.monotonicMs() < this.#shortUntilMs;
  }

  /** Has idle slots given up until `asker` has room for so much. @returns whether it has */
  makeRoom(asker: ProjectAccount, room: Room): boolean {
    const mine = asker.bytes.held + room.bytes;
    const larger = [...this.#projects.values()].filter((each) => each !== asker && each.bytes.held > mine);
    larger.sort((a, b) => b.bytes.held - a.bytes.held);
    for (const account of [asker, ...larger]) {
      const pools = [...account.pools].toSorted((a, b) => b.quiet - a.quiet);
      for (const pool of pools) {
        pool.giveUpIdle();
        if (asker.hasRoom(room)) return true;
      }
    }
    return false;
  }
}
