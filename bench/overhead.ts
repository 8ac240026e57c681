/**
 * What the rewriting costs a guest: `npm run bench:overhead [-- --rounds N --kernel NAME --json]`. Kernels in C, each in one
 * process and in turns:
 *
 * - untouched  the module as clang made it, in a plain `WebAssembly.Instance`
 * - native     the same C by this machine's `cc -O2`, where it has one
 * - shift      rewritten for a memory from outside: addresses are shifted, growth and bulk operations go through helpers
 * - checks     … and loops and calls check for an interrupt
 * - served     … and stores mark their pages: what a request gets
 *
 * Figures are time over that of the untouched module in the same round: the median of all rounds, and between which values the
 * middle half of them lies. All code is that of V8's optimising compiler by then.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { rewrittenKernel, type Run, untouchedKernel } from './kernels/kernel-variant.ts';
import { NativeKernel } from './kernels/native-kernel.ts';

const kernels = ['sha256', 'sort', 'json', 'matmul', 'mandelbrot', 'regex'] as const;
const folder = join(import.meta.dirname, 'kernels');

/** How long one sample takes, about, and how long each variant runs before the first. */
const sampleMs = 1;
const warmUpMs = 250;
const warmUpTurns = 3;

/** What is compared with the untouched module, in the order of the columns. */
const variants = ['native', 'shift', 'checks', 'served'] as const;
type Variant = (typeof variants)[number];

/** What the geometric means of these are wanted to be at most. */
const wanted: Partial<Record<Variant, number>> = { checks: 1.1, served: 1.2 };

/** A distribution of ratios. */
interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

interface KernelReport {
  readonly kernel: string;
  readonly untouchedUs: number;
  readonly ratios: Partial<Record<Variant, Spread>>;
}

/** Runs it so many times. @returns how long that took, ns */
type Timer = (runs: number) => number | Promise<number>;

function timerOf(run: Run): Timer {
  return (runs) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < runs; i++) run();
    return Number(process.hrtime.bigint() - start);
  };
}

