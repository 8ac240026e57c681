/**
 * Shares one thread between guests. A guest runs until it returns, blocks, or has used up its slice; then the next of those that
 * wait for a turn goes on, and between two turns the event loop does its other work.
 *
 *      entered ──► running ──────────────► returned or trapped
 *                  │  ▲  ▲
 *       slice over │  │  │ the host has something for it
 *                  ▼  │  │
 *       waiting for a turn   parked in a host call
 *
 * Whoever waits (for a turn, in a host call, for a slot) has a deadline, which a sweep looks after: a timer for each request would
 * cost more than the request.
 */
import { type Clock, wasmPageBytes } from '../base/mod.ts';
import { flagWords } from '../wasm/mod.ts';
import { FairQueue, type Owned, type Turns } from './fair-queue.ts';
import { Ticker } from './ticker.ts';

/** Something with a deadline that nothing of its own runs to watch. */
export interface Waiting {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** The deadline has passed. The scheduler has forgotten it already. */
  expire(): void;
}

/** Waits for a turn on the thread: a guest that gave way in the middle, or a call that has not begun. */
export interface AwaitsTurn extends Owned {
  /** Looks at its own deadline: it may have passed by now. */
  takeTurn(): void;
}

export interface SchedulerOptions {
  /** How long a guest runs before others get a turn. */
  readonly sliceMs: number;
  /** How often a guest is interrupted, so that its time can be looked at. */
  readonly tickMs: number;
}

const sweepEveryMs = 10;

/** Newcomers get as much of the thread in a turn as the event loop's other work took before it, up to so many slices. */
const freshSlicesMax = 10;

/** A thread is busy when guests use more than this share of it, */
const busyShare = 0.7;
/** and have used so much beyond that share lately. */
const busyMsMin = 20;
const busyMsMax = 60;

