/**
 * The slots of one function on this thread. They follow the load: when the last idle one is taken for a guest that waits, a spare
 * is made before somebody needs it; of those that nobody needed for a while, half are given up; and when nobody comes at all, all
 * that have grown.
 *
 *     made ──► idle ◄──────────► taken
 *               │ not needed       │ broken, or more than the project's share by now
 *               └────► given up ◄──┘
 *
 * Each slot is counted as part of its project's share, and so are the pristine memories that they are rewound from, which are there
 * while there is a slot.
 */
import type { LoadedImage } from './loaded-image.ts';
import type { IdleSlots, ProjectAccount, Resources, Room } from './resources.ts';

/** After so many trims without a call, a function's slots are as small as on its first day. */
const quietTrimsMax = 6;

/** What a pool looks at of a slot. */
export interface PooledSlot {
  readonly memoryBytes: number;
  /** Whether a guest has made it larger than it was. */
  readonly hasGrown: boolean;
  /** What of its project's share it is counted as. */
  accountedBytes: number;
  /** Gives back what it takes to run guests, beside the memory. The next guest takes it anew. */
  cool(): void;
}

export interface SlotPoolOptions<S extends PooledSlot> {
  readonly image: Pick<LoadedImage, 'slotRoom' | 'pristineRoom' | 'release' | 'isLarge'>;
  readonly account: ProjectAccount;
  readonly resources: Resources;
  readonly slotsMax: number;
  /** @throws RangeError when the machine has no room for another memory */
  readonly make: () => S;
  /** The same for a large image: takes its time, and lets others have the thread meanwhile. */
  readonly makeInPieces: () => Promise<S>;
  /** A slot that was made in pieces is there, taken; or it cannot be made. */
  readonly onMade: (slot: S | undefined) => void;
}

export class SlotPool<S extends PooledSlot> implements IdleSlots {
  readonly #options: SlotPoolOptions<S>;
  /** Those at the end were needed last. */
  readonly #idle: S[] = [];
  #count = 0;
  /** Those that are rewound piece by piece. */
  readonly #rewinding = new Set<S>();
  /** The fewest that were idle at once since the last `trim`. */
  #lowWater = 0;
  /** Trims since a slot was last taken. */
  #quietTrims = 0;
  #spareIsComing = false;
  #isClosed = false;
  /** The slot that is being made in pieces: one at a time. */
  #making: Promise<void> | undefined;

  constructor(options: SlotPoolOptions<S>) {
    this.#options = options;
    options.account.pools.add(this);
  }

  /** Slots there are, idle, taken or being made. */
  get count(): number {
    return this.#count;
  }

  /** From IdleSlots. */
  get quiet(): number {
    return this.#quietTrims;
  }

  /** Makes a slot ahead of the first call, if there is room for one. */
  warm(): void | Promise<void> {
    const slot = this.#makeIfRoom();
    if (slot !== undefined) this.#idle.push(slot);
    return this.#making;
  }

