/**
 * `npm run fuzz -- --minutes N [--seed S] [--corpus DIR]`: for as long as told, in turns: random modules through the reader and the
 * rewriter (programs of our own, modules by binaryen's fuzzer, damaged ones), and sessions with the preview1 host. What fails is kept
 * in test/fuzz/regressions, which `npm test` runs through again. With a corpus, small modules from that folder are damaged too.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ModuleMaker } from '../support/wasm-maker.ts';
import { examine } from './examine.ts';
import { Mutator } from './mutate.ts';
import { Prng } from './prng.ts';
import { randomProgram } from './random-program.ts';
import { SessionMutator } from './wasi-mutate.ts';

const regressions = join(import.meta.dirname, 'regressions');
const reportEveryMs = 10_000;

interface Totals {
  programs: number;
  modules: number;
  damaged: number;
  sessions: number;
  calls: number;
  problems: number;
}

class Fuzzer {
  readonly #random: Prng;
  readonly #maker = new ModuleMaker();
  readonly #mutator: Mutator;
  readonly #sessions: SessionMutator;
  readonly #totals: Totals = { programs: 0, modules: 0, damaged: 0, sessions: 0, calls: 0, problems: 0 };

  constructor(seed: number, seeds: readonly Uint8Array[]) {
    this.#random = new Prng(seed);
    this.#mutator = new Mutator(this.#random, seeds);
    this.#sessions = new SessionMutator(this.#random);
  }

  /** @returns the number of problems */
  async run(untilMs: number): Promise<number> {
    let reportAtMs = performance.now() + reportEveryMs;
    while (performance.now() < untilMs) {
      for (let i = 0; i < 20; i++) this.#program();
      await this.#module();
      for (let i = 0; i < 100; i++) this.#damaged();
      for (let i = 0; i < 200; i++) this.#session();
      if (performance.now() < reportAtMs) continue;
      reportAtMs += reportEveryMs;
      this.#report(untilMs);
    }
    this.#report(untilMs);
    this.#maker.close();
    return this.#totals.problems;
  }

  #report(untilMs: number): void {
    const { programs, modules, damaged, sessions, calls, problems } = this.#totals;
    const left = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
    console.log(
      `${programs} programs, ${modules} modules of binaryen, ${calls} calls compared; ${damaged} damaged modules, ` +
        `${this.#mutator.ways} ways of ending; ${sessions} sessions, ${this.#sessions.ways} pairs of answers; ` +
        `${problems} problems; ${left} s to go`,
    );
  }

  #program(): void {
    const random = new Prng(this.#random.u32());
    this.#examine(randomProgram(random), random);
    this.#totals.programs += 1;
  }

  async #module(): Promise<void> {
    const random = new Prng(this.#random.u32());
    const use = random.chance(70) ? 'run' : 'read';
    const bytes = await this.#maker.make(random.bytes(500 + random.below(8000)), use);
    if (WebAssembly.validate(bytes)) this.#examine(bytes, random);
    this.#totals.modules += 1;
  }

  #examine(bytes: Uint8Array<ArrayBuffer>, random: Prng): void {
    const { problems, compared } = examine(bytes, random);
    this.#totals.calls += compared;
    if (problems.length > 0) this.#keep(bytes, problems);
  }

  #damaged(): void {
    const { bytes, problems } = this.#mutator.next();
    this.#totals.damaged += 1;
    if (problems.length > 0) this.#keep(bytes, problems);
  }

  #session(): void {
    const { bytes, problems } = this.#sessions.next();
    this.#totals.sessions += 1;
    if (problems.length > 0) this.#keep(bytes, problems, 'session');
  }

  #keep(bytes: Uint8Array, problems: readonly string[], kind: 'wasm' | 'session' = 'wasm'): void {
    this.#totals.problems += 1;
    const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.${kind}`;
    writeFileSync(join(regressions, name), bytes);
    console.log(`FAILED ${name}: ${problems.slice(0, 3).join('\n    ')}`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, corpus: { type: 'string' } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) {
    console.error(`Cannot fuzz for ${values.minutes} minutes: a number above 0 is wanted`);
    process.exitCode = 2;
    return;
  }
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`seed ${seed}`);
  const own = globSync('*.wasm', { cwd: regressions }).map((name) => join(regressions, name));
  const given = values.corpus === undefined ? [] : globSync(join(values.corpus, '**/*.wasm'));
  const seeds = [...own, ...given].map((path) => readFileSync(path));
  for (let i = 0; i < 20; i++) seeds.push(Buffer.from(randomProgram(new Prng(i))));
  const problems = await new Fuzzer(seed, seeds).run(performance.now() + minutes * 60_000);
  process.exitCode = problems === 0 ? 0 : 1;
}

await main();
