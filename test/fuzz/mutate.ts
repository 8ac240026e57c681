/**
 * Damaged modules for the reader and the rewriter. What is refused in a new way is kept, to be damaged further: how it is refused
 * tells about as much as which code it came by.
 */
import { isMayflyError } from '../../src/base/mod.ts';
import { checkModule, decodeModule, encodeModule, rewriteModule } from '../../src/wasm/mod.ts';
import { examineAlone } from './examine.ts';
import { cpuMs } from './cpu-time.ts';
import { mutateBytes } from './mutate-bytes.ts';
import type { Prng } from './prng.ts';

const bytesMax = 6000;
const corpusMax = 400;
/** No input this small may take longer. */
const msMax = 2000;

/** What became of one input. */
export interface MutationReport {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly problems: readonly string[];
}

export class Mutator {
  readonly #random: Prng;
  readonly #corpus: Uint8Array[];
  readonly #seen = new Set<string>();

  constructor(random: Prng, seeds: readonly Uint8Array[]) {
    this.#random = random;
    this.#corpus = seeds.filter((bytes) => bytes.byteLength <= bytesMax);
  }

  /** How many ways of ending have been seen. */
  get ways(): number {
    return this.#seen.size;
  }

  next(): MutationReport {
    const bytes = mutateBytes(this.#random, this.#pick(), { keep: 8, other: () => this.#pick() });
    const start = cpuMs();
    const { way, problems } = tryBytes(bytes, this.#random);
    const ms = cpuMs() - start;
    if (ms > msMax) problems.push(`it took ${ms.toFixed(0)} ms`);
    if (!this.#seen.has(way)) {
      this.#seen.add(way);
      if (this.#corpus.length < corpusMax && bytes.byteLength <= bytesMax) this.#corpus.push(bytes);
    }
    return { bytes, problems };
  }

  #pick(): Uint8Array {
    return this.#corpus[this.#random.below(this.#corpus.length)] ?? new Uint8Array();
  }
}

/** Takes `bytes` all the way. @returns how that ended, and what must not be */
export function tryBytes(bytes: Uint8Array<ArrayBuffer>, random: Prng): { way: string; problems: string[] } {
  try {
    const module = decodeModule(bytes);
    checkModule(module);
    encodeModule(module);
    // What V8 refuses is never rewritten to be run; it still must not get stuck in the rewriter.
    if (!WebAssembly.validate(bytes)) {
      const memoryPages = module.spaces.memories.map(({ limits }) => limits.min);
      rewriteModule(module, {
        snapshot: { memoryPages, globals: new Map() },
        entry: undefined,
        memoryBytesMax: 2 ** 24,
        passes: { preemption: 'checks', dirty: 'marks' },
      });
      return { way: 'refused by V8 alone', problems: [] };
    }
    const { problems, refused, endings } = examineAlone(bytes, random);
    return { way: refused ?? [...new Set(endings)].toSorted().join(' '), problems: [...problems] };
  } catch (error) {
    if (!isMayflyError(error)) {
      return { way: 'a fault', problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
    }
    const { offset } = error.params as { offset?: number };
    const outside = offset !== undefined && !(offset >= 0 && offset <= bytes.byteLength);
    const problems = outside ? [`${error.message}: the offset is outside of the module`] : [];
    // V8 has the last word on what is a module; what is fine and not for Mayfly has codes of its own.
    const strict = error.code === 'malformed_module' || error.code === 'invalid_module' || error.code === 'not_wasm';
    if (strict && WebAssembly.validate(bytes)) problems.push(`V8 takes it, and it is refused: ${error.message}`);
    return { way: error.message.replaceAll(/0x[0-9a-f]+|\d+/g, 'N'), problems };
  }
}
