import { type FunctionName, isMayflyError, MayflyError, type ProjectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { CgiEnvironment } from '../wasi/mod.ts';
import type { CallMeasures } from './call-measures.ts';
import type { GuestHost, HttpCall, SlotContext } from './guest-host.ts';
import type { LoadedImage } from './loaded-image.ts';
import { type CallKeeper, PendingCall } from './pending-call.ts';
import type { ProjectAccount, Resources } from './resources.ts';
import type { Scheduler } from './scheduler.ts';
import { Slot, type SlotOptions } from './slot.ts';
import { SlotPool } from './slot-pool.ts';
import type { Call, CallTiming, GuestRequest, LoadedFunction, ResponseSink } from './types.ts';

export interface FunctionRuntimeOptions {
  /** Its project's share of what all functions draw on. */
  readonly account: ProjectAccount;
  readonly resources: Resources;
  readonly name: FunctionName;
  readonly image: LoadedImage;
  readonly limits: Limits;
  readonly scheduler: Scheduler;
  /** Calls that may wait, for a turn or for a slot. */
  readonly queueMax: number;
  /** So many may wait however late they are. */
  readonly queueLeast: number;
  /** How long they may come to wait while the thread is busy. */
  readonly queueWaitMsMax: number;
  readonly slotsMax: number;
  /** Counts what calls take, and how they end. */
  readonly measures: CallMeasures;
  readonly makeHost: (context: SlotContext) => GuestHost<HttpCall>;
  readonly environment: CgiEnvironment;
  readonly onTrap: (error: unknown) => void;
  /** It was closed, and its last call is over. */
  readonly onClosed: (runtime: FunctionRuntime) => void;
}

/**
 * One function on this thread: its slots, and the calls that wait for one. Slots are bound to the function, so to its
 * project, from their making to their end.
 */
export class FunctionRuntime implements LoadedFunction, CallKeeper {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly measures: CallMeasures;
  readonly #options: FunctionRuntimeOptions;
  readonly #slots: SlotPool<Slot<HttpCall>>;
  /** Calls that wait for a slot, in the order they came; a Set, as any of them may leave. */
  readonly #queue = new Set<PendingCall>();
  /** Calls that wait for their turn. */
  #awaitingTurn = 0;
  /** Since when the calls that are dispatched have waited too long; undefined when the last one has not. */
  #lateSinceMs: number | undefined;
  /** Calls that were taken on and are not over. */
  #calls = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(options: FunctionRuntimeOptions) {
    this.#options = options;
    this.project = options.account.id;
    this.name = options.name;
    const { account, resources, image, scheduler, limits, makeHost, measures, onTrap, slotsMax } = options;
    this.measures = measures;
    const mayGrow = (slot: Slot<HttpCall>, bytes: number): boolean => this.#slots.grows(slot, bytes);
    const slot = {
      owner: account,
      image,
      scheduler,
      limits,
      makeHost,
      mayGrow,
      measures,
      onTrap,
      onLongRewind: (rewinding: Slot<HttpCall>) => this.#slots.expect(rewinding),
      onIdle: this.#onIdle,
      onWait: () => this.#slots.prepareSpare(),
    };
    this.#slots = new SlotPool({
      image,
      account,
      resources,
      slotsMax,
      make: () => spending(scheduler, account, () => new Slot<HttpCall>(slot)),
      makeInPieces: () => this.#makeInPieces(slot),
      onMade: this.#onMade,
    });
  }

  /** Makes a slot ahead of the first call, if there is room for one. */
  async warm(): Promise<void> {
    await this.#slots.warm();
  }

  /** Gives up slots that were not needed since the last time. */
  trim(): void {
    this.#slots.trim();
  }

  call(request: GuestRequest, sink: ResponseSink, chosenMs?: number): Call {
    const { scheduler, account } = this.#options;
    if (this.#closing !== undefined || this.#isOverloaded()) {
      this.measures.refused('overloaded');
      sink.fail(new MayflyError('overloaded', {}), noTiming);
      return overCall;
    }
    const call = this.#admit(request, sink, chosenMs ?? scheduler.clock.monotonicMs());
    if (call === undefined) return overCall;
    this.#calls += 1;
    account.places.change(1);
    if (scheduler.isSpent) {
      // The thread has work to do first: a slot is taken when the call can run in it.
      this.#awaitTurn(call);
    } else {
      scheduler.begin(account);
      this.#dispatch(call, chosenMs === undefined ? call.chosenMs : scheduler.clock.monotonicMs());
    }
    return call;
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    this.#settle();
    await this.#closing.promise;
  }

  /** From CallKeeper: a call's turn has come. */
  dispatch(call: PendingCall): void {
    this.#awaitingTurn -= 1;
    if (call.withdrawn !== undefined) return;
    const now = this.#options.scheduler.clock.monotonicMs();
    if (now > call.deadlineMs) call.expire();
    else this.#dispatch(call, now);
  }

  /** From CallKeeper: the caller of a call that waits has left, or its deadline has passed. */
  withdraw(call: PendingCall, reason: 'client_gone' | 'wall_limit'): void {
    if (call.withdrawn !== undefined) return;
    const gone = reason === 'client_gone';
    this.#giveUp(
      call,
      gone ? new MayflyError('client_gone', {}) : new MayflyError('wall_limit', { limitMs: call.wallMs }),
    );
  }

  #isOverloaded(): boolean {
    const { queueLeast, queueMax, queueWaitMsMax, scheduler, account } = this.#options;
    if (!account.places.hasRoom(1)) return true;
    const waiting = this.#queue.size + this.#awaitingTurn;
    if (waiting >= queueMax) return true;
    if (waiting < queueLeast) return false;
    // One that is late is the machine's doing: all of them have to be, for as long again.
    if (this.#lateSinceMs === undefined || !scheduler.isBusy()) return false;
    return scheduler.clock.monotonicMs() - this.#lateSinceMs >= queueWaitMsMax;
  }

  /** @returns undefined when the request cannot be served, which the sink has then been told */
  #admit(request: GuestRequest, sink: ResponseSink, chosenMs: number): PendingCall | undefined {
    const { environment, limits } = this.#options;
    try {
      const environ = environment.of(request);
      return new PendingCall(this, {
        owner: this.#options.account,
        request,
        sink,
        environ,
        chosenMs,
        wallMs: limits.wallMs,
      });
    } catch (error) {
      if (!isMayflyError(error)) throw error;
      this.measures.refused(error.code);
      sink.fail(error, noTiming);
      return undefined;
    }
  }

  #awaitTurn(call: PendingCall): void {
    this.#awaitingTurn += 1;
    this.#options.scheduler.queueTurn(call, 'fresh');
  }

  /** Runs a call in a slot, or has it wait for one. */
  #dispatch(call: PendingCall, now: number): void {
    const slot = call.reserved ?? this.#slots.take(this.#queue.size);
    call.reserved = undefined;
    if (slot === undefined) {
      this.#awaitSlot(call);
      return;
    }
    call.slot = slot;
    this.#options.account.places.change(-1);
    call.queueMs = now - call.chosenMs;
    if (call.queueMs <= this.#options.queueWaitMsMax) this.#lateSinceMs = undefined;
    else this.#lateSinceMs ??= now;
    slot.run(call);
  }

  #awaitSlot(call: PendingCall): void {
    // Without a slot there is none that would ever be free.
    if (this.#slots.count === 0) {
      this.#giveUp(call, new MayflyError('overloaded', {}));
      return;
    }
    this.#queue.add(call);
    this.#options.scheduler.watch(call);
  }

  #giveUp(call: PendingCall, error: MayflyError): void {
    const { scheduler } = this.#options;
    call.withdrawn = error;
    this.#options.account.places.change(-1);
    this.measures.refused(error.code);
    this.#queue.delete(call);
    scheduler.forget(call);
    const waitedMs = scheduler.clock.monotonicMs() - call.chosenMs;
    try {
      call.sink.fail(error, { ...noTiming, startMs: waitedMs, queueMs: waitedMs });
    } catch (failure) {
      this.#options.onTrap(failure);
    }
    const { reserved } = call;
    call.reserved = undefined;
    if (reserved !== undefined) this.#giveBack(reserved);
    this.#calls -= 1;
    this.#settle();
  }

  readonly #onIdle = (slot: Slot<HttpCall>, condition: 'rewound' | 'broken'): void => {
    if (this.#slots.keeps(slot) && condition === 'rewound') {
      this.#giveBack(slot);
    } else {
      this.#slots.discard(slot);
      this.#nextInLine();
    }
    this.#calls -= 1;
    this.#settle();
  };

  /** Makes a slot of a large image, whose filling lets others have the thread every now and then. */
  async #makeInPieces(slot: SlotOptions<HttpCall>): Promise<Slot<HttpCall>> {
    const { account, image, limits, scheduler, onTrap } = this.#options;
    let sinceMs = scheduler.clock.monotonicMs();
    const pause = async (): Promise<void> => {
      scheduler.spend(account, scheduler.clock.monotonicMs() - sinceMs);
      await new Promise((resolve) => setImmediate(resolve));
      sinceMs = scheduler.clock.monotonicMs();
    };
    try {
      const memories = await image.makeMemoriesInPieces(image.memoryMaxima(limits.memoryBytes), pause);
      return spending(scheduler, account, () => new Slot<HttpCall>({ ...slot, memories }));
    } catch (error) {
      if (!(error instanceof RangeError)) onTrap(error);
      throw error;
    }
  }

  /** A slot of a large image is there; or it is not, and whoever waits for nothing else is not to wait in vain. */
  readonly #onMade = (slot: Slot<HttpCall> | undefined): void => {
    if (slot !== undefined) this.#giveBack(slot);
    else if (this.#slots.count === 0)
      for (const call of this.#queue) this.#giveUp(call, new MayflyError('overloaded', {}));
    // One is made at a time.
    if (slot !== undefined && this.#queue.size > 0) this.#slots.prepareSpare();
  };

  /** A slot is free: for the call that has waited longest, in its turn, or for whoever comes. */
  #giveBack(slot: Slot<HttpCall>): void {
    const next = this.#nextInLine();
    if (next === undefined) this.#slots.putBack(slot);
    else next.reserved = slot;
  }

  /** The call that has waited longest for a slot is to try again, in its turn. */
  #nextInLine(): PendingCall | undefined {
    const [next] = this.#queue;
    if (next === undefined) return undefined;
    this.#queue.delete(next);
    this.#options.scheduler.forget(next);
    this.#awaitTurn(next);
    return next;
  }

  /** Nothing more is to come: the slots go. */
  #settle(): void {
    if (this.#closing === undefined || this.#calls > 0) return;
    this.#slots.close();
    this.#options.onClosed(this);
    this.#closing.resolve();
  }
}

/** Does `work` on the thread's time: a slot takes long to make when its image is large, and whoever comes next waits for a turn. */
function spending<T>(scheduler: Scheduler, owner: ProjectAccount, work: () => T): T {
  const before = scheduler.clock.monotonicMs();
  try {
    return work();
  } finally {
    scheduler.spend(owner, scheduler.clock.monotonicMs() - before);
  }
}

/** A call that was over before it began. */
const overCall: Call = { abort: () => undefined };

const noTiming: CallTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 };
