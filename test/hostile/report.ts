/** The table that a run of the corpus ends with. */
import { mib } from '../../src/base/mod.ts';
import { sum } from './node-memory.ts';
import { type LoadReport, mergeLoads, percentile } from './victim-load.ts';

/** One attack's attempts, and what the victim saw meanwhile. */
export interface AttackResult {
  readonly kind: string;
  readonly name: string;
  readonly attempted: number;
  /** What went wrong, once for each attempt that was not contained. */
  readonly problems: readonly string[];
  readonly load: LoadReport;
  /** How long the node's threads were kept from a core by others meanwhile. */
  readonly coreWaitMs: number;
}

/** Everything there is to say about a run. */
export interface RunResult {
  readonly results: readonly AttackResult[];
  /** The load alone: before the first attack, and after the last. */
  readonly quietBefore: LoadReport;
  readonly quietAfter: LoadReport;
  /** Bytes resident of supervisor and workers. */
  readonly residentBefore: readonly number[];
  readonly residentAtOnce: readonly number[];
  readonly residentAfter: readonly number[];
  /** Processes that did not live through it. */
  readonly gone: readonly number[];
}

/** What the node may have more of memory afterwards than before. */
export const growthMax = 0.1;

const problemsShown = 60;
const worstShown = 8;

/** Whether everything that has to stay true did. */
export function isContained(run: RunResult): boolean {
  const loads = [run.quietBefore, run.quietAfter, ...run.results.map(({ load }) => load)];
  const problems = run.results.flatMap((result) => result.problems);
  return (
    problems.length === 0 &&
    loads.every(({ failed }) => failed === 0) &&
    run.gone.length === 0 &&
    growth(run) <= growthMax
  );
}

function growth({ residentBefore, residentAfter }: RunResult): number {
  return sum(residentAfter) / sum(residentBefore) - 1;
}

/** The lines to print. */
export function reportLines(run: RunResult): string[] {
  return [...problemLines(run), '', ...tableLines(run), '', ...worstLines(run), '', ...memoryLines(run)];
}

function problemLines({ results }: RunResult): string[] {
  const counts = new Map<string, number>();
  for (const { kind, problems } of results) {
    for (const problem of problems) counts.set(`${kind}: ${problem}`, (counts.get(`${kind}: ${problem}`) ?? 0) + 1);
  }
  return [...counts]
    .slice(0, problemsShown)
    .map(([text, count]) => `NOT CONTAINED ${text}${count > 1 ? ` (${count} times)` : ''}`);
}

function tableLines({ results, quietBefore, quietAfter }: RunResult): string[] {
  const head = ['kind', 'attempted', 'contained', 'victim', 'failed', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms'];
  const byKind = [...Map.groupBy(results, ({ kind }) => kind)].map(([kind, all]) => {
    const attempted = all.reduce((total, one) => total + one.attempted, 0);
    const failed = all.reduce((total, { problems }) => total + problems.length, 0);
    return [kind, String(attempted), String(attempted - failed), ...loadCells(mergeLoads(all.map(({ load }) => load)))];
  });
  const rows = [
    head,
    ['(before)', '', '', ...loadCells(quietBefore)],
    ...byKind,
    ['(afterwards)', '', '', ...loadCells(quietAfter)],
  ];
  const lines = rows.map((cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(11))).join(''),
  );
  const failures = [quietBefore, ...results.map(({ load }) => load), quietAfter].flatMap(({ problems }) => problems);
  return [...lines, ...failures.slice(0, 10).map((problem) => `victim: ${problem}`)];
}

function loadCells(load: LoadReport): string[] {
  const times = [0.5, 0.99, 0.999, 1].map((share) => percentile(load, share).toFixed(1));
  return [String(load.timesMs.length + load.failed), String(load.failed), ...times];
}

function worstLines({ results }: RunResult): string[] {
  const worst = results.map(({ kind, name, load, coreWaitMs }) => ({
    text: `${kind}: ${name} (the node waited ${coreWaitMs.toFixed(0)} ms for a core)`,
    ms: percentile(load, 1),
  }));
  return worst
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, worstShown)
    .map(({ text, ms }) => `slowest for the victim: ${ms.toFixed(0).padStart(6)} ms during ${text}`);
}

function memoryLines(run: RunResult): string[] {
  const text = (bytes: readonly number[]): string =>
    `${(sum(bytes) / mib).toFixed(0)} MiB (${bytes.map((each) => (each / mib).toFixed(0)).join(' + ')})`;
  const { residentBefore, residentAtOnce, residentAfter, gone } = run;
  const memory = [
    'resident (supervisor + workers):',
    `before ${text(residentBefore)}, right after ${text(residentAtOnce)}, settled ${text(residentAfter)},`,
    `${(100 * growth(run)).toFixed(1)} % more`,
  ].join(' ');
  return gone.length === 0 ? [memory] : [memory, `processes that are gone: ${gone.join(', ')}`];
}