export class Scheduler {
  readonly clock: Clock;
  readonly sliceMs: number;
  readonly tickMs: number;
  /** The memory that rewritten modules import as flags. */
  readonly flagsMemory: WebAssembly.Memory;
  readonly #flags: Int32Array;
  readonly #ticker: Ticker;
  readonly #waiting = new Set<Waiting>();
  /** Guests that have had a slice, and guests that have had none. */
  readonly #yielded = new FairQueue<AwaitsTurn>();
  readonly #fresh = new FairQueue<AwaitsTurn>();
  /** Called at the start of each turn. */
  beforeTurns: () => void = () => undefined;
  #turnScheduled = false;
  /** When somebody began to wait for the next turn. */
  #turnWantedMs = 0;
  /** What guests have used of the thread since the event loop last had a turn of ours. */
  #spentMs = 0;
  /** The time that the owner had had who began a turn last: whoever has been away is taken to have had as much. */
  #floorMs = 0;
  /** What guests have used of the thread beyond `busyShare` of the time that went by: a bucket that leaks. */
  #busyMs = 0;
  #leakedMs = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(clock: Clock, options: SchedulerOptions) {
    this.clock = clock;
    this.sliceMs = options.sliceMs;
    this.tickMs = options.tickMs;
    this.flagsMemory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    this.#flags = new Int32Array(this.flagsMemory.buffer, 0, wasmPageBytes / Int32Array.BYTES_PER_ELEMENT);
    // A shared WebAssembly memory's buffer is a SharedArrayBuffer; the type in the declarations is the common one.
    this.#ticker = new Ticker(this.flagsMemory.buffer as unknown as SharedArrayBuffer, { tickMs: options.tickMs });
  }

  /** A guest has the thread from now on, for the first time or again. It has nothing to do with earlier ticks. */
  enterGuest(): void {
    this.#flags[flagWords.interrupt >> 2] = 0;
    this.#ticker.touch();
  }

  /** Makes the guest that has the thread ask what to do at its next check. */
  interrupt(): void {
    this.#flags[flagWords.interrupt >> 2] = 1;
  }

  /**
   * The interrupt has been seen by a guest, its so-manieth; it goes on running for now. Only who sees a second one runs for long: a
   * garbage collection in the middle of a guest has it see the first.
   */
  acknowledge(interrupts: number): void {
    this.#flags[flagWords.interrupt >> 2] = 0;
    this.#ticker.touch();
    if (interrupts > 1) this.#ticker.hurry();
  }

  /** A guest of `owner` used the thread for so long. */
  spend(owner: Turns, ms: number): void {
    this.#spentMs += ms;
    this.#busyMs += ms;
    owner.usedMs += ms;
  }

  /** A guest of `owner` gets the thread without having waited for it. */
  begin(owner: Turns): void {
    this.#welcome(owner);
    if (owner.usedMs > this.#floorMs) this.#floorMs = owner.usedMs;
  }

  /** Nobody saves up a share of the thread while away. */
  #welcome(owner: Turns): void {
    if (owner.waiting === 0 && owner.usedMs < this.#floorMs) owner.usedMs = this.#floorMs;
  }

  /** Whether guests keep the thread busy: then whoever waits, waits for it, and not for a guest that sleeps. */
  isBusy(): boolean {
    this.#leak();
    return this.#busyMs > busyMsMin;
  }

  #leak(): void {
    const now = this.clock.monotonicMs();
    const leak = (now - this.#leakedMs) * busyShare;
    this.#leakedMs = now;
    this.#busyMs = Math.min(busyMsMax, Math.max(0, this.#busyMs - leak));
  }

  /** Whether guests have used up a slice, so that a newcomer has to wait for the event loop to have its turn. */
  get isSpent(): boolean {
    return this.#spentMs >= this.sliceMs;
  }

  /** Whether somebody waits for a turn. */
  get isContended(): boolean {
    return this.#fresh.length + this.#yielded.length > 0;
  }

  /** `guest` gets a turn when those before it have had theirs, and its project is the one that has had the least. */
  queueTurn(guest: AwaitsTurn, kind: 'fresh' | 'yielded'): void {
    this.#welcome(guest.owner);
    (kind === 'fresh' ? this.#fresh : this.#yielded).push(guest);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    this.#turnWantedMs = this.clock.monotonicMs();
    setImmediate(this.#turn);
  }

  /**
   * One turn: newcomers, most of whom are done in a fraction of a slice, and then a slice for those that have had some. The next
   * turn comes after the event loop has looked at its sockets. When that takes long, with a thousand requests that come at once,
   * newcomers get as long: else most of the thread's time would go into requests that are then refused.
   */
  readonly #turn = (): void => {
    this.#turnScheduled = false;
    this.beforeTurns();
    this.#leak();
    this.#spentMs = 0;
    const loopMs = this.clock.monotonicMs() - this.#turnWantedMs;
    this.#admit(Math.min(Math.max(this.sliceMs, loopMs), this.sliceMs * freshSlicesMax));
  };

  /** Lets newcomers in, one after the other, until they have used so much. A guest runs in a microtask, once this has returned. */
  #admit(budgetMs: number): void {
    if (this.#fresh.length > 0 && this.#spentMs < budgetMs) {
      this.#next(this.#fresh);
      queueMicrotask(() => this.#admit(budgetMs));
    } else if (this.#yielded.length > 0) {
      // What newcomers have answered does not wait for the slice of one that goes on.
      this.beforeTurns();
      this.#goOn(this.clock.monotonicMs() + this.sliceMs);
    } else if (this.isContended) this.#scheduleTurn();
  }

  /** Has those go on that gave way, one after the other, as long as there is time. */
  #goOn(untilMs: number): void {
    this.#next(this.#yielded);
    queueMicrotask(() => {
      if (this.#yielded.length > 0 && this.clock.monotonicMs() < untilMs) this.#goOn(untilMs);
      else if (this.isContended) this.#scheduleTurn();
    });
  }

  #next(queue: FairQueue<AwaitsTurn>): void {
    const guest = queue.shift();
    if (guest === undefined) return;
    if (guest.owner.usedMs > this.#floorMs) this.#floorMs = guest.owner.usedMs;
    guest.takeTurn();
  }

  /** Looks after the deadline of `waiting` until `forget`. */
  watch(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#sweep ??= setInterval(this.#sweepNow, sweepEveryMs);
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  readonly #sweepNow = (): void => {
    const now = this.clock.monotonicMs();
    for (const waiting of this.#waiting) {
      if (now <= waiting.deadlineMs) continue;
      this.#waiting.delete(waiting);
      waiting.expire();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  };

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    await this.#ticker.close();
  }
}
