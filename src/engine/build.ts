/**
 * From an artifact to an image. Runs in the builder process, which alone touches untrusted bytes:
 *
 *     decode → check → V8's own validation → imports → run the initialisers once → snapshot → rewrite → validate → image
 */
import { digestOf, errorText, MayflyError, mib, systemClock, wasmPageBytes } from '../base/mod.ts';
import { GuestMemory, P1Host, p1Signatures, systemTimers } from '../wasi/mod.ts';
import {
  checkModule,
  decodeModule,
  type FuncType,
  functionNames,
  funcTypeAt,
  hasUnsnapshotableState,
  type Import,
  memoryLayout,
  type Module,
  prepared,
  prepareModule,
  refuseUnbounded,
  rewriteModule,
  type RewrittenModule,
  type Snapshot,
  takeSnapshot,
  valueTypeName,
} from '../wasm/mod.ts';
import { encodeImage, snapshotRuns, type SnapshotRun } from './image.ts';
import { instanceBytes } from './instance-bytes.ts';
import { encodeTrapMap } from './trap-map.ts';
import type { BuiltImage, ImageSettings } from './types.ts';
import { wayOut } from './way-out.ts';

const p1Module = 'wasi_snapshot_preview1';

/**
 * Makes the image of an artifact.
 * @throws MayflyError not_wasm, malformed_module, invalid_module, unsupported_feature, module_too_large, unknown_import,
 * no_entry_point, initialise_failed
 */
export function buildImage(artifact: Uint8Array, settings: ImageSettings): Promise<BuiltImage> {
  // A promise, as building will have to wait for other kinds of artifacts.
  return Promise.resolve().then(() => build(artifact, settings));
}

function build(artifact: Uint8Array, settings: ImageSettings): BuiltImage {
  const bytes = packImage(buildModule(artifact, settings));
  return { digest: digestOf(bytes), bytes };
}

/** The bytes of an image. */
export function packImage({ rewritten, runs }: BuiltModule): Uint8Array {
  return encodeImage({
    abi: 'wasi-p1-cgi',
    reset: rewritten.reset,
    passes: rewritten.passes,
    memories: rewritten.memories.map(({ layout, initialPages }, index) => ({
      ...layout,
      initialPages,
      runs: runs[index] ?? [],
    })),
    instanceBytes: rewritten.instanceBytes,
    imports: rewritten.imports,
    module: rewritten.bytes,
    trapMap: encodeTrapMap(rewritten),
  });
}

/** A rewritten module, and the memory it starts with. */
export interface BuiltModule {
  readonly rewritten: RewrittenModule & {
    readonly imports: readonly string[];
    readonly names: Map<number, string>;
    readonly instanceBytes: number;
  };
  readonly runs: readonly (readonly SnapshotRun[])[];
}

/** The steps of a build before its results are packed. */
export function buildModule(artifact: Uint8Array, settings: ImageSettings): BuiltModule {
  const module = decodeModule(artifact);
  checkModule(module);
  validate(artifact);
  // Before its imports: a program with threads also imports its memory, and that is not what is wrong with it.
  refuseUnbounded(module, 'serving');
  for (const wanted of module.imports) checkImport(module, wanted);
  const { entry, initialisers } = entryPoints(module);
  const { snapshot, runs } = initialise(module, initialisers, settings.memoryBytesMax);
  const rewritten = rewriteModule(module, {
    snapshot,
    entry,
    memoryBytesMax: settings.memoryBytesMax,
    passes: settings.passes ?? { preemption: 'checks', dirty: 'marks' },
  });
  if (!WebAssembly.validate(rewritten.bytes)) {
    throw new MayflyError('internal', {}, { cause: 'the rewritten module is not valid' });
  }
  const imports = module.imports.map(({ name }) => name);
  const names = functionNames(module);
  if (rewritten.reset === 'reinstantiate') refuseLargeInstance(module);
  return { rewritten: { ...rewritten, imports, names, instanceBytes: instanceBytes(module) }, runs };
}

/** What is made anew after each request may take so much: a fresh instance of this size takes V8 ten milliseconds. */
const renewedBytesMax = 2 * mib;

function refuseLargeInstance(module: Module): void {
  const size = instanceBytes(module);
  if (size <= renewedBytesMax) return;
  const what = 'what is made anew for each request, as it grows tables, in bytes';
  throw new MayflyError('module_too_large', { what, size, limit: renewedBytesMax, offset: 0 });
}

const offsetPattern = /@\+(\d+)/;

/** Everything about types, which our own checks leave to V8. @throws MayflyError invalid_module */
function validate(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  let text = 'it is not valid';
  try {
    void new WebAssembly.Module(bytes);
  } catch (error) {
    text = errorText(error);
  }
  const offset = Number(offsetPattern.exec(text)?.[1] ?? 0);
  const reason = text.replace(/^WebAssembly\.Module\(\): /, '').replace(/ @\+\d+$/, '');
  throw new MayflyError('invalid_module', { offset, reason: reason || 'it is not valid' });
}

/** Why an import cannot be provided; undefined when it can. */
export function importProblem(module: Module, entry: Import): MayflyError | undefined {
  const { module: from, name, description, offset } = entry;
  const known = p1Signatures.get(name);
  if (from !== p1Module || known === undefined || description.kind !== 'func') {
    return new MayflyError('unknown_import', { module: from, name, instead: wayOut(from, name) });
  }
  const type = funcTypeAt(module, description.type);
  if (type !== undefined && signatureText(type) === `${known.params.join(' ')} -> ${known.results.join(' ')}`) {
    return undefined;
  }
  const wanted = `${known.params.join(' ')} -> ${known.results.join(' ')}`;
  const reason = `it declares ${from}.${name} with another type than (${wanted})`;
  return new MayflyError('invalid_module', { offset, reason });
}

