import { type FunctionName, type ProjectId, systemClock } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import { emptyInput, GuestMemory } from '../wasi/mod.ts';
import { buildImage } from './build.ts';
import { CallMeasures } from './call-measures.ts';
import { cgiEnvironment, cgiHost } from './cgi-host.ts';
import type { HttpCall } from './guest-host.ts';
import { Samples } from './histogram.ts';
import { decodeImage } from './image.ts';
import { LoadedImage } from './loaded-image.ts';
import { Scheduler } from './scheduler.ts';
import { Slot } from './slot.ts';
import type { BenchFunction, BenchReport, LatencySummary } from './tooling-types.ts';
import type { CallTiming, FunctionSpec, GuestRequest, ResponseSink } from './types.ts';

const warmUpCalls = 5000;
/** Fresh instances are slow and heavy: one for so many rewound calls. */
const naiveShare = 10;
/**
 * Calls before it is the other's turn, and the event loop's. The first few pay for what the other has done to caches and heap, which
 * no call of a worker does: they are to be fewer than the one in a hundred that a p99 tells of.
 */
const callsPerTurn = 5000;

const noTiming: CallTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 };

const request: GuestRequest = {
  method: 'GET',
  path: '/hello',
  query: '',
  mountPath: '',
  headers: ['Host', 'localhost', 'User-Agent', 'mayfly-bench', 'Accept', '*/*'],
  httpVersion: '1.1',
  serverName: 'localhost',
  serverPort: 8080,
  remoteAddress: '127.0.0.1',
  remotePort: 50_000,
  body: emptyInput,
  bodyBytes: 0,
};

/** Takes a response and forgets it, but for the timing. */
class TimingSink implements ResponseSink {
  timing: CallTiming = noTiming;

  head(): void {}

  write(chunk: Uint8Array): number {
    return chunk.byteLength;
  }

  onReady(wake: () => void): void {
    wake();
  }

  end(timing: CallTiming): void {
    this.timing = timing;
  }

  /** What goes wrong here goes wrong everywhere: the benchmark ends. */
  fail(error: unknown): void {
    throw error;
  }
}

/**
 * Calls a function over and over on this thread, and measures each step of it.
 * @throws MayflyError what makes the artifact unusable, or its calls fail
 */
export const benchFunction: BenchFunction = async (options) => {
  const built = await buildImage(options.artifact, { memoryBytesMax: options.memoryBytesMax });
  const image = await LoadedImage.load(decodeImage(built.bytes));
  const original = await WebAssembly.compile(options.artifact);
  const scheduler = new Scheduler(systemClock, { sliceMs: 1, tickMs: 0.5 });
  try {
    const spec = specFor(built.bytes, options.memoryBytesMax);
    // The two take turns, so that whatever else the machine does befalls both.
    const rewound = new RewoundBench(image, scheduler, spec, options.calls);
    const naive = new NaiveBench(original, spec, Math.ceil(options.calls / naiveShare));
    const isBeside = options.beside !== 'nothing';
    await rewound.run(warmUpCalls);
    if (isBeside) naive.run(warmUpCalls / naiveShare);
    rewound.forget();
    naive.forget();
    for (let done = 0; done < options.calls; done += callsPerTurn) {
      const calls = Math.min(callsPerTurn, options.calls - done);
      await rewound.run(calls);
      if (isBeside) naive.run(Math.ceil(calls / naiveShare));
      options.onProgress?.(done);
    }
    rewound.end();
    return { ...rewound.report(), naive: summary(naive.samples) };
  } finally {
    await scheduler.close();
  }
};

function specFor(image: Uint8Array, memoryBytes: number): FunctionSpec {
  // Names of nothing but this benchmark.
  const [project, name] = ['bench' as ProjectId, 'bench' as FunctionName];
  return { project, name, image, env: {}, limits: { ...defaultLimits, memoryBytes, cpuMs: 60_000 } };
}

type Step = Exclude<keyof BenchReport, 'naive' | 'ends'>;

/** The product's own way: one slot, rewound after each call. */
class RewoundBench {
  readonly #sink = new TimingSink();
  readonly #slot: Slot<HttpCall>;
  readonly #environ: () => string;
  readonly #calls: number;
  #samples: Record<Step, Samples>;
  #idle: () => void = () => undefined;

