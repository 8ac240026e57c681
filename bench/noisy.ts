/**
 * What hostile neighbours cost: `npm run bench:noisy [-- --seconds N --json]`. One worker on one core serves functions of two projects.
 * Those of one are hogs, and so many callers send for one of them again as soon as it was ended or has answered:
 *
 * - loop    loops for ever
 * - pages   changes a byte on each page of 128 MiB, all of which have to be rewound
 * - table   changes the first and the last of 100,000 entries of a table
 *
 * The other project's function answers 500 requests a second that come at random moments, timed from when they were due.
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
const widths = [8, 8, 8, 8, 8, 9, 10, 21, 11] as const;

/** A hog, and how its calls are wanted to end. */
interface Hog {
  readonly artifact: string;
  readonly query: string;
  readonly outcome: string;
}

const hogKinds = {
  loop: { artifact: 'test/guests/hog.wasm', query: 'empty', outcome: '503 cpu_limit' },
  pages: { artifact: 'test/guests/hog-pages.wasm', query: '', outcome: '200' },
  table: { artifact: 'test/guests/hog-table.wasm', query: '', outcome: '200' },
} as const satisfies Record<string, Hog>;
type HogKind = keyof typeof hogKinds;

/** What is measured: so many callers of a hog. */
const rounds = [
  ['loop', 0],
  ['loop', 1],
  ['loop', 4],
  ['loop', 16],
  ['pages', 1],
  ['pages', 4],
  ['table', 4],
] as const satisfies readonly (readonly [HogKind, number])[];

async function measure(server: BenchServer, kind: HogKind, hogs: number, seconds: number): Promise<GroupResult[]> {
  const victim = { kind: 'open', name: 'victim', paths: ['/victim/'], requestsPerSecond, connectionsMax: 256 } as const;
  const paths = [`/${kind}/?${hogKinds[kind].query}`];
  const hog = { kind: 'closed', name: 'hog', paths, connections: hogs } as const;
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

/** @returns whether the victim kept its latency, and every hog ended as it should */
function say(report: Report, kind: HogKind, hogs: number, [victim, hog]: readonly GroupResult[]): boolean {
  if (victim === undefined) return false;
  const { lost, text } = notServed(victim);
  const ended = hog?.outcomes[hogKinds[kind].outcome] ?? 0;
  const refused = hog?.outcomes['503 overloaded'] ?? 0;
  const otherwise = Object.values(hog?.outcomes ?? {}).reduce((sum, count) => sum + count, -ended - refused);
  const isReached = victim.ok.p99Ms < p99WantedMs && lost === 0 && otherwise === 0;
  const cells = [...latencyCells(victim.ok), victim.late.p99Ms.toFixed(2), text, `${ended}, ${refused}, ${otherwise}`];
  report.row([hogs === 0 ? 'none' : `${hogs} ${kind}`, ...cells, verdict(isReached)], widths);
  report.add({ kind, hogs, victim, hog });
  return isReached;
}

/** Deploys a function on the paths below its name. */
async function deploy(client: AdminClient, project: string, name: string, artifactPath: string): Promise<void> {
  const artifact = readFileSync(join(root, artifactPath));
  const digest = digestOf(artifact);
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
    await client.createProject({ id: 'hogs' });
    for (const [kind, { artifact }] of Object.entries(hogKinds)) await deploy(client, 'hogs', kind, artifact);
    await client.createProject({ id: 'victims' });
    await deploy(client, 'victims', 'victim', 'examples/hello-c/hello.wasm');
    report.say(`\nA victim at ${requestsPerSecond} requests/s beside hogs with a cpuMs of 50; latencies in ms\n`);
    report.row(
      [
        'hogs',
        'p50',
        'p99',
        'p99.9',
        'max',
        'sent late',
        'not served',
        'ended, refused, other',
        `p99 < ${p99WantedMs} ms`,
      ],
      widths,
    );
    const reached: boolean[] = [];
    for (const [kind, hogs] of rounds) {
      reached.push(say(report, kind, hogs, await measure(server, kind, hogs, Number(values.seconds))));
    }
    const all = reached.slice(1).every(Boolean);
    report.say(
      '\n"ended": loops that were ended by cpu_limit, others that have answered; "refused": as overloaded; "other": hogs with another end.',
    );
    report.say(`wanted: p99 below ${p99WantedMs} ms, each hog ended so: ${verdict(all)}`);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true });
  }
  report.end();
}

await main();
