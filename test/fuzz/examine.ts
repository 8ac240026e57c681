/** All that has to hold for a valid module, whatever it is: it comes through the encoder and the rewriter as what it was. */
import { isMayflyError } from '../../src/base/mod.ts';
import {
  checkModule,
  decodeModule,
  funcTypeAt,
  type Module,
  type Passes,
  rewriteModule,
  ValType,
  type ValueType,
} from '../../src/wasm/mod.ts';
import { compareRuns, type DifferentialReport, type GuestCall } from '../support/wasm-differential.ts';
import { openUp, outcomeOf, RewrittenGuest } from '../support/wasm-harness.ts';
import { roundTripProblems } from '../support/wasm-round-trip.ts';
import type { Prng } from './prng.ts';

export interface Examination {
  readonly problems: readonly string[];
  /** The code of the error that refused it, where one did. */
  readonly refused: string | undefined;
  /** Calls that ended alike in the untouched and the rewritten module. */
  readonly compared: number;
  readonly endings: readonly string[];
}

/** Codes that say that a module is fine and not for Mayfly. */
const refusals = new Set(['unsupported_feature', 'module_too_large']);

const callsMax = 24;
const fuel = 200_000;

/** Examines a module that V8 takes, and that ends by itself. */
export function examine(bytes: Uint8Array<ArrayBuffer>, random: Prng): Examination {
  return examineBy(bytes, random, (module, passes) => {
    const interrupted = passes.preemption === 'checks' && random.chance(50);
    const calls = makeCalls(module, random);
    return compareRuns(bytes, { calls, host: makeHost(module), passes, fuel: interrupted ? fuel : undefined });
  });
}

/** Examines a module that V8 takes and that may go on for ever: it is not run untouched. */
export function examineAlone(bytes: Uint8Array<ArrayBuffer>, random: Prng): Examination {
  return examineBy(bytes, random, (module, { dirty }) => {
    const guest = new RewrittenGuest(openUp(bytes), {
      imports: makeHost(module)([]),
      passes: { preemption: 'checks', dirty },
      fuel: fuel / 100,
    });
    const endings = makeCalls(module, random).map(({ index, args }) =>
      guest.call(index, args).replace(/^returned.*/, 'returned'),
    );
    guest.rewind();
    return { problems: guest.residue(), compared: 0, endings };
  });
}

function examineBy(
  bytes: Uint8Array<ArrayBuffer>,
  random: Prng,
  run: (module: Module, passes: Passes) => DifferentialReport,
): Examination {
  const nothing = { compared: 0, endings: [] };
  try {
    const module = decodeModule(bytes);
    checkModule(module);
    const problems = roundTripProblems(bytes, module);
    const passes: Passes = {
      preemption: random.chance(80) ? 'checks' : 'none',
      dirty: random.chance(80) ? 'marks' : 'everything',
    };
    const forServing = refusing(() => rewriteForServing(module, passes));
    if (forServing !== undefined && !WebAssembly.validate(forServing))
      problems.push('rewritten for serving it is not valid');
    const report = run(module, passes);
    return { ...report, problems: [...problems, ...report.problems], refused: undefined };
  } catch (error) {
    if (isBeyondHost(error)) return { ...nothing, problems: [], refused: 'the host has no such thing' };
    if (isMayflyError(error) && refusals.has(error.code)) return { ...nothing, problems: [], refused: error.message };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...nothing, problems: [text], refused: undefined };
  }
}

/** Imports of types that JavaScript has no values of, segments out of bounds, memories that the machine has no room for. */
function isBeyondHost(error: unknown): boolean {
  if (error instanceof WebAssembly.LinkError) return true;
  const known = error instanceof RangeError || error instanceof WebAssembly.RuntimeError;
  return known && error.message.startsWith('WebAssembly.');
}

/** What `run` answers; undefined when it refuses the module. */
function refusing<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isMayflyError(error) && refusals.has(error.code)) return undefined;
    throw error;
  }
}

function rewriteForServing(module: Module, passes: Passes): Uint8Array<ArrayBuffer> {
  const snapshot = { memoryPages: module.spaces.memories.map(({ limits }) => limits.min), globals: new Map() };
  const entry = module.functionTypes.findIndex((type) => {
    const { params, results } = funcTypeAt(module, type) ?? { params: [0], results: [] };
    return params.length + results.length === 0;
  });
  const rewritten = rewriteModule(module, {
    snapshot,
    entry: entry < 0 ? undefined : entry,
    memoryBytesMax: 2 ** 32,
    passes,
  });
  return Uint8Array.from(rewritten.bytes);
}