  /**
   * An idle slot, or a new one. Undefined when there are enough of them, no room is left, one is being made in pieces; or when more of them
   * are being rewound than there are calls `waiting` for one: to make one, and to touch its memory, takes longer.
   */
  take(waiting = 0): S | undefined {
    this.#quietTrims = 0;
    const slot = this.#idle.pop();
    if (this.#idle.length < this.#lowWater) this.#lowWater = this.#idle.length;
    return slot ?? (this.#rewinding.size > waiting ? undefined : this.#makeIfRoom());
  }

  /** A taken slot is rewound piece by piece, and will be idle soon. */
  expect(slot: S): void {
    this.#rewinding.add(slot);
  }

  /** Sees to it that the next call finds a slot, off the way of any request. */
  prepareSpare(): void {
    if (this.#hasSpare || this.#spareIsComing || this.#isClosed) return;
    this.#spareIsComing = true;
    setImmediate(() => {
      this.#spareIsComing = false;
      if (this.#isClosed || this.#hasSpare) return;
      // Nobody else's slot is given up for a spare.
      const hasRoom = this.#options.account.hasRoom(this.#options.image.slotRoom);
      const spare = hasRoom ? this.#makeIfRoom() : undefined;
      if (spare !== undefined) this.#idle.push(spare);
    });
  }

  get #hasSpare(): boolean {
    return this.#idle.length + this.#rewinding.size > 0;
  }

  /** Puts a taken slot back. */
  putBack(slot: S): void {
    this.#idle.push(slot);
  }

  /** A guest is about to make its slot larger. @returns whether there is room for that */
  grows(slot: S, bytes: number): boolean {
    if (!this.#options.account.takeRoom({ bytes, memories: 0 })) return false;
    slot.accountedBytes += bytes;
    return true;
  }

  /** Whether a slot that comes back is worth keeping: the next guest may well grow as far, while the project's share allows it. */
  keeps(slot: S): boolean {
    this.#rewinding.delete(slot);
    this.#settle(slot);
    return !(this.#options.account.isOverdrawn && (slot.hasGrown || this.#count > 1));
  }

  discard(slot: S): void {
    const { account, image } = this.#options;
    this.#count -= 1;
    slot.cool();
    this.#rewinding.delete(slot);
    account.giveBack({ bytes: slot.accountedBytes, memories: image.slotRoom.memories });
    slot.accountedBytes = 0;
    if (this.#count > 0) return;
    image.release();
    account.giveBack(image.pristineRoom);
  }

  /** Gives up half of what was not needed since the last time; one stays, so that no call pays for making it. */
  trim(): void {
    const unneeded = Math.min(this.#lowWater, this.#idle.length);
    const surplus = Math.max(0, Math.ceil((unneeded - 1) / 2));
    for (const slot of this.#idle.splice(0, surplus)) this.discard(slot);
    for (const slot of this.#idle.slice(0, unneeded - surplus)) slot.cool();
    this.#quietTrims += 1;
    if (this.#quietTrims >= quietTrimsMax) this.#renewGrown();
    this.#lowWater = this.#idle.length;
  }

  /** From IdleSlots. */
  giveUpIdle(): void {
    for (const slot of this.#idle.splice(0)) this.discard(slot);
    this.#lowWater = 0;
  }

  /** Gives up everything that is idle; no slot is made any more. */
  close(): void {
    this.#isClosed = true;
    this.giveUpIdle();
    this.#options.account.pools.delete(this);
  }

  /** Gives up idle slots that have grown: a memory cannot shrink. When that leaves none, a new one is made. */
  #renewGrown(): void {
    const grown = this.#idle.filter((slot) => slot.hasGrown);
    if (grown.length === 0) return;
    const others = this.#idle.filter((slot) => !slot.hasGrown);
    this.#idle.splice(0, this.#idle.length, ...others);
    for (const slot of grown) this.discard(slot);
    if (this.#count === 0) void this.warm();
  }

  #makeIfRoom(): S | undefined {
    const { slotsMax, account, image, resources, make } = this.#options;
    if (this.#count >= slotsMax || resources.isShort || this.#making !== undefined) return undefined;
    const { slotRoom } = image;
    const pristine = this.#count > 0 ? nothing : image.pristineRoom;
    const room = { bytes: slotRoom.bytes + pristine.bytes, memories: slotRoom.memories + pristine.memories };
    if (!account.takeRoom(room)) return undefined;
    if (image.isLarge) {
      this.#count += 1;
      this.#making = this.#makeInPieces(room);
      return undefined;
    }
    try {
      this.#count += 1;
      return this.#made(make());
    } catch (error) {
      this.#notMade(room);
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  async #makeInPieces(room: Room): Promise<void> {
    let slot: S | undefined;
    try {
      slot = this.#made(await this.#options.makeInPieces());
    } catch {
      this.#notMade(room);
    }
    this.#making = undefined;
    if (slot !== undefined && this.#isClosed) this.discard(slot);
    else this.#options.onMade(slot);
  }

  #made(slot: S): S {
    slot.accountedBytes = this.#options.image.slotRoom.bytes;
    this.#settle(slot);
    return slot;
  }

  /** The machine has no room; there are the slots there are. */
  #notMade(room: Room): void {
    const { account, image, resources } = this.#options;
    this.#count -= 1;
    account.giveBack(room);
    if (this.#count === 0) image.release();
    resources.noteShortage();
  }

  /** Has the project's share know what a slot holds by now. */
  #settle(slot: S): void {
    const { memoryBytes } = slot;
    if (memoryBytes === slot.accountedBytes) return;
    this.#options.account.bytes.change(memoryBytes - slot.accountedBytes);
    slot.accountedBytes = memoryBytes;
  }
}

const nothing = { bytes: 0, memories: 0 } as const;
