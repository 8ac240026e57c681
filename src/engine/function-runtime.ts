import { type FunctionName, isMayflyError, MayflyError, type ProjectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { CgiEnvironment } from '../wasi/mod.ts';
import type { GuestHost, HttpCall, SlotContext } from './guest-host.ts';
import type { LoadedImage } from './loaded-image.ts';
import type { Scheduler, Waiting } from './scheduler.ts';
import { Slot } from './slot.ts';
import type { Call, GuestRequest, LoadedFunction, ResponseSink } from './types.ts';

export interface FunctionRuntimeOptions {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly image: LoadedImage;
  readonly limits: Limits;
  readonly scheduler: Scheduler;
  readonly queueMax: number;
  readonly slotsMax: number;
  readonly makeHost: (context: SlotContext) => GuestHost<HttpCall>;
  readonly environment: CgiEnvironment;
  readonly onTrap: (error: unknown) => void;
  /** Whether a slot of this many bytes may be kept for later. */
  readonly mayKeep: (memoryBytes: number) => boolean;
}

/** A call from the moment it is made: waiting for a slot, in one, or over. */
class PendingCall implements HttpCall, Call, Waiting {
  readonly request: GuestRequest;
  readonly sink: ResponseSink;
  readonly chosenMs: number;
  readonly deadlineMs: number;
  readonly wallMs: number;
  readonly environ: () => string;
  readonly #runtime: FunctionRuntime;
  slot: Slot<HttpCall> | undefined;
  queueMs = 0;

  /** @throws MayflyError bad_request */
  constructor(runtime: FunctionRuntime, options: FunctionRuntimeOptions, request: GuestRequest, sink: ResponseSink) {
    const { wallMs } = options.limits;
    const nowMs = options.scheduler.clock.monotonicMs();
    this.environ = options.environment.of(request);
    this.#runtime = runtime;
    this.request = request;
    this.sink = sink;
    this.chosenMs = nowMs;
    this.wallMs = wallMs;
    this.deadlineMs = nowMs + wallMs;
  }

  abort(): void {
    if (this.slot !== undefined) this.slot.abort(this);
    else this.#runtime.withdraw(this, new MayflyError('client_gone', {}));
  }

  /** The deadline passed while it waited for a slot. */
  expire(): void {
    this.#runtime.withdraw(this, new MayflyError('wall_limit', { limitMs: this.wallMs }));
  }
}

/**
 * One function on this thread: its slots, and the calls that wait for one. Slots are bound to the function, so to its
 * project, from their making to their end.
 */
export class FunctionRuntime implements LoadedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly #options: FunctionRuntimeOptions;
  readonly #idle: Slot<HttpCall>[] = [];
  /** In the order they came; a Set, as any of them may be withdrawn. */
  readonly #queue = new Set<PendingCall>();
  #slots = 0;
  #running = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(options: FunctionRuntimeOptions) {
    this.#options = options;
    this.project = options.project;
    this.name = options.name;
  }

  /** Makes a slot ahead of the first call. @throws RangeError when the machine has no room for its memory */
  warm(): void {
    this.#idle.push(this.#makeSlot());
  }

  call(request: GuestRequest, sink: ResponseSink): Call {
    const call = this.#admit(request, sink);
    if (call === undefined) return refusedCall;
    const slot = this.#closing === undefined ? (this.#idle.pop() ?? this.#anotherSlot()) : undefined;
    if (slot !== undefined) this.#run(slot, call);
    else if (this.#closing === undefined && this.#queue.size < this.#options.queueMax) this.#enqueue(call);
    else sink.fail(new MayflyError('overloaded', {}), noTiming);
    return call;
  }

  /** @returns undefined when the request cannot be served, which the sink has then been told */
  #admit(request: GuestRequest, sink: ResponseSink): PendingCall | undefined {
    try {
      return new PendingCall(this, this.#options, request, sink);
    } catch (error) {
      if (!isMayflyError(error)) throw error;
      sink.fail(error, noTiming);
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    this.#settle();
    await this.#closing.promise;
  }

  /** Takes a call that waits out of the queue. */
  withdraw(call: PendingCall, error: MayflyError): void {
    if (!this.#queue.delete(call)) return;
    this.#options.scheduler.forget(call);
    const waitedMs = this.#options.scheduler.clock.monotonicMs() - call.chosenMs;
    call.sink.fail(error, { ...noTiming, startMs: waitedMs, queueMs: waitedMs });
    this.#settle();
  }

  #enqueue(call: PendingCall): void {
    this.#queue.add(call);
    this.#options.scheduler.watch(call);
  }

  #run(slot: Slot<HttpCall>, call: PendingCall): void {
    call.slot = slot;
    this.#running += 1;
    slot.run(call);
  }

  /** A slot more, unless there are enough of them or the machine has no room. */
  #anotherSlot(): Slot<HttpCall> | undefined {
    if (this.#slots >= this.#options.slotsMax) return undefined;
    try {
      return this.#makeSlot();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  #makeSlot(): Slot<HttpCall> {
    const { image, scheduler, limits, makeHost, onTrap } = this.#options;
    const slot = new Slot<HttpCall>({
      owner: this.project,
      image,
      scheduler,
      limits,
      makeHost,
      onTrap,
      onIdle: this.#onIdle,
    });
    this.#slots += 1;
    return slot;
  }

  readonly #onIdle = (slot: Slot<HttpCall>, condition: 'rewound' | 'broken'): void => {
    this.#running -= 1;
    const keep = condition === 'rewound' && this.#options.mayKeep(slot.memoryBytes);
    if (!keep) this.#slots -= 1;
    const [next] = this.#queue;
    if (next === undefined) {
      if (keep) this.#idle.push(slot);
      this.#settle();
      return;
    }
    // Not from within the guest that just ended: a queue of short calls would never let the event loop run.
    this.#queue.delete(next);
    this.#options.scheduler.forget(next);
    setImmediate(() => this.#serveNext(keep ? slot : undefined, next));
  };

  #serveNext(free: Slot<HttpCall> | undefined, call: PendingCall): void {
    const slot = free ?? this.#anotherSlot();
    call.queueMs = this.#options.scheduler.clock.monotonicMs() - call.chosenMs;
    if (slot !== undefined) {
      this.#run(slot, call);
      return;
    }
    call.sink.fail(new MayflyError('overloaded', {}), { ...noTiming, queueMs: call.queueMs });
    this.#settle();
  }

  /** Nothing more is to come: the slots go. */
  #settle(): void {
    if (this.#closing === undefined || this.#running > 0 || this.#queue.size > 0) return;
    this.#idle.length = 0;
    this.#slots = 0;
    this.#closing.resolve();
  }
}

/** A call that was over before it began. */
const refusedCall: Call = { abort: () => undefined };

const noTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 } as const;
