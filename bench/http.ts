/**
 * What a request costs beside bare `node:http`: `npm run bench:http [-- --rounds N --seconds N --json]`.
 *
 * 1. Peak: one worker, and a `node:http` server that gives the very same bytes, each on the same core in turns, driven from
 *    the other core as hard as they go. The ratio of CPU time tells more than that of the rates: it is right also while others
 *    use the machine.
 * 2. Two workers beside one, with the generator on the same two cores as they: two cores are shared by three busy processes, so
 *    twice the rate is out of reach.
 * 3. Latency at 25, 50 and 75 % of that peak, from an open loop: requests come at random moments, and are timed from when
 *    they were due. The bare server beside it shows what of the tail is the machine's own: at the same rates, and at the same
 *    shares of its own peak, where it is as busy. The CPU time is what a request costs where the server is not busy all the time
 *    and its callers sleep.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LatencySummary, quantile, spread } from './support/latencies.ts';
import { runLoad } from './support/load.ts';
import { canPin, type Core, generatorCore, serverCore, totalCpuMs } from './support/pinned.ts';
import { latencyCells, Report, spreadText, verdict } from './support/report.ts';
import { type BenchServer, startBare, startNode } from './support/server.ts';
import { hasWrk, measureThroughput, type Throughput } from './support/throughput.ts';

const hello = join(import.meta.dirname, '../examples/hello-c');
const connections = 64;
/** V8 goes on making its code faster for so long. */
const warmUpSeconds = 8;
const ratioWanted = 0.6;
const p99WantedMs = 5;
const shares = [0.25, 0.5, 0.75];

interface Plan {
  readonly rounds: number;
  readonly seconds: number;
}

/** Rounds of throughput, the servers taking turns. */
async function peaks(servers: readonly BenchServer[], plan: Plan, core: Core): Promise<Throughput[][]> {
  for (const server of servers) await measureThroughput(server, { connections, seconds: warmUpSeconds, core });
  const rounds: Throughput[][] = servers.map(() => []);
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, server] of servers.entries()) {
      rounds[index]?.push(await measureThroughput(server, { connections, seconds: plan.seconds, core }));
    }
  }
  return rounds;
}

const peakWidths = [34, 26, 20] as const;

function sayPeak(report: Report, name: string, rounds: readonly Throughput[]): number {
  const rate = spread(rounds.map((round) => round.requestsPerSecond));
  const cpu = spread(rounds.map((round) => round.cpuUs));
  report.row([name, spreadText(rate), spreadText(cpu, 1)], peakWidths);
  report.add({ what: 'peak', name, requestsPerSecond: rate, cpuUs: cpu });
  return rate.median;
}

/** How the second compares with the first, round by round. */
function sayRatio(report: Report, first: readonly Throughput[], second: readonly Throughput[]): void {
  const ratio = spread(second.map((round, at) => round.requestsPerSecond / (first[at]?.requestsPerSecond ?? NaN)));
  const cpuRatio = spread(second.map((round, at) => (first[at]?.cpuUs ?? NaN) / round.cpuUs));
  report.row(['worker : bare, round by round', spreadText(ratio, 2), spreadText(cpuRatio, 2)], peakWidths);
  const reached = verdict(ratio.median >= ratioWanted);
  const byCpu = verdict(cpuRatio.median >= ratioWanted);
  report.say(`wanted: at least ${ratioWanted} of bare node:http: by rate ${reached}, by CPU time ${byCpu}`);
  report.add({ what: 'ratio', ratio, cpuRatio, wanted: ratioWanted });
}

/** How much two workers do more than one. */
function sayScaling(report: Report, one: readonly Throughput[], two: readonly Throughput[]): void {
  const ratio = spread(two.map((round, at) => round.requestsPerSecond / (one[at]?.requestsPerSecond ?? NaN)));
  report.row(['two : one', spreadText(ratio, 2)], peakWidths);
  report.add({ what: 'scaling', ratio });
}

/** The median of each figure over the rounds. */
function middle(rounds: readonly LatencySummary[]): LatencySummary {
  const of = (figure: (round: LatencySummary) => number): number =>
    quantile(
      rounds.map(figure).toSorted((a, b) => a - b),
      0.5,
    );
  return {
    count: of((round) => round.count),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    p999Ms: of((round) => round.p999Ms),
    maxMs: of((round) => round.maxMs),
  };
}

/** A server at a rate. */
interface Rated {
  readonly name: string;
  readonly server: BenchServer;
  readonly requestsPerSecond: number;
}

