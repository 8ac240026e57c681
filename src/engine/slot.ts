/**
 * A slot: one live instance with its memory. It serves one request at a time and is rewound to its image after each.
 *
 *     idle ── run ──► a guest on the thread ──► returned ──► answer ──► unbind ──► rewind ──► idle
 *                        │          ▲                                          │  ▲
 *                        └► waiting ┘   (for a turn, or parked in a host call)  └──┘  (for a turn, when there is more to rewind)
 */
import { errorText, MayflyError, mib, wasmPageBytes } from '../base/mod.ts';
import { GuestMemory } from '../wasi/mod.ts';
import { engineImports, engineModule, growthRefusedAt, rewrittenExports, Verdict } from '../wasm/mod.ts';
import type { CallMeasures } from './call-measures.ts';
import { CpuMeter } from './cpu-meter.ts';
import type { GuestCall, GuestHost, SlotContext } from './guest-host.ts';
import type { Turns } from './fair-queue.ts';
import type { LoadedImage } from './loaded-image.ts';
import { GuestStack } from './guest-stack.ts';
import type { AwaitsTurn, Scheduler, Waiting } from './scheduler.ts';
import type { CallTiming } from './types.ts';

/** What a guest's end says when nothing went wrong with it. */
type Ending = 'exit' | 'cpu_limit' | 'wall_limit' | 'client_gone';

export interface SlotOptions<C extends GuestCall> {
  /** The project: turns are shared between projects. */
  readonly owner: Turns;
  readonly image: LoadedImage;
  readonly scheduler: Scheduler;
  readonly limits: { readonly cpuMs: number; readonly memoryBytes: number };
  /** Its memories, where they were made beforehand. */
  readonly memories?: readonly WebAssembly.Memory[];
  readonly makeHost: (context: SlotContext) => GuestHost<C>;
  /** Whether there is room for so many bytes more, which it then has. Within its limits, where nothing else is told. */
  readonly mayGrow?: (slot: Slot<C>, bytes: number) => boolean;
  /** Its guest waits, for its turn or its host, and the slot with it. */
  readonly onWait?: () => void;
  /** Counts what the slot's calls take. */
  readonly measures: CallMeasures;
  /** There is so much to rewind that it is done piece by piece. */
  readonly onLongRewind?: (slot: Slot<C>) => void;
  /** The slot has been rewound, or has to be thrown away. */
  readonly onIdle: (slot: Slot<C>, condition: 'rewound' | 'broken') => void;
  /** Gets what cannot be told to the caller: traps with their places. */
  readonly onTrap: (error: unknown) => void;
}

/** What is rewound between two looks at the clock: in a tenth of a millisecond. Most guests leave far less than that. */
const rewindPieceBytes: number = mib;
/** The shares of a slice that a rewind goes on for: at once, and in each of the turns that it then waits for as guests do. */
const rewindShare = { atOnce: 1 / 4, inTurn: 1 / 2 } as const;

/** What a guest that waited is told. */
const resumeNormally = 0;
const resumeToTrap = 1;

export class Slot<C extends GuestCall> implements AwaitsTurn, Waiting {
  readonly owner: Turns;
  deadlineMs = 0;
  /** What of its project's share this slot is counted as. */
  accountedBytes = 0;
  /** How long the last rewind took, for benchmarks. */
  lastRewindMs = 0;
  readonly #options: SlotOptions<C>;
  readonly #memories: readonly WebAssembly.Memory[];
  /** What each memory may grow to, the engine's part included. */
  readonly #bytesMax: readonly number[];
  readonly #bytesAtFirst: number;
  readonly #memory: GuestMemory;
  #memoryBytes: number;
  /** It was given room to grow by the engine, or was refused it, since the last rewind. */
  #growth: 'none' | 'granted' | 'refused' = 'none';
  readonly #imports: WebAssembly.Imports;
  readonly #host: GuestHost<C>;
  readonly #meter: CpuMeter;
  readonly #stack: GuestStack;
  #rewind: (bytes: number) => number;
  #call: C | undefined;
  #ending: Ending | undefined;
  /** Goes on with a guest that waits. */
  #resume: ((how: number) => void) | undefined;
  #hasYielded = false;
  /** That its guest has seen. */
  #interrupts = 0;
  #isStarting = false;
  #isParking = false;
  /** It is not free yet: there is more to rewind, which waits for a turn. */
  #isRewinding = false;
  #startedMs = 0;
  #startMs = 0;

