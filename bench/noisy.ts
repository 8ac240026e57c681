/**
 * What hostile neighbours cost: `npm run bench:noisy [-- --seconds N --json]`. One worker on one core serves functions of two projects.
 * One loops for ever, and 0, 1, 4 and 16 callers send it again as soon as it was ended; the other project's answers 500 requests a
 * second that come at random moments, timed from when they were due.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AdminClient } from '../src/admin/mod.ts';
import { digestOf } from '../src/base/mod.ts';
import { runLoad } from './support/load.ts';
import type { GroupResult, LoadGroup } from './support/load-plan.ts';
import { generatorCore, serverCore } from './support/pinned.ts';
import { latencyCells, Report, verdict } from './support/report.ts';
import { type BenchServer, startNode } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const requestsPerSecond = 500;
const p99WantedMs = 5;
const widths = [6, 8, 8, 8, 8, 10, 12, 12, 13] as const;

async function measure(server: BenchServer, hogs: number, seconds: number): Promise<GroupResult[]> {
  const victim = { kind: 'open', name: 'victim', paths: ['/victim/'], requestsPerSecond, connectionsMax: 256 } as const;
  const hog = { kind: 'closed', name: 'hog', paths: ['/hog/?empty'], connections: hogs } as const;
  const groups: LoadGroup[] = hogs === 0 ? [victim] : [victim, hog];
  const { host, port } = server;
  return runLoad({ host, port, seconds, warmUpSeconds: 2, groups }, generatorCore);
}

/** What became of the victim's requests that were not served. */
function notServed({ outcomes }: GroupResult): { readonly lost: number; readonly text: string } {
  const others = Object.entries(outcomes).filter(([outcome]) => outcome !== '200');
  const lost = others.reduce((sum, [, count]) => sum + count, 0);
  return { lost, text: lost === 0 ? '0' : others.map(([outcome, count]) => `${count} × ${outcome}`).join(', ') };
}

/** @returns whether the victim kept its latency, and every hog its limit */
function say(report: Report, hogs: number, [victim, hog]: readonly GroupResult[]): boolean {
  if (victim === undefined) return false;
  const { lost, text } = notServed(victim);
  const ended = hog?.outcomes['503 cpu_limit'] ?? 0;
  const otherwise = Object.values(hog?.outcomes ?? {}).reduce((sum, count) => sum + count, -ended);
  const isReached = victim.ok.p99Ms < p99WantedMs && lost === 0 && otherwise === 0;
  const cells = [...latencyCells(victim.ok), victim.late.p99Ms.toFixed(2), text, `${ended}, ${otherwise}`];
  report.row([String(hogs), ...cells, verdict(isReached)], widths);
  report.add({ hogs, victim, hog });
  return isReached;
}

/** Deploys a function to a project of its own, on the paths below its name. */
async function deploy(client: AdminClient, project: string, name: string, artifactPath: string): Promise<void> {
  const artifact = readFileSync(join(root, artifactPath));
  const digest = digestOf(artifact);
  await client.createProject({ id: project });
  await client.putArtifact(project, digest, artifact);
  await client.deploy(project, name, { artifact: digest, settings: {}, routes: [{ path: `/${name}/*` }] });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '8' }, json: { type: 'boolean', default: false } },
  });
  const report = new Report(values.json ? 'json' : 'text');
  const dataDir = mkdtempSync(join(tmpdir(), 'mayfly-bench-noisy-'));
  const server = await startNode(['--workers', '1', '--data-dir', dataDir, '--admin', '127.0.0.1:0'], serverCore);
  try {
    const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
    const client = new AdminClient({ url: server.admin ?? '', token });
    await deploy(client, 'hogs', 'hog', 'test/guests/hog.wasm');
    await deploy(client, 'victims', 'victim', 'examples/hello-c/hello.wasm');
    report.say(`\nA victim at ${requestsPerSecond} requests/s beside hogs with a cpuMs of 50; latencies in ms\n`);
    report.row(
      ['hogs', 'p50', 'p99', 'p99.9', 'max', 'sent late', 'not served', 'ended, other', `p99 < ${p99WantedMs} ms`],
      widths,
    );
    const reached: boolean[] = [];
    for (const hogs of [0, 1, 4, 16]) {
      reached.push(say(report, hogs, await measure(server, hogs, Number(values.seconds))));
    }
    const all = reached.slice(1).every(Boolean);
    report.say('\n"ended": hogs that were ended by cpu_limit; "other": hogs with another end.');
    report.say(`wanted: p99 below ${p99WantedMs} ms, each hog ended by cpu_limit: ${verdict(all)}`);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true });
  }
  report.end();
}

await main();
