/**
 * A slot: one live instance with its memory. It serves one request at a time and is rewound to its image after each.
 *
 *     idle ── run ──► a guest on the thread ──► returned ──► answer ──► unbind ──► rewind ──► idle
 *                        │          ▲
 *                        └► waiting ┘   (for a turn, or parked in a host call)
 */
import { errorText, MayflyError } from '../base/mod.ts';
import { GuestMemory } from '../wasi/mod.ts';
import { engineImports, engineModule, growthRefusedAt, rewrittenExports, Verdict } from '../wasm/mod.ts';
import { CpuMeter } from './cpu-meter.ts';
import type { GuestCall, GuestHost, SlotContext } from './guest-host.ts';
import type { LoadedImage } from './loaded-image.ts';
import type { AwaitsTurn, Scheduler, Waiting } from './scheduler.ts';
import type { CallTiming } from './types.ts';

/** What a guest's end says when nothing went wrong with it. */
type Ending = 'exit' | 'cpu_limit' | 'wall_limit' | 'client_gone';

export interface SlotOptions<C extends GuestCall> {
  /** The project: turns are shared between projects. */
  readonly owner: string;
  readonly image: LoadedImage;
  readonly scheduler: Scheduler;
  readonly limits: { readonly cpuMs: number; readonly memoryBytes: number };
  readonly makeHost: (context: SlotContext) => GuestHost<C>;
  /** The slot has been rewound, or has to be thrown away. */
  readonly onIdle: (slot: Slot<C>, condition: 'rewound' | 'broken') => void;
  /** Gets what cannot be told to the caller: traps with their places. */
  readonly onTrap: (error: unknown) => void;
}

const resumeNormally = 0;
const resumeToTrap = 1;

export class Slot<C extends GuestCall> implements AwaitsTurn, Waiting {
  readonly owner: string;
  deadlineMs = 0;
  /** What the engine's memory budget counts this slot as. */
  accountedBytes = 0;
  /** How long the last rewind took, for benchmarks. */
  lastRewindMs = 0;
  readonly #options: SlotOptions<C>;
  readonly #memories: readonly WebAssembly.Memory[];
  readonly #bytesAtFirst: number;
  readonly #memory: GuestMemory;
  readonly #imports: WebAssembly.Imports;
  readonly #host: GuestHost<C>;
  readonly #meter: CpuMeter;
  #enter: () => Promise<unknown>;
  #rewind: () => void;
  #call: C | undefined;
  #ending: Ending | undefined;
  /** Goes on with a guest that waits. */
  #resume: ((how: number) => void) | undefined;
  #hasYielded = false;
  #isParking = false;
  #startedMs = 0;
  #startMs = 0;