  constructor(image: LoadedImage, scheduler: Scheduler, spec: FunctionSpec, calls: number) {
    this.#calls = calls;
    this.#samples = this.#newSamples();
    this.#environ = cgiEnvironment(spec).of(request);
    this.#slot = new Slot<HttpCall>({
      owner: { usedMs: 0, waiting: 0 },
      image,
      scheduler,
      limits: spec.limits,
      makeHost: cgiHost(spec),
      measures: new CallMeasures(),
      onIdle: () => this.#idle(),
      onTrap: () => undefined,
    });
  }

  forget(): void {
    this.#samples = this.#newSamples();
  }

  /** Whoever calls sees to it that the event loop gets its turn. */
  async run(calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) {
      const { promise, resolve } = Promise.withResolvers<number>();
      this.#idle = () => resolve(systemClock.monotonicMs());
      const chosenMs = systemClock.monotonicMs();
      const call = { request, sink: this.#sink, environ: this.#environ, chosenMs };
      this.#slot.run({ ...call, deadlineMs: Infinity, wallMs: Infinity, queueMs: 0 });
      this.#add((await promise) - chosenMs);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Its stack would keep everything, samples and all, for good. */
  end(): void {
    this.#slot.cool();
  }

  #add(totalMs: number): void {
    const { start, guest, rewind, sandbox, total } = this.#samples;
    const { startMs, guestMs } = this.#sink.timing;
    const rewindMs = this.#slot.lastRewindMs;
    start.add(startMs * 1000);
    guest.add(guestMs * 1000);
    rewind.add(rewindMs * 1000);
    sandbox.add((startMs + rewindMs) * 1000);
    total.add(totalMs * 1000);
  }

  #newSamples(): Record<Step, Samples> {
    const make = (): Samples => new Samples(this.#calls);
    return { start: make(), guest: make(), rewind: make(), sandbox: make(), total: make() };
  }

  report(): Omit<BenchReport, 'naive'> {
    const { start, guest, rewind, sandbox, total } = this.#samples;
    return {
      start: summary(start),
      guest: summary(guest),
      rewind: summary(rewind),
      sandbox: summary(sandbox),
      total: summary(total),
      ends: { firstUs: total.ends().first, lastUs: total.ends().last },
    };
  }
}

/** The textbook way: the artifact as it is, and for each call a fresh instance with a memory of its own. */
class NaiveBench {
  samples: Samples;
  readonly #calls: number;
  readonly #module: WebAssembly.Module;
  readonly #makeHost: ReturnType<typeof cgiHost>;
  readonly #call: HttpCall;

  constructor(module: WebAssembly.Module, spec: FunctionSpec, calls: number) {
    this.#module = module;
    this.#calls = calls;
    this.samples = new Samples(calls);
    this.#makeHost = cgiHost(spec);
    const environ = cgiEnvironment(spec).of(request);
    const times = { chosenMs: 0, deadlineMs: Infinity, wallMs: Infinity, queueMs: 0 };
    this.#call = { request, sink: new TimingSink(), environ, ...times };
  }

  forget(): void {
    this.samples = new Samples(this.#calls);
  }

  run(calls: number): void {
    for (let i = 0; i < calls; i++) {
      // The host is made before the clock starts: only the instance is what differs from a rewound slot.
      const late = new LateMemory();
      const memory = new GuestMemory(late);
      const host = this.#makeHost({ memory, stop: () => undefined, timing: () => noTiming });
      const startMs = systemClock.monotonicMs();
      host.bind(this.#call);
      const { exports } = new WebAssembly.Instance(this.#module, host.imports);
      if (exports['memory'] instanceof WebAssembly.Memory) late.memory = exports['memory'];
      runGuest(exports, host);
      host.finish(noTiming);
      host.unbind();
      this.samples.add((systemClock.monotonicMs() - startMs) * 1000);
    }
  }
}

/** A memory that is there only once its instance is. */
class LateMemory {
  memory: WebAssembly.Memory | undefined;
  readonly #none = new ArrayBuffer(0);

  get buffer(): ArrayBuffer {
    return this.memory?.buffer ?? this.#none;
  }
}

/** Nothing stops a guest behind its proc_exit here: it runs into the trap that compilers put there. */
function runGuest(exports: WebAssembly.Instance['exports'], host: { readonly exitCode: number | undefined }): void {
  const { _start: start, _initialize: initialise, handle } = exports;
  try {
    for (const run of start === undefined ? [initialise, handle] : [start]) {
      if (typeof run === 'function') Reflect.apply(run, undefined, []);
    }
  } catch (error) {
    if (host.exitCode !== 0) throw error;
  }
}

function summary(samples: Samples): LatencySummary {
  const { count, p50, p99, p999, p9999, max } = samples.quantiles();
  return { count, p50Us: p50, p99Us: p99, p999Us: p999, p9999Us: p9999, maxUs: max };
}
