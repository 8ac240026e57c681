/**
 * The slots of one function on this thread. They follow the load: when the last idle one is taken for a guest that waits, a spare
 * is made before somebody needs it; of those that nobody needed for a while, half are given up; and when nobody comes at all, all
 * that have grown.
 *
 *     made ──► idle ◄──────────► taken
 *               │ not needed       │ broken, or grown while memory is short
 *               └────► given up ◄──┘
 */
import type { LoadedImage } from './loaded-image.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** After so many trims without a call, a function's slots are as small as on its first day. */
const quietTrimsMax = 6;

/** What a pool looks at of a slot. */
export interface PooledSlot {
  readonly memoryBytes: number;
  /** Whether a guest has made it larger than it was. */
  readonly hasGrown: boolean;
  /** What the budget counts it as. */
  accountedBytes: number;
}

export interface SlotPoolOptions<S extends PooledSlot> {
  readonly image: Pick<LoadedImage, 'initialBytes'>;
  readonly budget: MemoryBudget;
  readonly slotsMax: number;
  /** @throws RangeError when the machine has no room for another memory */
  readonly make: () => S;
}

export class SlotPool<S extends PooledSlot> {
  readonly #options: SlotPoolOptions<S>;
  readonly #idle: S[] = [];
  #count = 0;
  /** The fewest that were idle at once since the last `trim`. */
  #lowWater = 0;
  /** Trims since a slot was last taken. */
  #quietTrims = 0;
  #spareIsComing = false;
  #isClosed = false;

  constructor(options: SlotPoolOptions<S>) {
    this.#options = options;
  }

  /** Slots there are, idle or taken. */
  get count(): number {
    return this.#count;
  }

  /** Makes a slot ahead of the first call. @throws RangeError when the machine has no room for its memory */
  warm(): void {
    this.#idle.push(this.#make());
  }

  /** An idle slot, or a new one. Undefined when there are enough of them or no room is left; a function always gets its first. */
  take(): S | undefined {
    this.#quietTrims = 0;
    const slot = this.#idle.pop();
    if (this.#idle.length < this.#lowWater) this.#lowWater = this.#idle.length;
    return slot ?? this.#makeIfRoom();
  }

  /** Sees to it that the next call finds a slot, off the way of any request. */
  prepareSpare(): void {
    if (this.#idle.length > 0 || this.#spareIsComing || this.#isClosed) return;
    this.#spareIsComing = true;
    setImmediate(() => {
      this.#spareIsComing = false;
      if (this.#isClosed) return;
      const spare = this.#idle.length === 0 ? this.#makeIfRoom() : undefined;
      if (spare !== undefined) this.#idle.push(spare);
    });
  }

  /** Puts a taken slot back. */
  putBack(slot: S): void {
    this.#idle.push(slot);
  }

  /** Whether a slot that comes back is worth keeping: the next guest may well grow as far, while there is room for it. */
  keeps(slot: S): boolean {
    this.#account(slot);
    return !(slot.hasGrown && this.#options.budget.isExceeded);
  }

  discard(slot: S): void {
    this.#count -= 1;
    this.#options.budget.change(-slot.accountedBytes);
    slot.accountedBytes = 0;
  }

  /** Gives up half of what was not needed since the last time; one stays, so that no call pays for making it. */
  trim(): void {
    const surplus = Math.ceil((Math.min(this.#lowWater, this.#idle.length) - 1) / 2);
    for (const slot of this.#idle.splice(0, Math.max(0, surplus))) this.discard(slot);
    this.#quietTrims += 1;
    if (this.#quietTrims >= quietTrimsMax) this.#renewGrown();
    this.#lowWater = this.#idle.length;
  }

  /** Gives up everything that is idle; no slot is made any more. */
  close(): void {
    this.#isClosed = true;
    for (const slot of this.#idle.splice(0)) this.discard(slot);
  }

  /** Gives up idle slots that have grown: a memory cannot shrink. When that leaves none, a new one is made. */
  #renewGrown(): void {
    const grown = this.#idle.filter((slot) => slot.hasGrown);
    if (grown.length === 0) return;
    const others = this.#idle.filter((slot) => !slot.hasGrown);
    this.#idle.splice(0, this.#idle.length, ...others);
    for (const slot of grown) this.discard(slot);
    const fresh = this.#count === 0 ? this.#makeIfRoom() : undefined;
    if (fresh !== undefined) this.#idle.push(fresh);
  }

  #makeIfRoom(): S | undefined {
    const { slotsMax, budget, image } = this.#options;
    if (this.#count >= slotsMax) return undefined;
    if (this.#count > 0 && !budget.hasRoom(image.initialBytes)) return undefined;
    try {
      return this.#make();
    } catch (error) {
      // The machine has no room; there are the slots there are.
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  #make(): S {
    const slot = this.#options.make();
    this.#count += 1;
    this.#account(slot);
    return slot;
  }

  /** Has the budget know what a slot holds by now. */
  #account(slot: S): void {
    const { memoryBytes } = slot;
    this.#options.budget.change(memoryBytes - slot.accountedBytes);
    slot.accountedBytes = memoryBytes;
  }
}
