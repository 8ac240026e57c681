/**
 * Many functions on one node: `npm run bench:density [-- --functions 1,100,1000,2000 --json]`. Each is the 22 KB hello in C with other
 * code. One worker on one core: how long it takes from the start of the command to its first line, which is when every route is
 * served; what the worker holds then, and once each function was asked for; and whether a request takes longer because there
 * are others: the first of them asked over and over, beside all of them in turn. Images are made beforehand, and kept in the
 * system's temporary folder from run to run.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mib } from '../src/base/mod.ts';
import { askEach } from './support/ask-each.ts';
import { benchDataDir, functionsFolder, prepareFolder } from './support/functions-folder.ts';
import { quantile } from './support/latencies.ts';
import { runLoad } from './support/load.ts';
import type { GroupResult } from './support/load-plan.ts';
import { generatorCore, residentBytes, serverCore } from './support/pinned.ts';
import { Report, verdict } from './support/report.ts';
import { type BenchServer, startNode } from './support/server.ts';
import { varyArtifact } from './support/vary-artifact.ts';

const hello = join(import.meta.dirname, '../examples/hello-c/hello.wasm');
const startWantedMs = 3000;
const widths = [10, 12, 12, 14, 16, 16, 12] as const;
const rounds = 5;

/** A folder with so many functions, whose images are all there. */
async function prepared(count: number): Promise<{ readonly folder: string; readonly names: readonly string[] }> {
  const artifact = readFileSync(hello);
  const functions = Array.from({ length: count }, (_, index) => ({
    name: `f${index}`,
    artifact: varyArtifact(artifact, index),
  }));
  const folder = functionsFolder('density', functions);
  await prepareFolder(folder);
  return { folder, names: functions.map(({ name }) => name) };
}

/** One caller that asks without a pause. */
async function ask(server: BenchServer, paths: readonly string[]): Promise<GroupResult> {
  const { host, port } = server;
  const group = { kind: 'closed', name: 'all', paths, connections: 1 } as const;
  const [result] = await runLoad({ host, port, seconds: 1, warmUpSeconds: 1, groups: [group] }, generatorCore);
  if (result === undefined) throw new Error('The generator told nothing');
  return result;
}

async function measure(report: Report, count: number): Promise<void> {
  const { folder, names } = await prepared(count);
  const args = [folder, '--workers', '1', '--data-dir', benchDataDir];
  // Once, so that the file system has seen it all.
  await (await startNode(args, serverCore)).stop();
  const server = await startNode(args, serverCore);
  try {
    const [worker = 0] = server.pids;
    const residentAtStart = residentBytes(worker);
    // Each once, so that it is in memory: what a first request takes is bench:cold's matter.
    await askEach(
      server,
      names.map((name) => `/${name}/`),
    );
    const one: number[] = [];
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) {
      one.push((await ask(server, ['/f0/'])).ok.p50Ms);
      all.push(
        (
          await ask(
            server,
            names.map((name) => `/${name}/`),
          )
        ).ok.p50Ms,
      );
    }
    const middle = (values: readonly number[]): number =>
      quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      );
    const resident = residentBytes(worker);
    const { startMs } = server;
    report.row(
      [
        String(count),
        startMs.toFixed(0),
        (residentAtStart / mib).toFixed(0),
        (resident / mib).toFixed(0),
        (middle(one) * 1000).toFixed(0),
        (middle(all) * 1000).toFixed(0),
        verdict(startMs <= startWantedMs),
      ],
      widths,
    );
    report.add({ functions: count, startMs, residentAtStart, resident, oneP50Ms: middle(one), allP50Ms: middle(all) });
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { functions: { type: 'string', default: '1,100,1000,2000' }, json: { type: 'boolean', default: false } },
  });
  const report = new Report(values.json ? 'json' : 'text');
  report.say(
    `\nOne worker. A caller without a pause asks for the first function, or for each in turn: p50 of ${rounds} rounds\n`,
  );
  report.row(
    [
      'functions',
      'start, ms',
      'MiB then',
      'MiB after use',
      'the first, µs',
      'in turn, µs',
      `≤ ${startWantedMs / 1000} s`,
    ],
    widths,
  );
  for (const count of values.functions.split(',')) await measure(report, Number(count));
  report.end();
}

await main();