/** Calls of functions that JavaScript can call, each after the fuzzer's hang limit was set anew. */
function makeCalls(module: Module, random: Prng): GuestCall[] {
  const limiter = module.exports.find(({ name }) => name === 'hangLimitInitializer')?.index;
  const calls: GuestCall[] = [];
  if (module.start !== undefined) calls.push({ index: module.start, args: [] });
  const callable = module.functionTypes.flatMap((type, index) => {
    const { params, results } = funcTypeAt(module, type) ?? { params: [], results: [] };
    const known = [...params, ...results].every((each) => argument(each, random) !== undefined);
    return known && index >= module.imported.funcs ? [{ index, params }] : [];
  });
  const [first, ...others] = callable;
  if (first === undefined) return calls;
  for (let i = 0; i < callsMax; i++) {
    const { index, params } = random.pick([first, ...others]);
    if (limiter !== undefined) calls.push({ index: limiter, args: [] });
    calls.push({ index, args: params.map((type) => argument(type, random)) });
  }
  return calls;
}

/** Something to call a function with; undefined when JavaScript has none of this type. */
function argument(type: ValueType, random: Prng): unknown {
  const small = random.below(65_536);
  switch (type) {
    case ValType.i32:
      return random.pick([0, 1, -1, small, random.u32() | 0]);
    case ValType.i64:
      return random.pick([0n, -1n, BigInt(small), BigInt.asIntN(64, BigInt(random.u32()) * 0x1_0000_0001n)]);
    case ValType.f32:
    case ValType.f64:
      return random.pick([0, -0, 1.5, Infinity, small, Math.fround(random.u32() / 3)]);
    case ValType.funcref:
    case ValType.externref:
      return null;
    default:
      return undefined;
  }
}

/** A host for whatever a module imports. Functions write down what they are called with, and answer zeros. */
function makeHost(module: Module): (log: string[]) => WebAssembly.Imports {
  // Tags and what can change must be one's own: each guest gets a host.
  return (log) => {
    const imports: Record<string, Record<string, unknown>> = {};
    for (const { module: from, name, description } of module.imports) {
      const provide = (value: unknown): void => void ((imports[from] ??= {})[name] = value);
      if (description.kind === 'func') {
        const results = funcTypeAt(module, description.type)?.results ?? [];
        const answers = results.map((type) => (type === ValType.i64 ? 0n : isNumber(type) ? 0 : null));
        provide((...args: unknown[]) => {
          log.push(
            `${name} ${outcomeOf(
              () => args,
              (value) => typeof value,
            )}`,
          );
          if (name === 'throw') throw new Error('the host threw');
          return answers.length > 1 ? answers : answers[0];
        });
      } else if (description.kind === 'global') {
        provide(makeGlobal(description.global));
      } else if (description.kind === 'table') {
        const { min, max } = description.table.limits;
        const element = description.table.element === ValType.externref ? 'externref' : 'anyfunc';
        provide(new WebAssembly.Table({ element, initial: min, ...(max === undefined ? {} : { maximum: max }) }));
      } else if (description.kind === 'memory') {
        const { min, max } = description.memory.limits;
        provide(new WebAssembly.Memory({ initial: min, ...(max === undefined ? {} : { maximum: max }) }));
      } else {
        const params = funcTypeAt(module, description.tag.type)?.params ?? [];
        provide(new WebAssembly.Tag({ parameters: params.map(jsType) }));
      }
    }
    return imports;
  };
}

function makeGlobal({ type, mutable }: { readonly type: ValueType; readonly mutable: boolean }): unknown {
  const value = jsType(type);
  if (value === 'v128') return new WebAssembly.Global({ value: 'v128', mutable });
  const content = type === ValType.i64 ? 7n : isNumber(type) ? 7 : null;
  return new WebAssembly.Global({ value, mutable }, content);
}

function isNumber(type: ValueType): boolean {
  return type === ValType.i32 || type === ValType.f32 || type === ValType.f64;
}

function jsType(type: ValueType): WebAssembly.ValueType {
  const names = new Map<ValueType, WebAssembly.ValueType>([
    [ValType.i32, 'i32'],
    [ValType.i64, 'i64'],
    [ValType.f32, 'f32'],
    [ValType.f64, 'f64'],
    [ValType.v128, 'v128'],
    [ValType.funcref, 'anyfunc'],
  ]);
  return names.get(type) ?? 'externref';
}
