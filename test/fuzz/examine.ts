/** All that has to hold for a valid module, whatever it is: it comes through the encoder and the rewriter as what it was. */
import { isMayflyError } from '../../src/base/mod.ts';
import { checkModule, decodeModule, funcTypeAt, type Module, type Passes, rewriteModule } from '../../src/wasm/mod.ts';
import { compareRuns, type DifferentialReport } from '../support/wasm-differential.ts';
import { openUp, RewrittenGuest } from '../support/wasm-harness.ts';
import { roundTripProblems } from '../support/wasm-round-trip.ts';
import { makeCalls } from './any-calls.ts';
import { makeHost } from './any-host.ts';
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
