/**
 * What it costs a project to have workers of its own: `npm run bench:own-workers [-- --rounds N --seconds N --json]`. Two nodes take
 * turns, each with one shared worker: one that serves a function itself, and one that sends its requests to a worker of the
 * function's project. All processes of a node are on the same core, driven from the other one: so the rates show what both
 * workers together make of one core, and the CPU time is that of both. Latency is from an open loop at a quarter of the lower rate.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AdminClient } from '../src/admin/mod.ts';
import { digestOf } from '../src/base/mod.ts';
import { type LatencySummary, spread } from './support/latencies.ts';
import { runLoad } from './support/load.ts';
import { generatorCore, serverCore } from './support/pinned.ts';
import { Report, spreadText } from './support/report.ts';
import { type BenchServer, startNode } from './support/server.ts';
import { measureThroughput, type Throughput } from './support/throughput.ts';

const connections = 64;
const warmUpSeconds = 5;
const widths = [34, 26, 20] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const report = new Report(values.json ? 'json' : 'text');
const artifact = readFileSync(join(import.meta.dirname, '../examples/hello-c/hello.wasm'));

interface Node {
  readonly name: string;
  readonly server: BenchServer;
  readonly dataDir: string;
  readonly rounds: Throughput[];
}

/** A node whose default project has so many workers of its own. */
async function start(name: string, own: number): Promise<Node> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mayfly-bench-own-'));
  const started = await startNode(['--admin', '127.0.0.1:0', '--data-dir', dataDir, '--workers', '1'], serverCore);
  const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  const client = new AdminClient({ url: started.admin ?? '', token });
  const digest = digestOf(artifact);
  await client.putArtifact('default', digest, artifact);
  await client.deploy('default', 'hello', { artifact: digest, settings: {}, routes: [{ path: '/*' }] });
  await client.changeProject('default', { workers: own });
  const { workers } = await client.getStatus();
  const pids = workers.map(({ pid }) => pid ?? 0);
  return { name, server: { ...started, pids }, dataDir, rounds: [] };
}

async function latencies(requestsPerSecond: number): Promise<void> {
  const found = nodes.map((): LatencySummary[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { server }] of nodes.entries()) {
      const { host, port } = server;
      const group = { kind: 'open', name: 'all', paths: ['/'], requestsPerSecond, connectionsMax: 512 } as const;
      const [result] = await runLoad({ host, port, seconds, warmUpSeconds: 0.5, groups: [group] }, generatorCore);
      if (result !== undefined) found[index]?.push(result.ok);
    }
  }
  for (const [index, { name }] of nodes.entries()) {
    const p50Ms = spread(found[index]?.map((one) => one.p50Ms) ?? []);
    const p99Ms = spread(found[index]?.map((one) => one.p99Ms) ?? []);
    report.row([`${name}, ${requestsPerSecond.toFixed(0)}/s`, spreadText(p50Ms, 2), spreadText(p99Ms, 2)], widths);
    report.add({ what: 'latency', name, requestsPerSecond, p50Ms, p99Ms });
  }
}

const shared = await start('shared worker', 0);
const own = await start('shared and own worker', 1);
const nodes = [shared, own];
try {
  for (const { server } of nodes)
    await measureThroughput(server, { connections, seconds: warmUpSeconds, core: generatorCore });
  for (let round = 0; round < rounds; round++)
    for (const node of nodes)
      node.rounds.push(await measureThroughput(node.server, { connections, seconds, core: generatorCore }));
  report.say(`\n${connections} connections, ${rounds} rounds of ${seconds} s: median (least–most)\n`);
  report.row(['served by', 'requests/s', 'CPU µs/request'], widths);
  for (const node of nodes) {
    const rate = spread(node.rounds.map((one) => one.requestsPerSecond));
    const cpu = spread(node.rounds.map((one) => one.cpuUs));
    report.row([node.name, spreadText(rate), spreadText(cpu, 1)], widths);
    report.add({ what: 'peak', name: node.name, requestsPerSecond: rate, cpuUs: cpu });
  }
  const rateRatio = spread(
    own.rounds.map((one, at) => one.requestsPerSecond / (shared.rounds[at]?.requestsPerSecond ?? NaN)),
  );
  const cpuRatio = spread(own.rounds.map((one, at) => one.cpuUs / (shared.rounds[at]?.cpuUs ?? NaN)));
  report.row(['own : shared, round by round', spreadText(rateRatio, 2), spreadText(cpuRatio, 2)], widths);
  report.add({ what: 'ratio', rateRatio, cpuRatio });
  report.row(['\nlatency from an open loop', 'p50 ms', 'p99 ms'], widths);
  await latencies(spread(own.rounds.map((one) => one.requestsPerSecond)).median / 4);
} finally {
  for (const { server, dataDir } of nodes) {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
report.end();
