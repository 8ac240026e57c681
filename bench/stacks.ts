/**
 * What it costs to run guests on a stack of their own, so that they can wait: `npm run bench:stacks [-- --calls N]`. Three ways, each in
 * a process of its own, a million calls of a function that does next to nothing:
 *
 * - no stack    a plain call: the guest cannot wait
 * - one each    `WebAssembly.promising`, a stack for each call
 * - one for all one call for good, which suspends between two guests: what a slot does, see docs/decisions/0010
 *
 * Each call leaves some garbage that lives for a turn of the event loop, as a request does.
 */
import { spawnSync } from 'node:child_process';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { assemble } from '../test/support/wasm-text.ts';
import { Report } from './support/report.ts';

const guest = `(module
  (import "e" "next" (func $next (result i32)))
  (memory 1)
  (func $work (export "work") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
  (func (export "serve") (loop $more (if (call $next) (then (call $work) (br $more))))))`;

const ways = ['no stack', 'one each', 'one for all'] as const;
type Way = (typeof ways)[number];

const callsPerTurn = 64;
const widths = [12, 13, 12, 12, 12, 12] as const;

/** What one way found. */
interface Found {
  readonly cpuUs: number;
  readonly scavenges: number;
  readonly scavengesMs: number;
  readonly majors: number;
  readonly majorsMs: number;
}

function makeCall(way: Way): () => void {
  let resume: ((more: number) => void) | undefined;
  const next = new WebAssembly.Suspending(
    () =>
      new Promise<number>((resolve) => {
        resume = resolve;
      }),
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(guest)), { e: { next } });
  // Both are () → (), as the text above has them.
  const { work, serve } = exports as Record<'work' | 'serve', () => void>;
  if (way === 'no stack') return work;
  if (way === 'one each') {
    const call = WebAssembly.promising(work);
    return () => void call();
  }
  void WebAssembly.promising(serve)();
  return () => resume?.(1);
}

async function measure(way: Way, calls: number): Promise<Found> {
  const collections = new Map<number | undefined, number[]>();
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // The detail of a `gc` entry: https://nodejs.org/api/perf_hooks.html#garbage-collection-gc-details
      const { detail, duration } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
      collections.set(detail?.kind, [...(collections.get(detail?.kind) ?? []), duration]);
    }
  }).observe({ entryTypes: ['gc'] });
  const call = makeCall(way);
  const turn: object[] = [];
  const run = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      call();
      turn.push({ at, headers: Array<number>(10).fill(at) });
      // A guest that is resumed runs in a microtask.
      await Promise.resolve();
      if (at % callsPerTurn !== 0) continue;
      turn.length = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await run(calls / 10);
  collections.clear();
  const before = process.cpuUsage();
  await run(calls);
  const { user, system } = process.cpuUsage(before);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const sum = (kind: number): { count: number; ms: number } => {
    const all = collections.get(kind) ?? [];
    return { count: all.length, ms: all.reduce((total, ms) => total + ms, 0) };
  };
  const scavenges = sum(constants.NODE_PERFORMANCE_GC_MINOR);
  const majors = sum(constants.NODE_PERFORMANCE_GC_MAJOR);
  return {
    cpuUs: (user + system) / calls,
    scavenges: scavenges.count,
    scavengesMs: scavenges.ms,
    majors: majors.count,
    majorsMs: majors.ms,
  };
}

function main(calls: number): void {
  const report = new Report('text');
  report.say(`\n${calls} calls each\n`);
  report.row(['stacks', 'CPU µs/call', 'scavenges', 'ms each', 'majors', 'ms each'], widths);
  for (const way of ways) {
    const args = [...process.execArgv, import.meta.filename, '--way', way, '--calls', String(calls)];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`"${way}" ended with exit code ${status}:\n${stderr}`);
    // `--way` prints nothing else.
    const { cpuUs, scavenges, scavengesMs, majors, majorsMs } = JSON.parse(stdout) as Found;
    const each = (count: number, ms: number): string[] => [String(count), count === 0 ? '–' : (ms / count).toFixed(2)];
    report.row([way, cpuUs.toFixed(2), ...each(scavenges, scavengesMs), ...each(majors, majorsMs)], widths);
  }
}

const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000000' }, way: { type: 'string' } } });
const way = ways.find((each) => each === values.way);
if (way === undefined) main(Number(values.calls));
else console.log(JSON.stringify(await measure(way, Number(values.calls))));
