/** Modules of the specification's tests, instantiated as they are or rewritten, and their functions called with exact bits. */
import {
  decodeModule,
  encodeModule,
  type FuncType,
  funcTypeAt,
  type Module,
  rewrittenExports,
  ValType,
} from '../../src/wasm/mod.ts';
import { WasmBuilder } from '../support/wasm-builder.ts';
import { RewrittenGuest } from '../support/wasm-harness.ts';
import { bitsCode, type Constant, type Result } from './spec-values.ts';

/** How modules are run. Those with objects, which are not served, are at least encoded anew. */
export type Mode = 'rewritten' | 'encoded' | 'untouched';

/** Of address space: what of it a test touches is little. */
const memoryPagesMax = 65_000;

/** What other modules and actions see of a module. */
export interface Instance {
  readonly mode: Mode;
  readonly module: Module | undefined;
  readonly exports: Readonly<Record<string, unknown>>;
  /** What a rewind leaves that was not there; nothing for one that was not rewritten. */
  residue(): string[];
}

/** Looks up what a module imports. */
export type Registry = ReadonlyMap<string, Instance>;

/** A module imports the memory of another: a rewritten one shares none, as its image is its own. */
export class SharesMemory extends Error {}

/** The modules that `bytes` imports from. */
export function providersOf(bytes: Uint8Array<ArrayBuffer>, registry: Registry): Instance[] {
  if (!WebAssembly.validate(bytes)) return [];
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  return imports.flatMap(({ module }) => registry.get(module) ?? []);
}

/**
 * @throws MayflyError when it is refused, SharesMemory, WebAssembly's errors when it cannot be linked or traps while it starts
 */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, registry: Registry, mode: Mode): Instance {
  const module = decodeModule(bytes);
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name, description } of module.imports) {
    const provider = registry.get(from);
    if (description.kind === 'memory' && provider?.module !== undefined && mode === 'rewritten')
      throw new SharesMemory();
    (imports[from] ??= {})[name] = provider?.exports[name];
  }
  if (mode !== 'rewritten') {
    const run = mode === 'untouched' ? bytes : Uint8Array.from(encodeModule(module));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(run), imports);
    return { mode, module, exports, residue: () => [] };
  }
  const entry = module.start === undefined ? {} : { entry: module.start };
  const guest = new RewrittenGuest(withHostLimits(withoutThreads(module)), { imports, memoryPagesMax, ...entry });
  if (module.start !== undefined) (guest.exports[rewrittenExports.enter] as () => void)();
  return rewrittenInstance(module, guest);
}

/** The one memory that the host has for modules: https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module */
export const hostMemory = { initial: 1, maximum: 2 } as const;

/** Shared memories are not served; what atomics do to one that nobody shares is tested. */
function withoutThreads(module: Module): Module {
  if (!module.memories.some(({ limits }) => limits.shared)) return module;
  const memories = module.memories.map((each) => ({ ...each, limits: { ...each.limits, shared: false } }));
  return decodeModule(encodeModule({ ...module, memories }));
}

/** The module with the maximum that an imported memory really has: a rewritten one gets a memory of its own in its place. */
function withHostLimits(module: Module): Uint8Array<ArrayBuffer> {
  const imports = module.imports.map((entry) => {
    if (entry.description.kind !== 'memory') return entry;
    const { memory } = entry.description;
    const limits = { ...memory.limits, min: hostMemory.initial, max: hostMemory.maximum };
    return { ...entry, description: { kind: 'memory' as const, memory: { ...memory, limits } } };
  });
  return imports.some(({ description }) => description.kind === 'memory')
    ? Uint8Array.from(encodeModule({ ...module, imports }))
    : Uint8Array.from(module.bytes);
}

function rewrittenInstance(module: Module, guest: RewrittenGuest): Instance {
  const exports: Record<string, unknown> = {};
  for (const { name } of module.exports) exports[name] = guest.exports[rewrittenExports.guest(name)];
  const residue = (): string[] => {
    // A memory that has grown much takes long to look through.
    const bytes = guest.rewritten.memories.reduce((sum, _, index) => sum + guest.physical(index).byteLength, 0);
    if (bytes > 64 * 1024 * 1024) return [];
    guest.rewind();
    return guest.residue();
  };
  return { mode: 'rewritten', module, exports, residue };
}

/** Calls an exported function. @throws whatever it traps with */
export function call(instance: Instance, name: string, args: readonly Constant[]): Result[] {
  const target = instance.exports[name];
  if (typeof target !== 'function') throw new Error(`there is no function ${name}`);
  const type = exportedType(instance, name);
  if (needsWrapper(type)) {
    try {
      return callExactly(target, type, args);
    } catch (error) {
      // A type within a group of types, or below another, cannot be written down by itself.
      if (!(error instanceof WebAssembly.LinkError)) throw error;
    }
  }
  const returned: unknown = Reflect.apply(
    target,
    undefined,
    args.map(({ value }) => value),
  );
  const values: unknown[] =
    type.results.length === 0 ? [] : type.results.length === 1 ? [returned] : (returned as unknown[]);
  return type.results.map((result, index) => resultOf(letterOf(result), values[index]));
}