  /** @throws RangeError when the machine has no room for another memory */
  constructor(options: SlotOptions<C>) {
    this.#options = options;
    this.owner = options.owner;
    const { image, scheduler, limits } = options;
    this.#meter = new CpuMeter(scheduler.tickMs);
    this.#bytesMax = image.memoryMaxima(limits.memoryBytes);
    this.#memories = options.memories ?? image.makeMemories(this.#bytesMax);
    this.#bytesAtFirst = this.#memoryBytes = this.#measure();
    const [first] = this.#memories;
    const memory = new GuestMemory(first ?? noMemory(), image.guestMemoryLayout);
    this.#memory = memory;
    this.#host = options.makeHost({ memory, stop: () => this.#stop('exit'), timing: () => this.timing() });
    this.#stack = new GuestStack({ returned: () => this.#complete(undefined), trapped: this.#trapped });
    this.#imports = this.#makeImports();
    this.#rewind = this.#instantiate();
    // There is nothing to rewind: it has the pages that every rewind touches made now, and not on a request's time.
    this.#rewind(rewindPieceBytes);
  }

  /** Bytes that this slot holds between two requests. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Whether a guest has made it larger than it was. */
  get hasGrown(): boolean {
    return this.#memoryBytes > this.#bytesAtFirst;
  }

  /** Serves one request, in a microtask. */
  run(call: C): void {
    this.#call = call;
    this.#ending = undefined;
    this.deadlineMs = call.deadlineMs;
    this.#hasYielded = false;
    this.#interrupts = 0;
    this.#meter.reset();
    this.#host.bind(call);
    this.#isStarting = true;
    this.#stack.run();
  }

  /** No guest runs here any more, or not for a while: what there is beside the memory is given back. */
  cool(): void {
    this.#stack.end();
  }

