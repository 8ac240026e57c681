/**
 * What a sandbox of its own costs a request: `npm run bench:engine [-- --calls N]`. For each guest one slot serves call after
 * call on this thread, and in turns with it a fresh `WebAssembly.Instance` with its own memory does the same work. In µs.
 *
 * - start     choosing the function → entering guest code
 * - guest     the guest's own time, the host calls it makes included
 * - rewind    the slot back to its image, byte for byte
 * - sandbox   start and rewind of one call together
 * - call      all of it
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { mib } from '../src/base/mod.ts';
import { benchFunction, type BenchReport, type LatencySummary } from '../src/engine/mod.ts';

/** Median instance start that Fastly gave to the press for Compute. Another machine, another definition: an order of magnitude. */
const fastlyStartUs = 35.4;

const root = join(import.meta.dirname, '..');
const guests = [
  ['hello, WAT', 'examples/hello-wat/hello.wasm'],
  ['hello, C', 'examples/hello-c/hello.wasm'],
  ['hello, std Rust', 'test/guests/hello-rust.wasm'],
] as const;

const columns = ['guest', 'step', 'p50', 'p99', 'p99.9', 'max', 'naive p50', 'naive p99', 'Fastly'] as const;
const steps = ['start', 'guest', 'rewind', 'sandbox', 'total'] as const satisfies (keyof BenchReport)[];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { calls: { type: 'string', default: '200000' } } });
  const calls = Number(values.calls);
  const model = cpus()[0]?.model ?? 'unknown CPU';
  console.log(`Node ${process.version}, ${availableParallelism()} × ${model}, ${calls} calls a guest, µs\n`);
  const majors = countMajorCollections();
  printRow(columns);
  for (const [name, file] of guests) {
    const report = await benchFunction({ artifact: readFileSync(join(root, file)), calls, memoryBytesMax: 128 * mib });
    for (const step of steps) printStep(name, step, report);
  }
  await new Promise((resolve) => setImmediate(resolve));
  const rss = Math.round(process.memoryUsage.rss() / mib);
  console.log(`\n${majors.count} major collections, fresh instances included; ${rss} MiB resident at the end`);
}

function printStep(name: string, step: (typeof steps)[number], report: BenchReport): void {
  const { p50Us, p99Us, p999Us, maxUs }: LatencySummary = report[step];
  // A fresh instance is to be compared with the whole call, Fastly's figure with a start.
  const naive = step === 'total' ? [report.naive.p50Us, report.naive.p99Us].map(text) : ['', ''];
  const label = step === 'total' ? 'call' : step;
  const fastly = step === 'start' || step === 'sandbox' ? String(fastlyStartUs) : '';
  printRow([name, label, ...[p50Us, p99Us, p999Us, maxUs].map(text), ...naive, fastly]);
}

function text(us: number): string {
  return us < 100 ? us.toFixed(2) : us.toFixed(0);
}

function printRow(cells: readonly string[]): void {
  const [first = '', second = '', ...rest] = cells;
  console.log(first.padEnd(16) + second.padEnd(8) + rest.map((cell) => cell.padStart(10)).join(''));
}

function countMajorCollections(): { count: number } {
  const counter = { count: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // The detail of a `gc` entry: https://nodejs.org/api/perf_hooks.html#garbage-collection-gc-details
      const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
      if (detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR) counter.count += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return counter;
}

await main();
