/**
 * The functions of a worker, loaded when they are needed. A node can have thousands, of which few are busy; loading them all takes
 * seconds and hundreds of megabytes.
 *
 *     on disk ──── first request, or warmed behind ────► loading ────► loaded (compiled, with slots)
 *        ▲                                                  │                 │
 *        ├── failed: tried again by a request, not at once ─┘                 │
 *        └──────── the one that was used least recently, when there are too many ◄┘
 *
 * Requests that come while their function is being loaded wait for that one load together. Loads that somebody waits for go
 * before those that nobody does.
 */
import { type FunctionName, isMayflyError, MayflyError, type ProjectId } from '../base/mod.ts';
import { type Call, CallMeasures, type GuestRequest, type LoadedFunction, type ResponseSink } from '../engine/mod.ts';
import { loadRetryFirstMs, loadRetryMaxMs, loadWaitersMax } from './limits.ts';
import type { DeployedVersion } from './protocol.ts';
import { WaitingCall } from './waiting-call.ts';

/** A function in memory. */
export interface Opened {
  readonly loaded: LoadedFunction;
  /** The size of its image, which is about what it holds of memory apart from its slots. */
  readonly imageBytes: number;
}

export interface ShelfOptions {
  /** Brings a version into memory, off this thread as far as that can be. Its calls are counted in `measures`. */
  readonly load: (version: DeployedVersion, measures: CallMeasures) => Promise<Opened>;
  /** Where the calls of a project are counted. */
  readonly measuresOf: (project: ProjectId) => CallMeasures;
  /** A load failed that nobody waited for; whoever waits is told. */
  readonly failed: (version: DeployedVersion, error: unknown) => void;
  readonly nowMs: () => number;
  /** Functions that are loaded at once. */
  readonly loadsMax: number;
  /** Functions in memory, and the bytes of their images together. One that is in use stays. */
  readonly loadedMax: number;
  readonly loadedBytesMax: number;
}

export class FunctionShelf {
  readonly #options: ShelfOptions;
  readonly #all = new Set<ShelvedFunction>();
  /** To be loaded: because somebody waits for them, and because there is time. */
  readonly #wanted = new Set<ShelvedFunction>();
  readonly #behind = new Set<ShelvedFunction>();
  #loading = 0;
  #uses = 0;
  #usesTaken = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Puts a function on the shelf. Nothing of it is in memory yet. */
  place(version: DeployedVersion): ShelvedFunction {
    const { project } = version;
    const placed: ShelvedFunction = new ShelvedFunction({
      version,
      measures: new CallMeasures(this.#options.measuresOf(project)),
      nowMs: this.#options.nowMs,
      want: () => this.#want(placed),
      stampUse: () => ++this.#uses,
    });
    this.#all.add(placed);
    return placed;
  }

  /** Takes a function off the shelf: it takes no more calls, and goes when those under way are done. */
  async remove(placed: ShelvedFunction): Promise<void> {
    this.#all.delete(placed);
    this.#wanted.delete(placed);
    this.#behind.delete(placed);
    await placed.close();
  }

  /** The functions that were called since this was asked before, the last one at the end. */
  takeUsed(): ShelvedFunction[] {
    const used = [...this.#all].filter(({ lastUse }) => lastUse > this.#usesTaken);
    this.#usesTaken = this.#uses;
    return used.toSorted((a, b) => a.lastUse - b.lastUse);
  }

  /** Loads a function that is to take traffic, if it is not there already. @throws MayflyError why it cannot be */
  ready(placed: ShelvedFunction): Promise<void> {
    const loaded = placed.whenLoaded();
    this.#want(placed);
    return loaded;
  }

  /** Loads these one after the other, when nothing else is to be loaded. */
  warmBehind(placed: Iterable<ShelvedFunction>): void {
    for (const one of placed) if (one.isOnDisk) this.#behind.add(one);
    this.#next();
  }

  #want(placed: ShelvedFunction): void {
    if (!placed.isOnDisk || !this.#all.has(placed)) return;
    this.#behind.delete(placed);
    this.#wanted.add(placed);
    this.#next();
  }

  #next(): void {
    while (this.#loading < this.#options.loadsMax) {
      const [wanted] = this.#wanted;
      // What nobody waits for is loaded one at a time, and not beyond what there is room for: that would only put out another.
      const [behind] = this.#loading === 0 && this.#hasRoom() ? this.#behind : [];
      const next = wanted ?? behind;
      if (next === undefined) return;
      this.#wanted.delete(next);
      this.#behind.delete(next);
      if (next.isOnDisk) void this.#load(next);
    }
  }

  async #load(placed: ShelvedFunction): Promise<void> {
    this.#loading += 1;
    const { version, measures } = placed;
    placed.loading();
    try {
      const opened = await this.#options.load(version, measures);
      placed.opened(opened);
      this.#evict(placed);
    } catch (error) {
      if (placed.failed(error) === 'nobody was told') this.#options.failed(version, error);
    }
    // The event loop has its turn before the next one.
    setImmediate(() => {
      this.#loading -= 1;
      this.#next();
    });
  }

  #hasRoom(): boolean {
    const { count, bytes } = this.#held();
    return count < this.#options.loadedMax && bytes < this.#options.loadedBytesMax;
  }

  #held(): { count: number; bytes: number } {
    let [count, bytes] = [0, 0];
    for (const { imageBytes } of this.#all) {
      if (imageBytes === undefined) continue;
      count += 1;
      bytes += imageBytes;
    }
    return { count, bytes };
  }

  /** Puts out what was used least recently, until there is room again; `newest` stays. */
  #evict(newest: ShelvedFunction): void {
    let { count, bytes } = this.#held();
    while (count > this.#options.loadedMax || bytes > this.#options.loadedBytesMax) {
      let oldest: ShelvedFunction | undefined;
      for (const one of this.#all) {
        if (one === newest || one.imageBytes === undefined) continue;
        if (oldest === undefined || one.lastUse < oldest.lastUse) oldest = one;
      }
      if (oldest === undefined) return;
      count -= 1;
      bytes -= oldest.imageBytes ?? 0;
      oldest.evict();
    }
  }
}