  /** Ends the guest of `call`, if it is still there. */
  abort(call: C): void {
    if (this.#call === call) this.#kill('client_gone');
  }

  /** What is known of the call's timing while the guest runs. */
  timing(): CallTiming {
    return { startMs: this.#startMs, queueMs: this.#call?.queueMs ?? 0, guestMs: 0, cpuMs: 0 };
  }

  takeTurn(): void {
    if (this.#isRewinding) this.#rewindFor(this.#options.scheduler.sliceMs * rewindShare.inTurn);
    if (this.#resume === undefined) return;
    if (this.#options.scheduler.clock.monotonicMs() > this.deadlineMs) this.#ending ??= 'wall_limit';
    this.#continue();
  }

  expire(): void {
    this.#kill('wall_limit');
  }

  /** Whether every byte of the guest's memory is as the image has it. For tests: reads it all. */
  matchesImage(): boolean {
    return this.#options.image.matches(this.#memories);
  }

  #measure(): number {
    const bytes = this.#memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
    return bytes + this.#options.image.instanceBytes;
  }

  /** @returns the instance's `rewind` */
  #instantiate(): (bytes: number) => number {
    const { exports } = new WebAssembly.Instance(this.#options.image.module, this.#imports);
    const serve = exports[rewrittenExports.serve];
    const rewind = exports[rewrittenExports.rewind];
    if (typeof serve !== 'function' || typeof rewind !== 'function') {
      throw new MayflyError('image_corrupt', { reason: 'its module lacks an export' });
    }
    this.#stack.use(WebAssembly.promising(serve));
    // The rewriter made it: (i32) → (i32).
    return rewind as (bytes: number) => number;
  }

  #makeImports(): WebAssembly.Imports {
    const { image, scheduler } = this.#options;
    const engine: Record<string, unknown> = {
      [engineImports.preempt]: () => this.#preempt(),
      [engineImports.yield]: new WebAssembly.Suspending(() => this.#yield()),
      [engineImports.park]: new WebAssembly.Suspending(() => this.#park()),
      [engineImports.next]: new WebAssembly.Suspending(() => this.#stack.next()),
      [engineImports.resumed]: () => this.#resumed(),
      [engineImports.grow]: (pages: number, memory: number) => this.#grow(pages, memory),
      [engineImports.flags]: scheduler.flagsMemory,
    };
    this.#memories.forEach((memory, index) => {
      engine[engineImports.memory(index)] = memory;
      engine[engineImports.image(index)] = image.pristine(index);
    });
    return { ...this.#host.imports, [engineModule]: engine };
  }

  /** The guest has the thread, for the first time or again. */
  #resumed(): void {
    const { scheduler } = this.#options;
    scheduler.enterGuest();
    const now = scheduler.clock.monotonicMs();
    this.#meter.start(now);
    if (this.#isStarting) {
      this.#isStarting = false;
      this.#startedMs = now;
      this.#startMs = now - (this.#call?.chosenMs ?? now);
    }
    // Ended before it came to anything.
    if (this.#ending !== undefined) scheduler.interrupt();
  }

  /** The guest saw the interrupt: what is it to do? */
  #preempt(): Verdict {
    const { scheduler, limits } = this.#options;
    this.#interrupts += 1;
    scheduler.acknowledge(this.#interrupts);
    const now = scheduler.clock.monotonicMs();
    const stretchMs = this.#meter.stretchMs(now);
    if (this.#ending !== undefined) return Verdict.trap;
    const usedMs = this.#meter.interrupt(now);
    if (usedMs > limits.cpuMs) this.#ending = 'cpu_limit';
    else if (now > this.deadlineMs) this.#ending = 'wall_limit';
    if (this.#ending !== undefined) return Verdict.trap;
    // Most guests are done in a fraction of a slice: one that is not lets the others go first.
    const givesWay = !this.#hasYielded && scheduler.isContended && stretchMs >= scheduler.tickMs / 2;
    return givesWay || stretchMs >= scheduler.sliceMs ? Verdict.yield : Verdict.goOn;
  }

  /** The guest wants more memory than the slot has, within its limits. @returns 1 when there is room for it */
  #grow(pages: number, memory: number): number {
    const { mayGrow } = this.#options;
    // What goes past the slot's own limit is refused by the memory.
    const now = this.#memories[memory]?.buffer.byteLength ?? 0;
    if (now + pages * wasmPageBytes > (this.#bytesMax[memory] ?? Infinity)) return 1;
    const granted = mayGrow === undefined || mayGrow(this, pages * wasmPageBytes);
    if (this.#growth !== 'refused') this.#growth = granted ? 'granted' : 'refused';
    return granted ? 1 : 0;
  }

  #yield(): Promise<number> | number {
    if (this.#ending !== undefined) return resumeToTrap;
    this.#suspend();
    this.#hasYielded = true;
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#options.scheduler.queueTurn(this, 'yielded');
    });
  }

  #park(): Promise<number> | number {
    if (this.#ending !== undefined) return resumeToTrap;
    this.#suspend();
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#options.scheduler.watch(this);
      this.#isParking = true;
      this.#host.whenReady(this.#wake);
      this.#isParking = false;
    });
  }

  /** The guest is about to wait. */
  #suspend(): void {
    this.#giveBackThread(this.#options.scheduler.clock.monotonicMs());
    this.#options.onWait?.();
  }

  /** @returns CPU time of the call so far, ms */
  #giveBackThread(now: number): number {
    this.#options.scheduler.spend(this.owner, this.#meter.stretchMs(now));
    return this.#meter.stop(now);
  }

  readonly #wake = (): void => {
    this.#options.scheduler.forget(this);
    // Woken before it has even parked: were it to go on at once, a stream that is never ready could hold the thread for ever.
    if (this.#isParking) this.#options.scheduler.queueTurn(this, 'yielded');
    else this.#continueSoon();
  };

  /** At once, unless the thread has work to do first: a thousand guests may be woken in the same moment, or ended. */
  #continueSoon(): void {
    const { scheduler } = this.#options;
    if (this.#resume === undefined) return;
    if (scheduler.isSpent) {
      scheduler.queueTurn(this, 'yielded');
      return;
    }
    scheduler.begin(this.owner);
    this.#continue();
  }

  /** A guest that does not wait, because it is gone or was woken twice, is left alone. */
  #continue(): void {
    const resume = this.#resume;
    if (resume === undefined) return;
    this.#resume = undefined;
    resume(this.#ending === undefined ? resumeNormally : resumeToTrap);
  }

  /** From within a host call: the guest ends at the check that follows. */
  #stop(ending: Ending): void {
    this.#ending ??= ending;
    this.#options.scheduler.interrupt();
  }

  #kill(ending: Ending): void {
    this.#stop(ending);
    this.#options.scheduler.forget(this);
    this.#continueSoon();
  }

  /** Without a call it is none of the guest's: somebody failed who was told of its end. */
  readonly #trapped = (thrown: unknown): void => {
    if (this.#call === undefined) this.#options.onTrap(thrown);
    else this.#complete(thrown);
  };

  readonly #complete = (thrown: unknown): void => {
    const call = this.#call;
    if (call === undefined) return;
    const now = this.#options.scheduler.clock.monotonicMs();
    const cpuMs = this.#giveBackThread(now);
    const guestMs = now - this.#startedMs;
    const timing: CallTiming = { startMs: this.#startMs, queueMs: call.queueMs, guestMs, cpuMs };
    this.#options.scheduler.forget(this);
    let failure = this.#failure(thrown);
    this.#call = undefined;
    try {
      if (failure === undefined) failure = this.#host.finish(timing);
      else this.#host.fail(failure, timing);
    } catch (error) {
      // Whoever takes the answer failed at it; the slot has nothing to do with that.
      this.#options.onTrap(error);
    } finally {
      this.#options.measures.served(timing, failure?.code ?? 'ok');
      this.#host.unbind();
      this.#reset();
    }
  };

  /** Why the guest ended, when that was not of its own accord. */
  #failure(thrown: unknown): MayflyError | undefined {
    const { limits } = this.#options;
    switch (this.#ending) {
      case 'cpu_limit':
        return new MayflyError('cpu_limit', { limitMs: limits.cpuMs });
      case 'wall_limit':
        return new MayflyError('wall_limit', { limitMs: this.#call?.wallMs ?? 0 });
      case 'client_gone':
        return new MayflyError('client_gone', {});
      case 'exit':
        return this.#afterExit();
      default:
        return thrown === undefined ? undefined : this.#afterTrap(thrown);
    }
  }

  #afterExit(): MayflyError | undefined {
    const { exitCode, bug } = this.#host;
    if (bug !== undefined) return this.#tell(bug, new MayflyError('internal', {}, { cause: bug }));
    if (exitCode === undefined || exitCode === 0) return undefined;
    return this.#growthRefused() ?? new MayflyError('guest_trap', { reason: `exited with code ${exitCode}` });
  }

  #afterTrap(thrown: unknown): MayflyError {
    const refused = this.#growthRefused();
    if (refused !== undefined) return refused;
    const overflow = thrown instanceof RangeError;
    const reason = overflow ? 'overflowed its stack' : thrown instanceof WebAssembly.RuntimeError ? 'trapped' : 'threw';
    return this.#tell(thrown, new MayflyError('guest_trap', { reason }, { cause: errorText(thrown) }));
  }

