import { setFlagsFromString } from 'node:v8';
import { errorText, MayflyError, mib, type ProjectId, systemClock, wasmPageBytes } from '../base/mod.ts';
import { CallMeasures } from './call-measures.ts';
import { cgiEnvironment, cgiHost } from './cgi-host.ts';
import { describeTrap } from './describe-trap.ts';
import { FunctionRuntime } from './function-runtime.ts';
import { decodeImage } from './image.ts';
import { LoadedImage } from './loaded-image.ts';
import { memoriesOfMachine } from './machine-memories.ts';
import { Resources } from './resources.ts';
import { Scheduler } from './scheduler.ts';
import type { Engine, EngineOptions, FunctionSpec, LoadedFunction } from './types.ts';

const defaults = {
  sliceMs: 1,
  tickMs: 0.5,
  queueMax: 4096,
  queueLeast: 16,
  queueWaitMsMax: 30,
  waitingMax: 8192,
  slotsPerFunctionMax: 64,
  slotBytesMax: 1024 * mib,
  memoriesMax: 8192,
} as const;

/** How often slots that nobody needs are given up. */
const trimEveryMs = 5000;

/**
 * Makes an engine that runs functions on the calling thread. `close` it to let the process end.
 *
 * It turns V8's lazy compilation of wasm off for the whole process: a function compiled at its first call would stall
 * everybody on the thread, for 51 ms where it is 96 KB.
 */
export function createEngine(options: EngineOptions = {}): Engine {
  setFlagsFromString('--no-wasm-lazy-compilation');
  return new ThreadEngine(options);
}

class ThreadEngine implements Engine {
  readonly #options: Required<EngineOptions>;
  readonly #scheduler: Scheduler;
  readonly #resources: Resources;
  readonly #functions = new Set<FunctionRuntime>();
  readonly #projects = new Map<ProjectId, CallMeasures>();
  readonly #trimming: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: EngineOptions) {
    this.#options = { ...defaults, ...options };
    const memoriesMax = memoriesOfMachine(this.#options.memoriesMax);
    this.#resources = new Resources(systemClock, { ...this.#options, memoriesMax });
    this.#trimming = setInterval(() => this.#trim(), trimEveryMs).unref();
    this.#scheduler = new Scheduler(systemClock, { sliceMs: this.#options.sliceMs, tickMs: this.#options.tickMs });
  }

  async load(spec: FunctionSpec): Promise<LoadedFunction> {
    this.#refuseWhenClosed();
    const image = await LoadedImage.load(decodeImage(spec.image));
    // It may have been closed while the image was compiled.
    this.#refuseWhenClosed();
    checkMemory(image, spec);
    this.#checkRoom(image);
    const { queueLeast, queueMax, queueWaitMsMax, slotsPerFunctionMax } = this.#options;
    const account = this.#resources.account(spec.project);
    const runtime = new FunctionRuntime({
      account,
      resources: this.#resources,
      name: spec.name,
      image,
      limits: spec.limits,
      scheduler: this.#scheduler,
      queueLeast,
      queueMax,
      queueWaitMsMax,
      slotsMax: slotsPerFunctionMax,
      makeHost: cgiHost(spec),
      environment: cgiEnvironment(spec),
      onTrap: trapLog(spec, image),
      onClosed: (closed) => {
        this.#functions.delete(closed);
        this.#resources.forget(account);
      },
      measures: spec.measures ?? new CallMeasures(this.measuresOf(spec.project)),
    });
    this.#functions.add(runtime);
    await runtime.warm();
    return runtime;
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new MayflyError('engine_closed', {});
  }

  /** A function that could never have a slot is refused before it has a caller. */
  #checkRoom(image: LoadedImage): void {
    const { bytes, memories } = this.#resources;
    const { slotRoom, pristineRoom } = image;
    const wanted = slotRoom.bytes + pristineRoom.bytes;
    const what = { offset: 0, what: 'what an instance starts with in bytes' };
    if (wanted > bytes.oneProjectMax)
      throw new MayflyError('module_too_large', { ...what, size: wanted, limit: Math.floor(bytes.oneProjectMax) });
    const count = slotRoom.memories + pristineRoom.memories;
    if (count > memories.oneProjectMax)
      throw new MayflyError('module_too_large', {
        offset: 0,
        what: 'the number of its memories, twice',
        size: count,
        limit: Math.floor(memories.oneProjectMax),
      });
  }

  measures(): ReadonlyMap<ProjectId, CallMeasures> {
    return this.#projects;
  }

  measuresOf(project: ProjectId): CallMeasures {
    let measures = this.#projects.get(project);
    if (measures === undefined) {
      measures = new CallMeasures();
      this.#projects.set(project, measures);
    }
    return measures;
  }

  beforeTurns(act: () => void): void {
    this.#scheduler.beforeTurns = act;
  }

  #trim(): void {
    for (const runtime of this.#functions) runtime.trim();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#trimming);
    await Promise.all([...this.#functions].map((loaded) => loaded.close()));
    await this.#scheduler.close();
  }
}

function checkMemory(image: LoadedImage, spec: FunctionSpec): void {
  // A guest's memory comes in whole pages.
  const memoryBytes = Math.floor(spec.limits.memoryBytes / wasmPageBytes) * wasmPageBytes;
  const initial = image.initialBytes;
  const most = image.memoryBytesMax;
  if (initial <= memoryBytes && memoryBytes <= most) return;
  const wanted = initial > memoryBytes ? `at least the ${initial} that ${spec.name} starts with` : `at most ${most}`;
  throw new MayflyError('bad_limit', { name: 'memoryBytes', value: String(memoryBytes), wanted });
}

/** Telling where a trap happened takes milliseconds in a large module: a function's traps are placed once in so long. */
const placeTrapEveryMs = 1000;

/** Writes traps to the function's log. */
function trapLog(spec: FunctionSpec, image: LoadedImage): (error: unknown) => void {
  let placedMs = -Infinity;
  return (error) => {
    const now = systemClock.monotonicMs();
    const place = now - placedMs >= placeTrapEveryMs;
    if (place) placedMs = now;
    const text = (place ? describeTrap(image.trapMap, error) : undefined) ?? `trapped: ${errorText(error)}`;
    spec.log?.(new TextEncoder().encode(`${text}\n`));
  };
}