interface ShelvedOptions {
  readonly version: DeployedVersion;
  readonly measures: CallMeasures;
  readonly nowMs: () => number;
  /** It is to be loaded soon. */
  readonly want: () => void;
  /** @returns a number that is higher with each use of any function */
  readonly stampUse: () => number;
}

type State =
  | { readonly kind: 'on disk' | 'loading' | 'removed' }
  | { readonly kind: 'loaded'; readonly opened: Opened }
  /** It is not tried again before `againMs`. */
  | { readonly kind: 'failed'; readonly error: MayflyError; readonly againMs: number; readonly delayMs: number };

/** A function on the shelf. To the gateway it is a function like any other. */
export class ShelvedFunction implements LoadedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly measures: CallMeasures;
  readonly version: DeployedVersion;
  readonly #options: ShelvedOptions;
  /** The function when it is in memory: what nearly every call finds. */
  #loaded: LoadedFunction | undefined;
  #state: State = { kind: 'on disk' };
  #failures = 0;
  readonly #waiting = new Set<WaitingCall>();
  /** Those that wait for it to be loaded, without a call. */
  #whenLoaded: PromiseWithResolvers<void> | undefined;
  lastUse = 0;

  constructor(options: ShelvedOptions) {
    this.#options = options;
    this.version = options.version;
    this.project = options.version.project;
    this.name = options.version.name;
    this.measures = options.measures;
  }

  /** Whether it could be loaded now. */
  get isOnDisk(): boolean {
    const state = this.#state;
    return state.kind === 'on disk' || (state.kind === 'failed' && this.#options.nowMs() >= state.againMs);
  }

  /** What it holds; undefined when it is not in memory. */
  get imageBytes(): number | undefined {
    return this.#state.kind === 'loaded' ? this.#state.opened.imageBytes : undefined;
  }

  call(request: GuestRequest, sink: ResponseSink): Call {
    this.lastUse = this.#options.stampUse();
    return this.#loaded === undefined ? this.#callLater(request, sink) : this.#loaded.call(request, sink);
  }

  /** From LoadedFunction; the shelf's `remove` calls it. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: 'removed' };
    this.#loaded = undefined;
    this.#refuseAll(new MayflyError('overloaded', {}));
    if (state.kind === 'loaded') await state.opened.loaded.close();
  }

  /** Is fulfilled when it has been loaded. @throws MayflyError why it could not be */
  whenLoaded(): Promise<void> {
    if (this.#loaded !== undefined) return Promise.resolve();
    const state = this.#state;
    if (state.kind === 'failed') this.#state = { kind: 'on disk' };
    this.#whenLoaded ??= Promise.withResolvers();
    return this.#whenLoaded.promise;
  }

  /** For the shelf: the load has begun. */
  loading(): void {
    this.#state = { kind: 'loading' };
  }

  /** For the shelf: it is in memory. */
  opened(opened: Opened): void {
    if (this.#state.kind === 'removed') {
      void opened.loaded.close();
      return;
    }
    this.#state = { kind: 'loaded', opened };
    this.#loaded = opened.loaded;
    this.#failures = 0;
    this.#whenLoaded?.resolve();
    this.#whenLoaded = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.goOn(opened.loaded);
  }

  /** For the shelf: it could not be loaded. */
  failed(error: unknown): 'told' | 'nobody was told' {
    const told = this.#whenLoaded !== undefined || this.#waiting.size > 0;
    const problem = isMayflyError(error) ? error : new MayflyError('internal', {}, { cause: error });
    if (this.#state.kind !== 'removed') {
      const delayMs = Math.min(loadRetryFirstMs * 2 ** this.#failures, loadRetryMaxMs);
      this.#failures += 1;
      this.#state = { kind: 'failed', error: problem, againMs: this.#options.nowMs() + delayMs, delayMs };
    }
    this.#refuseAll(problem);
    return told ? 'told' : 'nobody was told';
  }

  /** For the shelf: it goes out of memory once its calls are done; the next call brings it back. */
  evict(): void {
    const state = this.#state;
    if (state.kind !== 'loaded') return;
    this.#state = { kind: 'on disk' };
    this.#loaded = undefined;
    void state.opened.loaded.close();
  }

  #callLater(request: GuestRequest, sink: ResponseSink): Call {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.measures.refused(refusal.code);
      sink.fail(refusal, noTiming);
      return overCall;
    }
    const waiting = new WaitingCall(request, sink, {
      chosenMs: this.#options.nowMs(),
      nowMs: this.#options.nowMs,
      wallMs: this.version.limits.wallMs,
      left: (call, code) => {
        this.#waiting.delete(call);
        this.measures.refused(code);
      },
    });
    this.#waiting.add(waiting);
    this.#options.want();
    return waiting;
  }

  /** Why a call cannot even wait. */
  #refusal(): MayflyError | undefined {
    const state = this.#state;
    if (state.kind === 'removed' || this.#waiting.size >= loadWaitersMax) return new MayflyError('overloaded', {});
    return state.kind === 'failed' && !this.isOnDisk ? state.error : undefined;
  }

  #refuseAll(error: MayflyError): void {
    this.#whenLoaded?.reject(error);
    this.#whenLoaded = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) {
      this.measures.refused(error.code);
      call.refuse(error);
    }
  }
}

/** A call that was over before it began. */
const overCall: Call = { abort: () => undefined };

const noTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 } as const;