  #tell(cause: unknown, error: MayflyError): MayflyError {
    this.#options.onTrap(cause);
    return error;
  }

  /** A guest that was refused memory and failed is taken to have failed for that. */
  #growthRefused(): MayflyError | undefined {
    if (this.#growth === 'refused') return new MayflyError('overloaded', {});
    const { image, limits } = this.#options;
    const refused = this.#memories.some((memory, index) => {
      const at = image.memories[index]?.engineWords ?? 0;
      return new Uint8Array(memory.buffer, at + growthRefusedAt, 1)[0] === 1;
    });
    return refused ? new MayflyError('memory_limit', { limitBytes: limits.memoryBytes }) : undefined;
  }

  #reset(): void {
    this.lastRewindMs = 0;
    this.#rewindFor(this.#options.scheduler.sliceMs * rewindShare.atOnce);
    if (this.#isRewinding) this.#options.onLongRewind?.(this);
  }

  /** Rewinds for about so long: all of it, for most guests; else the slot waits for another turn. */
  #rewindFor(ms: number): void {
    const { scheduler, measures, onIdle, onTrap } = this.#options;
    const before = scheduler.clock.monotonicMs();
    let condition: 'rewound' | 'broken' = 'rewound';
    let tookMs = 0;
    do {
      try {
        this.#isRewinding = this.#rewind(rewindPieceBytes) !== 0;
        if (!this.#isRewinding) this.#renew();
      } catch (error) {
        this.#isRewinding = false;
        condition = 'broken';
        onTrap(error);
      }
      tookMs = scheduler.clock.monotonicMs() - before;
    } while (this.#isRewinding && tookMs < ms);
    this.lastRewindMs += tookMs;
    scheduler.spend(this.owner, tookMs);
    if (this.#isRewinding) {
      scheduler.queueTurn(this, 'yielded');
      return;
    }
    measures.rewound(this.lastRewindMs);
    onIdle(this, condition);
  }

  /** What is left to do when the module has rewound itself. */
  #renew(): void {
    this.#memory.rewound();
    if (this.#growth !== 'none') this.#memoryBytes = this.#measure();
    this.#growth = 'none';
    if (this.#options.image.reset === 'reinstantiate') {
      this.#rewind = this.#instantiate();
    }
  }
}

/** A guest without a memory: every pointer is out of bounds, so nothing of a request can be left anywhere. */
function noMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 0, maximum: 0 });
}