async function sayLatency(report: Report, servers: readonly Rated[], share: number, plan: Plan): Promise<void> {
  const found = servers.map((): Found => ({ ok: [], late: [], cpuUs: [], failed: 0 }));
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, { server, requestsPerSecond }] of servers.entries()) {
      const { host, port, pids } = server;
      const group = { kind: 'open', name: 'all', paths: ['/'], requestsPerSecond, connectionsMax: 512 } as const;
      const load = { host, port, seconds: plan.seconds, warmUpSeconds: 1, groups: [group] };
      const before = totalCpuMs(pids);
      const [result] = await runLoad(load, generatorCore);
      const usedMs = totalCpuMs(pids) - before;
      const into = found[index];
      if (result === undefined || into === undefined) continue;
      into.ok.push(result.ok);
      into.late.push(result.late);
      into.cpuUs.push((usedMs * 1000) / (requestsPerSecond * (load.seconds + load.warmUpSeconds)));
      into.failed += Object.values(result.outcomes).reduce((sum, count) => sum + count, 0) - result.ok.count;
    }
  }
  for (const [index, { name, requestsPerSecond }] of servers.entries()) {
    const { ok = [], late = [], cpuUs = [], failed = 0 } = found[index] ?? {};
    const cpu = spread(cpuUs).median;
    const latency = middle(ok);
    const lateP99 = middle(late).p99Ms;
    const label = `${Math.round(share * 100)} % = ${requestsPerSecond.toFixed(0)}/s, ${name}`;
    const reached = name.startsWith('bare') ? '' : verdict(latency.p99Ms < p99WantedMs && failed === 0);
    const cells = [...latencyCells(latency), lateP99.toFixed(2), String(failed), cpu.toFixed(1), reached];
    report.row([label, ...cells], latencyWidths);
    report.add({ what: 'latency', name, share, requestsPerSecond, latency, lateP99Ms: lateP99, failed, cpuUs: cpu });
  }
}

const latencyWidths = [37, 7, 7, 7, 7, 10, 7, 15, 13] as const;

/** What the rounds of one server found. */
interface Found {
  readonly ok: LatencySummary[];
  readonly late: LatencySummary[];
  readonly cpuUs: number[];
  failed: number;
}

/** On servers of their own, which are gone when it is over. */
async function sayTwoWorkers(report: Report, plan: Plan): Promise<void> {
  const one = await startNode([hello, '--workers', '1'], undefined);
  const two = await startNode([hello, '--workers', '2'], undefined);
  try {
    report.row(['\nserver and generator on the same two', 'requests/s', 'CPU µs/request'], peakWidths);
    const [oneRounds = [], twoRounds = []] = await peaks([one, two], plan, undefined);
    sayPeak(report, 'one worker', oneRounds);
    sayPeak(report, 'two workers', twoRounds);
    sayScaling(report, oneRounds, twoRounds);
  } finally {
    for (const server of [one, two]) await server.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
    },
  });
  const report = new Report(values.json ? 'json' : 'text');
  const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  if (!hasWrk) report.say('wrk is not there: the own generator is used, which may be the bottleneck itself');
  if (!canPin) report.say('Processes cannot be held to a core here: server and generator share all cores');

  const one = await startNode([hello, '--workers', '1'], serverCore);
  const bare = await startBare(`http://${one.host}:${one.port}/`, serverCore);
  try {
    report.say(`\n${connections} connections, ${plan.rounds} rounds of ${plan.seconds} s: median (least–most)\n`);
    report.row(['server and generator on a core each', 'requests/s', 'CPU µs/request'], peakWidths);
    const [bareRounds = [], oneRounds = []] = await peaks([bare, one], plan, generatorCore);
    const bareCapacity = sayPeak(report, 'bare node:http', bareRounds);
    const capacity = sayPeak(report, 'one worker', oneRounds);
    sayRatio(report, bareRounds, oneRounds);

    await sayTwoWorkers(report, plan);

    report.say('\nLatency from an open loop, ms: the median of the rounds\n');
    report.row(
      ['', 'p50', 'p99', 'p99.9', 'max', 'sent late', 'failed', 'CPU µs/request', `p99 < ${p99WantedMs} ms`],
      latencyWidths,
    );
    const latencyPlan = { rounds: Math.max(1, Math.floor(plan.rounds / 2)), seconds: 2 * plan.seconds };
    for (const share of shares) {
      const servers = [
        { name: 'one worker', server: one, requestsPerSecond: capacity * share },
        { name: 'bare', server: bare, requestsPerSecond: capacity * share },
        { name: 'bare of its own', server: bare, requestsPerSecond: bareCapacity * share },
      ];
      await sayLatency(report, servers, share, latencyPlan);
    }
    report.say(`\n"sent late" is the generator's own p99: how late it came to its requests is in the latencies.`);
  } finally {
    for (const server of [one, bare]) await server.stop();
  }
  report.end();
}

await main();
