import { cpuMs } from './cpu-time.ts';
import { mutateBytes } from './mutate-bytes.ts';
import type { MutationReport } from './mutate.ts';
import type { Prng } from './prng.ts';
import { seedSessions } from './wasi-seeds.ts';
import { makeMemory, packSessions, trySession } from './wasi-session.ts';

const bytesMax = 1500;
const corpusMax = 1000;
/** No session this short may take longer. */
const msMax = 2000;

/** Sessions with the preview1 host. One in which a call is answered as it never was after the one before is kept, to be changed further. */
export class SessionMutator {
  readonly #random: Prng;
  readonly #memory = makeMemory();
  readonly #corpus: Uint8Array[];
  readonly #seen = new Set<string>();

  constructor(random: Prng, seeds: readonly Uint8Array[] = []) {
    this.#random = random;
    this.#corpus = [...seedSessions, ...seeds, ...Array.from({ length: 20 }, () => random.bytes(400))];
  }

  /** How many answers have been seen, told by the answer before them. */
  get ways(): number {
    return this.#seen.size;
  }

  next(): MutationReport {
    const random = this.#random;
    const bytes = random.chance(5)
      ? Uint8Array.from(random.bytes(100 + random.below(bytesMax - 100)))
      : mutateBytes(random, this.#pick(), { keep: 0, other: () => this.#pick() }).subarray(0, bytesMax);
    const start = cpuMs();
    const before = this.#pick();
    const { trace, problems } = trySession(this.#memory, bytes, before);
    const ms = cpuMs() - start;
    if (ms > msMax) problems.push(`it took ${ms.toFixed(0)} ms`);
    if (this.#isNew(trace.answers) && this.#corpus.length < corpusMax) this.#corpus.push(bytes);
    return { bytes: packSessions(bytes, before), problems };
  }

  #isNew(answers: readonly string[]): boolean {
    const before = this.#seen.size;
    answers.forEach((answer, index) => this.#seen.add(`${answers[index - 1] ?? ''} ${answer}`));
    return this.#seen.size > before;
  }

  #pick(): Uint8Array {
    return this.#corpus[this.#random.below(this.#corpus.length)] ?? new Uint8Array();
  }
}
