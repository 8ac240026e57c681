/**
 * Twice what a worker can do: `npm run bench:overload [-- --seconds N --json]`. One worker on one core, callers that do not wait for
 * each other. First half of its capacity, then twice that, then half again.
 *
 * A guest of about 2 ms: refusing costs next to nothing beside it. Wanted:
 * - what is served under overload waits for a bounded time, and is as much as the worker can do at all;
 * - the rest is refused, with Retry-After, faster than what is served.
 *
 * Hello: nearly all of its cost is HTTP, and to refuse it costs as much as to serve it. So the worker takes what comes, and who
 * waits is the caller, for one of its 2,000 connections. Wanted:
 * - the worker serves as much as it can do at all, and answers soon once a request is sent.
 *
 * Of both: nothing is lost, memory does not grow from the first second to the last, and afterwards all is as before.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mib } from '../src/base/mod.ts';
import { benchDataDir, functionsFolder } from './support/functions-folder.ts';
import { runLoad } from './support/load.ts';
import type { GroupResult } from './support/load-plan.ts';
import { generatorCore, residentBytes, serverCore } from './support/pinned.ts';
import { msText, Report, verdict } from './support/report.ts';
import { type BenchServer, startNode } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const widths = [24, 10, 10, 10, 12, 11, 10, 10, 7] as const;
const calmSeconds = 5;
/** What is served under overload may take so long: the engine refuses calls when others have waited for 50 ms and more. */
const servedP99WantedMs = 300;
const refusedP99WantedMs = 100;
const servedShareWanted = 0.7;
/** Buffers and garbage of more connections than before. */
const grownWantedBytes = 64 * mib;

/** The open loop's connections. */
const connectionsMax = 2000;

/** A kind of load: what its function costs decides what refusing costs beside it. */
interface Case {
  readonly name: string;
  readonly path: string;
  /** How many callers find out what the worker can do. */
  readonly callers: number;
  /** What is told to the callers under overload, or has them wait. */
  readonly excess: 'refused' | 'waits';
}

/** What is wanted, and whether it was reached. */
type Check = readonly [string, boolean];

const cases: readonly Case[] = [
  { name: 'a guest of about 2 ms', path: '/work/?spin=1000000', callers: 64, excess: 'refused' },
  { name: 'hello', path: '/hello/', callers: connectionsMax, excess: 'waits' },
];

async function capacityOf(server: BenchServer, path: string, callers: number): Promise<number> {
  const { host, port } = server;
  const group = { kind: 'closed', name: 'all', paths: [path], connections: callers } as const;
  const [result] = await runLoad({ host, port, seconds: 4, warmUpSeconds: 4, groups: [group] }, generatorCore);
  return (result?.ok.count ?? 0) / (result?.seconds ?? 1);
}

async function phase(
  server: BenchServer,
  path: string,
  requestsPerSecond: number,
  seconds: number,
): Promise<GroupResult> {
  const { host, port } = server;
  const group = { kind: 'open', name: 'all', paths: [path], requestsPerSecond, connectionsMax } as const;
  const plan = { host, port, seconds, warmUpSeconds: 1, windowSeconds: 1, groups: [group] };
  const [result] = await runLoad(plan, generatorCore);
  if (result === undefined) throw new Error('The generator told nothing');
  return result;
}

function say(report: Report, name: string, server: BenchServer, result: GroupResult): void {
  const { ok, okSinceSent, refused, late, seconds, outcomes } = result;
  const others = Object.entries(outcomes).filter(([outcome]) => outcome !== '200' && outcome !== '503 overloaded');
  const resident = residentBytes(server.pids[0] ?? 0);
  report.row(
    [
      name,
      (ok.count / seconds).toFixed(0),
      msText(ok.p50Ms),
      msText(ok.p99Ms),
      msText(okSinceSent.p99Ms),
      (refused.count / seconds).toFixed(0),
      msText(refused.p50Ms),
      msText(refused.p99Ms),
      (resident / mib).toFixed(0),
    ],
    widths,
  );
  if (others.length > 0)
    report.say(`  otherwise: ${others.map(([outcome, count]) => `${count} × ${outcome}`).join(', ')}`);
  report.add({ name, ok, okSinceSent, refused, late, outcomes, windows: result.windows, resident });
}