/** Reads an exported global. */
export function readGlobal(instance: Instance, name: string): Result {
  const global = instance.exports[name];
  if (!(global instanceof WebAssembly.Global)) throw new Error(`there is no global ${name}`);
  const index = instance.module?.exports.find((entry) => entry.name === name && entry.kind === 'global')?.index ?? 0;
  const type = instance.module?.spaces.globals[index];
  const letter = letterOf(type?.type ?? ValType.i32);
  if (letter === 'r' || type === undefined) return resultOf(letter, global.value);
  const builder = new WasmBuilder();
  builder.rawImport('m', 'g', [3, type.type, type.mutable ? 1 : 0]);
  const { letters, code } = bitsCode(letter, 0);
  builder.exportFunction('run', builder.function(builder.type('', letters), letter, [0x23, 0, 0x21, 0, ...code]));
  return fromBits([letter], runWrapper(builder, { g: global }))[0] ?? resultOf('r', undefined);
}

function exportedType({ module }: Instance, name: string): FuncType {
  const index = module?.exports.find((entry) => entry.name === name && entry.kind === 'func')?.index ?? -1;
  const type = module === undefined ? undefined : funcTypeAt(module, module.functionTypes[index] ?? -1);
  return type ?? { params: [], results: [] };
}

function letterOf(type: number): string {
  const letters = new Map<number, string>([
    [ValType.i32, 'i'],
    [ValType.i64, 'I'],
    [ValType.f32, 'f'],
    [ValType.f64, 'F'],
    [ValType.v128, 'v'],
  ]);
  return letters.get(type) ?? 'r';
}

const inexact = new Set(['f', 'F', 'v']);

/** JavaScript has no vectors, and may lose what a NaN holds. */
function needsWrapper({ params, results }: FuncType): boolean {
  const letters = [...params, ...results].map(letterOf);
  return letters.some((letter) => inexact.has(letter)) && !letters.includes('r');
}

/** Calls from within a module made for the call, with constants as arguments and bits for results. */
function callExactly(target: Function, { params, results }: FuncType, args: readonly Constant[]): Result[] {
  const builder = new WasmBuilder();
  const [paramLetters, resultLetters] = [params.map(letterOf), results.map(letterOf)];
  const callee = builder.importFunction('m', 'f', builder.type(paramLetters.join(''), resultLetters.join('')));
  const code = [...args.flatMap((constant) => constant.code), 0x10, callee];
  for (let local = results.length - 1; local >= 0; local--) code.push(0x21, local);
  const parts = resultLetters.map((letter, local) => bitsCode(letter, local));
  code.push(...parts.flatMap((part) => part.code));
  const type = builder.type('', parts.map(({ letters }) => letters).join(''));
  builder.exportFunction('run', builder.function(type, resultLetters.join(''), code));
  return fromBits(resultLetters, runWrapper(builder, { f: target }));
}

function runWrapper(builder: WasmBuilder, imports: Record<string, unknown>): unknown[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(builder.build()), { m: imports });
  const returned: unknown = (exports['run'] as () => unknown)();
  return returned === undefined ? [] : Array.isArray(returned) ? (returned as unknown[]) : [returned];
}

function fromBits(letters: readonly string[], values: readonly unknown[]): Result[] {
  let at = 0;
  const next = (width: number): bigint => BigInt.asUintN(width, BigInt(values[at++] as number | bigint));
  return letters.map((letter) => {
    if (letter === 'v') {
      const low = next(64);
      return { letter, bits: low | (next(64) << 64n) };
    }
    return { letter, bits: next(letter === 'I' || letter === 'F' ? 64 : 32) };
  });
}

function resultOf(letter: string, value: unknown): Result {
  if (letter === 'I') return { letter, bits: BigInt.asUintN(64, value as bigint) };
  if (letter === 'i') return { letter, bits: BigInt((value as number) >>> 0) };
  if (letter === 'f' || letter === 'F') return floatResult(letter, value as number);
  return { letter: 'r', reference: value };
}

/** As JavaScript has it, which is exact but for what a NaN holds. */
function floatResult(letter: string, value: number): Result {
  const view = new DataView(new ArrayBuffer(8));
  if (letter === 'f') {
    view.setFloat32(0, value);
    return { letter, bits: BigInt(view.getUint32(0)) };
  }
  view.setFloat64(0, value);
  return { letter, bits: view.getBigUint64(0) };
}
