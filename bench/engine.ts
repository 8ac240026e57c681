/**
 * What a sandbox of its own costs a request: `npm run bench:engine [-- --calls N]`. For each guest one slot serves call after
 * call on this thread, and in turns with it a fresh `WebAssembly.Instance` with its own memory does the same work. In µs.
 *
 * - start     choosing the function → entering guest code
 * - guest     the guest's own time, the host calls it makes included
 * - rewind    the slot back to its image, byte for byte
 * - sandbox   start and rewind of one call together
 * - call      all of it
 *
 * Then one slot serves a million calls with nothing beside: whether the last are as fast as the first, and what is left behind.
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

/** What the sandbox of a guest is wanted to cost at most, µs; of the first nothing. */
const wanted: Readonly<Record<string, { readonly p50Us: number; readonly p99Us: number }>> = {
  'hello, C': { p50Us: 3, p99Us: 10 },
  'hello, std Rust': { p50Us: 10, p99Us: 60 },
};
/** How many times longer a fresh instance's call is wanted to take, at the 99th percentile. */
const naiveTimesMin = 20;

const flatGuest = 'examples/hello-c/hello.wasm';
const flatWanted = { lastToFirstMax: 1.2, majorsMax: 5, residentMibMax: 32 } as const;

const columns = ['guest', 'step', 'p50', 'p99', 'p99.9', 'max', 'naive p50', 'naive p99', 'Fastly'] as const;
const steps = ['start', 'guest', 'rewind', 'sandbox', 'total'] as const satisfies (keyof BenchReport)[];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '200000' }, 'flat-calls': { type: 'string', default: '1000000' } },
  });
  const calls = Number(values.calls);
  const model = cpus()[0]?.model ?? 'unknown CPU';
  console.log(`Node ${process.version}, ${availableParallelism()} × ${model}, ${calls} calls a guest, µs\n`);
  const majors = countMajorCollections();
  printRow(columns);
  const verdicts: string[] = [];
  for (const [name, file] of guests) {
    const report = await benchFunction({ artifact: readFileSync(join(root, file)), calls, memoryBytesMax: 128 * mib });
    for (const step of steps) printStep(name, step, report);
    verdicts.push(...judge(name, report));
  }
  console.log(`\n${verdicts.join('\n')}`);
  await new Promise((resolve) => setImmediate(resolve));
  const rss = Math.round(process.memoryUsage.rss() / mib);
  console.log(`\n${majors.count} major collections, fresh instances included; ${rss} MiB resident at the end`);
  await measureFlatness(Number(values['flat-calls']), majors);
}

function judge(name: string, { sandbox, total, naive }: BenchReport): string[] {
  const most = wanted[name];
  const times = naive.p99Us / total.p99Us;
  const verdicts = [
    verdict(`${name}: a call of a fresh instance, p99`, `${times.toFixed(1)} times`, times >= naiveTimesMin, {
      wanted: `${naiveTimesMin} or more`,
    }),
  ];
  if (most === undefined) return verdicts;
  const line = (share: 'p50Us' | 'p99Us'): string =>
    verdict(`${name}: sandbox, ${share.slice(0, 3)}`, `${text(sandbox[share])} µs`, sandbox[share] <= most[share], {
      wanted: `${most[share]} or less`,
    });
  return [line('p50Us'), line('p99Us'), ...verdicts];
}

/** Whether one slot is as good after a million calls as it was new. */
async function measureFlatness(calls: number, majors: { count: number }): Promise<void> {
  const artifact = readFileSync(join(root, flatGuest));
  // The samples have their room before the clock starts.
  const majorsBefore = majors.count;
  const residentBefore = process.memoryUsage.rss();
  let residentAfter = residentBefore;
  // Not once it is over: to sort the samples takes copies of them.
  const onProgress = (done: number): void => {
    if (done >= calls * 0.999) residentAfter = process.memoryUsage.rss();
  };
  const options = { artifact, calls, memoryBytesMax: 128 * mib, beside: 'nothing', onProgress } as const;
  const { total, ends } = await benchFunction(options);
  await new Promise((resolve) => setImmediate(resolve));
  const ratio = ends.lastUs / ends.firstUs;
  const collections = majors.count - majorsBefore;
  const samplesBytes = 5 * calls * Float64Array.BYTES_PER_ELEMENT;
  const grownMib = (residentAfter - residentBefore - samplesBytes) / mib;
  const { p50Us, p99Us, p999Us, p9999Us, maxUs } = total;
  console.log(`\n${calls} calls of one slot, hello in C, nothing beside:`);
  console.log(
    `call p50 ${text(p50Us)}, p99 ${text(p99Us)}, p99.9 ${text(p999Us)}, p99.99 ${text(p9999Us)}, max ${text(maxUs)} µs`,
  );
  const { lastToFirstMax, majorsMax, residentMibMax } = flatWanted;
  console.log(
    [
      verdict('the last tenth to the first, p50', ratio.toFixed(2), ratio <= lastToFirstMax, {
        wanted: `${lastToFirstMax} or less`,
      }),
      verdict('major collections', String(collections), collections <= majorsMax, { wanted: `${majorsMax} or less` }),
      verdict('resident memory grown by, MiB', grownMib.toFixed(0), grownMib <= residentMibMax, {
        wanted: `${residentMibMax} or less`,
      }),
    ].join('\n'),
  );
}

function verdict(what: string, found: string, isReached: boolean, { wanted: aim }: { wanted: string }): string {
  return `${what.padEnd(52)}${found.padStart(14)}   wanted ${aim}: ${isReached ? 'reached' : 'not reached'}`;
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