  /** @throws RangeError when the machine has no room for another memory */
  constructor(options: SlotOptions<C>) {
    this.#options = options;
    this.owner = options.owner;
    const { image, scheduler, limits } = options;
    this.#meter = new CpuMeter(scheduler.tickMs);
    this.#memories = image.makeMemories(limits.memoryBytes);
    this.#bytesAtFirst = this.memoryBytes;
    const [first] = this.#memories;
    const memory = new GuestMemory(first ?? noMemory(), image.guestMemoryLayout);
    this.#memory = memory;
    this.#host = options.makeHost({ memory, stop: () => this.#stop('exit'), timing: () => this.timing() });
    this.#imports = this.#makeImports();
    ({ enter: this.#enter, rewind: this.#rewind } = this.#instantiate());
  }

  /** Bytes of memory that this slot holds. */
  get memoryBytes(): number {
    return this.#memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  }

  /** Whether a guest has made it larger than it was. */
  get hasGrown(): boolean {
    return this.memoryBytes > this.#bytesAtFirst;
  }

  /** Serves one request. `chosenMs` is when the function was chosen, on the monotonic clock. */
  run(call: C): void {
    const { scheduler } = this.#options;
    this.#call = call;
    this.#ending = undefined;
    this.deadlineMs = call.deadlineMs;
    this.#hasYielded = false;
    this.#meter.reset();
    this.#host.bind(call);
    scheduler.enterGuest();
    const now = scheduler.clock.monotonicMs();
    this.#startedMs = now;
    this.#startMs = now - call.chosenMs;
    this.#meter.start(now);
    const returned = this.#enter();
    if (scheduler.takeReturned()) this.#complete(undefined);
    else returned.then(() => this.#complete(undefined), this.#complete);
  }

  /** Ends the guest of `call`, if it is still there. */
  abort(call: C): void {
    if (this.#call === call) this.#kill('client_gone');
  }

  /** What is known of the call's timing now. */
  timing(): CallTiming {
    const guestMs = this.#options.scheduler.clock.monotonicMs() - this.#startedMs;
    const queueMs = this.#call?.queueMs ?? 0;
    return { startMs: this.#startMs, queueMs, guestMs, cpuMs: 0 };
  }

  takeTurn(): void {
    if (this.#resume === undefined) return;
    const late = this.#options.scheduler.clock.monotonicMs() > this.deadlineMs;
    if (late) this.expire();
    else this.#continue(resumeNormally);
  }

  expire(): void {
    this.#kill('wall_limit');
  }

  /** Whether every byte of the guest's memory is as the image has it. For tests: reads it all. */
  matchesImage(): boolean {
    return this.#options.image.matches(this.#memories);
  }

  #instantiate(): { enter: () => Promise<unknown>; rewind: () => void } {
    const { exports } = new WebAssembly.Instance(this.#options.image.module, this.#imports);
    const enter = exports[rewrittenExports.enter];
    const rewind = exports[rewrittenExports.rewind];
    if (typeof enter !== 'function' || typeof rewind !== 'function') {
      throw new MayflyError('image_corrupt', { reason: 'its module lacks an export' });
    }
    // The rewriter made it: () → ().
    return { enter: WebAssembly.promising(enter), rewind: rewind as () => void };
  }

  #makeImports(): WebAssembly.Imports {
    const { image, scheduler } = this.#options;
    const engine: Record<string, unknown> = {
      [engineImports.preempt]: () => this.#preempt(),
      [engineImports.yield]: new WebAssembly.Suspending(() => this.#yield()),
      [engineImports.park]: new WebAssembly.Suspending(() => this.#park()),
      [engineImports.flags]: scheduler.flagsMemory,
    };
    this.#memories.forEach((memory, index) => {
      engine[engineImports.memory(index)] = memory;
      engine[engineImports.image(index)] = image.pristine(index);
    });
    return { ...this.#host.imports, [engineModule]: engine };
  }

  /** The guest saw the interrupt: what is it to do? */
  #preempt(): Verdict {
    const { scheduler, limits } = this.#options;
    scheduler.acknowledge();
    if (this.#ending !== undefined) return Verdict.trap;
    const now = scheduler.clock.monotonicMs();
    const usedMs = this.#meter.interrupt(now);
    if (usedMs > limits.cpuMs) this.#ending = 'cpu_limit';
    else if (now > this.deadlineMs) this.#ending = 'wall_limit';
    if (this.#ending !== undefined) return Verdict.trap;
    // Most guests are done before the first interrupt: one that is not lets the others go first.
    const gaveWay = this.#hasYielded || !scheduler.isContended;
    return this.#meter.stretchMs(now) >= scheduler.sliceMs || !gaveWay ? Verdict.yield : Verdict.goOn;
  }

  #yield(): Promise<number> | number {
    if (this.#ending !== undefined) return resumeToTrap;
    this.#giveBackThread();
    this.#hasYielded = true;
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#options.scheduler.queueTurn(this, 'yielded');
    });
  }

  #park(): Promise<number> | number {
    if (this.#ending !== undefined) return resumeToTrap;
    this.#giveBackThread();
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#options.scheduler.watch(this);
      this.#isParking = true;
      this.#host.whenReady(this.#wake);
      this.#isParking = false;
    });
  }

  /** @returns CPU time of the call so far, ms */
  #giveBackThread(): number {
    const now = this.#options.scheduler.clock.monotonicMs();
    this.#options.scheduler.spend(this.#meter.stretchMs(now));
    return this.#meter.stop(now);
  }

  readonly #wake = (): void => {
    this.#options.scheduler.forget(this);
    // Woken before it has even parked: were it to go on at once, a stream that is never ready could hold the thread for ever.
    if (this.#isParking) this.#options.scheduler.queueTurn(this, 'yielded');
    else this.#continue(resumeNormally);
  };

  /** A guest that does not wait, because it is gone or was woken twice, is left alone. */
  #continue(how: number): void {
    const resume = this.#resume;
    if (resume === undefined) return;
    this.#resume = undefined;
    const { scheduler } = this.#options;
    scheduler.enterGuest();
    this.#meter.start(scheduler.clock.monotonicMs());
    resume(how);
  }

  /** From within a host call: the guest ends at the check that follows. */
  #stop(ending: Ending): void {
    this.#ending ??= ending;
    this.#options.scheduler.interrupt();
  }

  #kill(ending: Ending): void {
    this.#stop(ending);
    this.#options.scheduler.forget(this);
    this.#continue(resumeToTrap);
  }

  readonly #complete = (thrown: unknown): void => {
    const call = this.#call;
    if (call === undefined) return;
    const cpuMs = this.#giveBackThread();
    const timing: CallTiming = { ...this.timing(), cpuMs };
    this.#options.scheduler.forget(this);
    const failure = this.#failure(thrown);
    this.#call = undefined;
    try {
      if (failure === undefined) this.#host.finish(timing);
      else this.#host.fail(failure, timing);
    } catch (error) {
      // Whoever takes the answer failed at it; the slot has nothing to do with that.
      this.#options.onTrap(error);
    } finally {
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
    const { image, limits } = this.#options;
    const refused = this.#memories.some((memory, index) => {
      const at = image.memories[index]?.engineWords ?? 0;
      return new Uint8Array(memory.buffer, at + growthRefusedAt, 1)[0] === 1;
    });
    return refused ? new MayflyError('memory_limit', { limitBytes: limits.memoryBytes }) : undefined;
  }

  #reset(): void {
    const { clock } = this.#options.scheduler;
    const before = clock.monotonicMs();
    let condition: 'rewound' | 'broken' = 'rewound';
    try {
      this.#rewind();
      this.#memory.rewound();
      if (this.#options.image.reset === 'reinstantiate') {
        ({ enter: this.#enter, rewind: this.#rewind } = this.#instantiate());
      }
    } catch (error) {
      condition = 'broken';
      this.#options.onTrap(error);
    }
    this.lastRewindMs = clock.monotonicMs() - before;
    this.#options.scheduler.spend(this.lastRewindMs);
    this.#options.onIdle(this, condition);
  }
}

/** A guest without a memory: every pointer is out of bounds, so nothing of a request can be left anywhere. */
function noMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 0, maximum: 0 });
}