async function measure(report: Report, server: BenchServer, one: Case, seconds: number): Promise<void> {
  const { name, path, callers, excess } = one;
  const capacity = await capacityOf(server, path, callers);
  const resident = (): number => residentBytes(server.pids[0] ?? 0);
  report.say(`\n${name}: ${capacity.toFixed(0)} requests/s, from ${callers} callers that wait for their answers`);
  report.row(['', 'served/s', 'p50', 'p99', 'since sent', 'refused/s', 'p50', 'p99', 'MiB'], widths);
  const run = async (label: string, share: number, forSeconds: number): Promise<GroupResult> => {
    const result = await phase(server, path, capacity * share, forSeconds);
    say(report, `${label}: ${(capacity * share).toFixed(0)}/s`, server, result);
    return result;
  };
  const before = await run('half, before', 0.5, calmSeconds);
  // Its first seconds are there so that what many connections need is there already.
  await run('twice, at first', 2, calmSeconds);
  const residentBefore = resident();
  const twice = await run('twice', 2, seconds);
  const grown = resident() - residentBefore;
  sayWindows(report, twice);
  const after = await run('half, after', 0.5, calmSeconds);
  const soon: readonly Check[] =
    excess === 'refused'
      ? [
          [`served within ${servedP99WantedMs} ms (p99)`, twice.ok.p99Ms <= servedP99WantedMs],
          [`refused within ${refusedP99WantedMs} ms (p99)`, twice.refused.p99Ms <= refusedP99WantedMs],
        ]
      : [[`served within ${servedP99WantedMs} ms of being sent (p99)`, twice.okSinceSent.p99Ms <= servedP99WantedMs]];
  const checks: readonly Check[] = [
    [`served at least ${servedShareWanted} of it`, twice.ok.count / seconds >= servedShareWanted * capacity],
    ...soon,
    ['nothing lost', lostOf(twice) === 0],
    [`memory grew by at most ${grownWantedBytes / mib} MiB`, grown <= grownWantedBytes],
    ['afterwards p50 is within twice what it was', after.ok.p50Ms <= 2 * before.ok.p50Ms && lostOf(after) === 0],
  ];
  for (const [wanted, reached] of checks) report.say(`  wanted: ${wanted}: ${verdict(reached)}`);
  report.add({ name, checks: Object.fromEntries(checks) });
}

/** Requests that were sent, and neither served nor refused. */
function lostOf({ ok, refused, outcomes }: GroupResult): number {
  const all = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return all - ok.count - refused.count - (outcomes['not sent'] ?? 0);
}

/** How the first second and the last of a long phase compare. */
function sayWindows(report: Report, { windows, late }: GroupResult): void {
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return;
  report.say(
    `  first second: ${first.ok.count} served, p99 ${msText(first.ok.p99Ms)}; last: ${last.ok.count} served, p99 ${msText(last.ok.p99Ms)}; ` +
      `the generator was late by ${msText(late.p99Ms)} (p99)`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } },
  });
  const report = new Report(values.json ? 'json' : 'text');
  report.say('\nLatencies in ms, from the moment a request was due');
  for (const one of cases) {
    const folder = functionsFolder('overload', [
      { name: 'hello', artifact: readFileSync(join(root, 'examples/hello-c/hello.wasm')) },
      { name: 'work', artifact: readFileSync(join(root, 'test/guests/hog.wasm')) },
    ]);
    const server = await startNode([folder, '--workers', '1', '--data-dir', benchDataDir], serverCore);
    try {
      await measure(report, server, one, Number(values.seconds));
    } finally {
      await server.stop();
    }
  }
  report.end();
}

await main();
