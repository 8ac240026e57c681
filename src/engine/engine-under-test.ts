/** For tests of the engine: functions made of test guests, with one slot each, so that every request follows another one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FunctionName,
  functionName,
  isMayflyError,
  mib,
  type ProjectId,
  projectId,
  systemClock,
} from '../base/mod.ts';
import { defaultLimits, type Limits } from '../config/mod.ts';
import type { InputStream } from '../wasi/mod.ts';
import { buildImage } from './build.ts';
import { CallMeasures } from './call-measures.ts';
import { cgiEnvironment, cgiHost } from './cgi-host.ts';
import type { HttpCall } from './guest-host.ts';
import type { Turns } from './fair-queue.ts';
import { decodeImage } from './image.ts';
import { LoadedImage } from './loaded-image.ts';
import { Scheduler } from './scheduler.ts';
import { send, type SimpleRequest } from './send.ts';
import { Slot } from './slot.ts';
import type { Call, Engine, FunctionSpec, GuestRequest, LoadedFunction, ResponseSink } from './types.ts';

const guestsFolder = join(import.meta.dirname, '..', '..', 'test', 'guests');

/** The bytes of a guest in test/guests. */
export function guestBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(guestsFolder, `${name}.wasm`)));
}

export async function specOf(artifact: Uint8Array, limits: Partial<Limits> = {}): Promise<FunctionSpec> {
  const all = { ...defaultLimits, memoryBytes: 16 * mib, ...limits };
  const { bytes } = await buildImage(artifact, { memoryBytesMax: all.memoryBytes });
  return { project: projectId('test'), name: functionName('guest'), image: bytes, env: {}, limits: all };
}

/** Loads a test guest. */
export async function loadGuest(engine: Engine, name: string, limits: Partial<Limits> = {}): Promise<LoadedFunction> {
  return engine.load(await specOf(guestBytes(name), limits));
}

/** Sends a request. @returns the body as text, or the code of the error that came in its place */
export async function answer(target: LoadedFunction, request: SimpleRequest | string): Promise<string> {
  try {
    const response = await send(target, typeof request === 'string' ? { url: request } : request);
    return new TextDecoder().decode(response.body);
  } catch (error) {
    if (isMayflyError(error)) return error.code;
    throw error;
  }
}

/** What ends an endless loop soon, and what nothing that ends by itself reaches on a machine however busy. */
const cpuMsOf = { 'ends by itself': 60_000, 'never ends': 20 } as const;

/** One slot on its own, to be looked at after each request. */
export class SlotUnderTest implements LoadedFunction {
  readonly project: ProjectId = projectId('test');
  readonly name: FunctionName = functionName('guest');
  readonly measures: CallMeasures = new CallMeasures();
  readonly slot: Slot<HttpCall>;
  readonly owner: Turns = { usedMs: 0, waiting: 0 };
  readonly #scheduler = new Scheduler(systemClock, { sliceMs: 1, tickMs: 0.5 });
  readonly #spec: FunctionSpec;
  readonly #limits: { cpuMs: number; readonly memoryBytes: number };
  #isIdle = true;
  #onIdle: () => void = () => undefined;

  private constructor(spec: FunctionSpec, image: LoadedImage) {
    this.#spec = spec;
    this.#limits = { cpuMs: cpuMsOf['ends by itself'], memoryBytes: spec.limits.memoryBytes };
    this.slot = new Slot<HttpCall>({
      owner: this.owner,
      image,
      scheduler: this.#scheduler,
      limits: this.#limits,
      makeHost: cgiHost(spec),
      measures: this.measures,
      onIdle: () => {
        this.#isIdle = true;
        this.#onIdle();
      },
      onTrap: () => undefined,
    });
  }

  static async make(artifact: Uint8Array, limits: Partial<Limits> = {}): Promise<SlotUnderTest> {
    const spec = await specOf(artifact, limits);
    return new SlotUnderTest(spec, await LoadedImage.load(decodeImage(spec.image)));
  }

  /** What is known of the guests to come: one that never ends is to be ended soon. */
  expectGuest(which: keyof typeof cpuMsOf): void {
    this.#limits.cpuMs = cpuMsOf[which];
  }

  /** Whether the last guest's end has been dealt with: the slot is rewound. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  async untilIdle(): Promise<void> {
    if (!this.#isIdle) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  call(request: GuestRequest, sink: ResponseSink): Call {
    this.#isIdle = false;
    const chosenMs = systemClock.monotonicMs();
    const { wallMs } = this.#spec.limits;
    const environ = cgiEnvironment(this.#spec).of(request);
    const call = { request, sink, environ, chosenMs, deadlineMs: chosenMs + wallMs, wallMs, queueMs: 0 };
    this.slot.run(call);
    return { abort: () => this.slot.abort(call) };
  }

  async close(): Promise<void> {
    await this.#scheduler.close();
  }
}

/** An input whose bytes never come. */
export const silentInput: InputStream = {
  read: () => -1,
  available: () => 0,
  ready: () => false,
  onReady: () => undefined,
};