function checkImport(module: Module, entry: Import): void {
  const problem = importProblem(module, entry);
  if (problem !== undefined) throw problem;
}

function signatureText(type: FuncType): string {
  return `${type.params.map(valueTypeName).join(' ')} -> ${type.results.map(valueTypeName).join(' ')}`;
}

/** What serves a request, and what runs once before. */
export function entryPoints(module: Module): { readonly entry: number; readonly initialisers: readonly number[] } {
  const exported = (name: string): number | undefined => {
    const index = module.exports.find((candidate) => candidate.kind === 'func' && candidate.name === name)?.index;
    const type = index === undefined ? undefined : funcTypeAt(module, module.functionTypes[index] ?? -1);
    return type !== undefined && type.params.length + type.results.length === 0 ? index : undefined;
  };
  const command = exported('_start');
  const handle = exported('handle');
  const entry = command ?? handle;
  if (entry === undefined) throw new MayflyError('no_entry_point', {});
  const initialiser = command === undefined ? exported('_initialize') : undefined;
  return { entry, initialisers: initialiser === undefined ? [] : [initialiser] };
}

/** Instantiates the guest as it is, runs what runs once, and takes down the state it is in then. */
function initialise(
  module: Module,
  initialisers: readonly number[],
  memoryBytesMax: number,
): { snapshot: Snapshot; runs: SnapshotRun[][] } {
  const runsCode = module.start !== undefined || initialisers.length > 0;
  if (runsCode && hasUnsnapshotableState(module)) {
    throw new MayflyError('unsupported_feature', {
      offset: 0,
      feature: 'an initialiser beside references that can change, in globals or tables',
      instead: 'Build it as a command, with _start',
    });
  }
  const { guestPagesMax } = memoryLayout(memoryBytesMax);
  refuseLargeMemory(
    module.spaces.memories.map(({ limits }) => limits.min),
    guestPagesMax,
  );
  const bytes = prepareModule(module, { memoryPagesMax: guestPagesMax, call: initialisers });
  const run = new InitialRun(module, bytes);
  if (module.start !== undefined) run.call(prepared.start);
  for (const index of initialisers) run.call(prepared.func(index));
  const memories = run.memories();
  const pages = memories.map((memory) => memory.byteLength / wasmPageBytes);
  refuseLargeMemory(pages, guestPagesMax);
  const snapshot = takeSnapshot(module, pages, (name) => run.call(name));
  return { snapshot, runs: memories.map((memory) => snapshotRuns(memory)) };
}

/** All memories of an instance have one limit together. */
function refuseLargeMemory(pages: readonly number[], pagesMax: number): void {
  const total = pages.reduce((sum, each) => sum + each, 0);
  if (total <= pagesMax) return;
  throw new MayflyError('module_too_large', {
    what: 'the memory it starts with in bytes',
    size: total * wasmPageBytes,
    limit: pagesMax * wasmPageBytes,
    offset: 0,
  });
}

/** The one instance of the guest that the builder runs, with a host that has no request to offer. */
class InitialRun {
  readonly #module: Module;
  readonly #exports: Record<string, WebAssembly.ExportValue>;
  #entropyDrawn = false;
  #stopped = false;

  constructor(module: Module, bytes: Uint8Array) {
    this.#module = module;
    const imports: Record<string, Record<string, unknown>> = {};
    let memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const calls = (): P1Host['imports'] => {
      const host = new P1Host(
        { memory: new GuestMemory(memory), stop: () => (this.#stopped = true) },
        { clock: systemClock, timers: systemTimers, random: { fill: () => void (this.#entropyDrawn = true) } },
      );
      return host.imports;
    };
    // The guest's memory exists only once it is instantiated, and its start function is not run by that.
    let made: P1Host['imports'] | undefined;
    for (const { module: from, name } of module.imports) {
      const call = (...values: unknown[]): unknown => {
        made ??= calls();
        const target = made[from]?.[name] as ((...args: unknown[]) => unknown) | undefined; // checkImport found it there
        return target?.(...values);
      };
      (imports[from] ??= {})[name] = call;
    }
    this.#exports = this.#guard(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports);
    const exported = this.#exports[prepared.memory(0)];
    if (exported instanceof WebAssembly.Memory) memory = exported;
  }

  call(name: string): unknown {
    const run = this.#exports[name];
    if (typeof run !== 'function') throw new MayflyError('internal', {}, { cause: `no export ${name}` });
    // Reflect.apply answers `any`.
    const result = this.#guard(() => Reflect.apply(run, undefined, []) as unknown);
    if (this.#stopped) throw new MayflyError('initialise_failed', { reason: 'exited' });
    if (this.#entropyDrawn) {
      throw new MayflyError('initialise_failed', { reason: 'drew random bytes, which all requests would share' });
    }
    return result;
  }

  memories(): Uint8Array[] {
    return this.#module.spaces.memories.map((_, index) => {
      const memory = this.#exports[prepared.memory(index)];
      return memory instanceof WebAssembly.Memory ? new Uint8Array(memory.buffer) : new Uint8Array();
    });
  }

  #guard<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw new MayflyError('initialise_failed', { reason: `failed: ${errorText(error)}` }, { cause: error });
    }
  }
}