async function measure(kernel: string, rounds: number, native: NativeKernel | undefined): Promise<KernelReport> {
  const artifact = Uint8Array.from(readFileSync(join(folder, `${kernel}.wasm`)));
  const untouched = timerOf(untouchedKernel(artifact));
  const timers: [Variant, Timer][] = [
    ['shift', timerOf(rewrittenKernel(artifact, { preemption: 'none', dirty: 'everything' }))],
    ['checks', timerOf(rewrittenKernel(artifact, { preemption: 'checks', dirty: 'everything' }))],
    ['served', timerOf(rewrittenKernel(artifact, { preemption: 'checks', dirty: 'marks' }))],
  ];
  if (native !== undefined) timers.push(['native', (runs) => native.time(runs)]);
  const perSample = await warmUp([untouched, ...timers.map(([, timer]) => timer)]);

  const untouchedNs: number[] = [];
  const ratios = new Map<Variant, number[]>(timers.map(([variant]) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    // Half before and half after the others, so that a machine that slows down does not make them look slow.
    let baseNs = await untouched(perSample);
    const found: [Variant, number][] = [];
    const first = round % timers.length;
    for (const [variant, time] of [...timers.slice(first), ...timers.slice(0, first)]) {
      found.push([variant, await time(perSample)]);
    }
    baseNs = (baseNs + (await untouched(perSample))) / 2;
    untouchedNs.push(baseNs / perSample);
    for (const [variant, ns] of found) ratios.get(variant)?.push(ns / baseNs);
  }
  return {
    kernel,
    untouchedUs: spread(untouchedNs).median / 1000,
    ratios: Object.fromEntries([...ratios].map(([variant, values]) => [variant, spread(values)])),
  };
}

/** Runs each until its code is optimised, which V8 does on other threads meanwhile. @returns how many runs make a sample */
async function warmUp(timers: readonly Timer[]): Promise<number> {
  let runs = 1;
  for (let turn = 0; turn < warmUpTurns; turn++) {
    for (const time of timers) {
      let spentNs = 0;
      for (let last = 0; spentNs < (warmUpMs / warmUpTurns) * 1e6; spentNs += last) {
        last = await time(runs);
        if (last < sampleMs * 0.5e6) runs *= 2;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return runs;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** The geometric mean over the kernels; undefined for what was not measured. */
function meanOf(reports: readonly KernelReport[], variant: Variant): number | undefined {
  const medians = reports.flatMap(({ ratios }) => ratios[variant]?.median ?? []);
  if (medians.length === 0) return undefined;
  return Math.exp(medians.reduce((sum, ratio) => sum + Math.log(ratio), 0) / medians.length);
}

/** What is wanted of a variant, and whether its mean is. */
function verdictOn(means: Readonly<Partial<Record<Variant, number>>>): (variant: Variant) => string {
  return (variant) => {
    const most = wanted[variant];
    if (most === undefined) return ''.padStart(20);
    const verdict = (means[variant] ?? Infinity) <= most ? 'reached' : 'not reached';
    return `${most.toFixed(2).padStart(9)} ${verdict.padStart(10)}`.padEnd(20);
  };
}

function cell(found: Spread | undefined): string {
  if (found === undefined) return ''.padStart(20);
  const { median, low, high } = found;
  return `${median.toFixed(3).padStart(9)} ${`${low.toFixed(2)}–${high.toFixed(2)}`.padStart(10)}`;
}

async function compile(kernel: string): Promise<NativeKernel | Error> {
  try {
    return await NativeKernel.compile(join(folder, `${kernel}.c`));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '301' },
      kernel: { type: 'string', multiple: true, default: [...kernels] },
      json: { type: 'boolean', default: false },
    },
  });
  const unknown = values.kernel.find((name) => !kernels.some((kernel) => kernel === name));
  if (unknown !== undefined) {
    console.error(`Cannot measure ${unknown}: there is no such kernel, some of ${kernels.join(', ')} are wanted`);
    return 2;
  }
  // As the engine's processes are started: all code is there before the first call.
  setFlagsFromString('--no-wasm-lazy-compilation');
  const print = (line: string): void => (values.json ? undefined : console.log(line));
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown CPU'}`;
  print(`Node ${process.version}, ${machine}, ${values.rounds} rounds; time over that of the untouched module\n`);
  print(
    `${'kernel'.padEnd(12)}${'untouched'.padStart(13)}${variants.map((name) => name.padStart(9).padEnd(20)).join('')}`,
  );

  const reports: KernelReport[] = [];
  let withoutNative: string | undefined;
  for (const kernel of values.kernel) {
    const native = await compile(kernel);
    if (native instanceof Error) withoutNative = native.message.split('\n')[0];
    const report = await measure(kernel, Number(values.rounds), native instanceof Error ? undefined : native);
    if (!(native instanceof Error)) native.close();
    reports.push(report);
    const cells = variants.map((variant) => cell(report.ratios[variant])).join('');
    print(`${kernel.padEnd(12)}${report.untouchedUs.toFixed(0).padStart(10)} µs${cells}`);
  }
  const means: Partial<Record<Variant, number>> = {};
  for (const variant of variants) {
    const mean = meanOf(reports, variant);
    if (mean !== undefined) means[variant] = mean;
  }
  const cells = variants.map((variant) => (means[variant]?.toFixed(3) ?? '').padStart(9).padEnd(20)).join('');
  print(`${'geometric mean'.padEnd(25)}${cells}`);
  print(`${'wanted, at most'.padEnd(25)}${variants.map(verdictOn(means)).join('')}`);
  if (withoutNative !== undefined) print(`\nNothing native beside: ${withoutNative}`);
  if (values.json) {
    const { version } = process;
    console.log(
      JSON.stringify({ node: version, machine, rounds: Number(values.rounds), reports, means, wanted }, null, 2),
    );
  }
  return 0;
}

process.exitCode = await main();
