/**
 * How long a deploy and a rollback take: `npm run bench:deploy [-- --rounds N --workers N --functions N --json]`. A node takes deploys
 * of a 66 KB function in Rust, alone, and then beside as many others as `--functions` says, each time with other code and another variable, so that nothing that was built or compiled before is of use. What
 * is measured is what a client of the admin API sees:
 *
 *     deploy     upload → build → store → warm → live → acknowledged → the first answers
 *     rollback   back to a version that no worker has in memory any more → acknowledged → the first answers
 *
 * The first answers are those to requests on as many new connections as make it all but certain that every worker gives one; each has to
 * come from the version that is deployed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AdminClient } from '../src/admin/mod.ts';
import { digestOf } from '../src/base/mod.ts';
import { quantile } from './support/latencies.ts';
import { msText, Report, verdict } from './support/report.ts';
import { varyArtifact } from './support/vary-artifact.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    workers: { type: 'string', default: '2' },
    functions: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const workers = Number(values.workers);
/** Others, that are served as well. */
const others = Number(values.functions);
const warmUpRounds = 3;
const deployWantedMs = 150;
const rollbackWantedMs = 100;
/** With n workers, one of them gets none of 8n connections once in a few thousand rounds. */
const connections = 8 * workers;

const report = new Report(values.json ? 'json' : 'text');
const artifact = readFileSync(join(import.meta.dirname, '../examples/echo-rust/echo.wasm'));
const dataDir = mkdtempSync(join(tmpdir(), 'mayfly-bench-deploy-'));
const node = await startPlatform();
const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
const client = new AdminClient({ url: node.admin, token });

interface PlatformReady {
  readonly url: string;
  readonly admin: string;
  stop(): Promise<void>;
}

async function startPlatform(): Promise<PlatformReady> {
  const main = join(import.meta.dirname, '../src/main.ts');
  const args = ['serve', '--json', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data-dir', dataDir];
  const child = spawn(process.execPath, [main, ...args, '--workers', String(workers)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // The first line is the one that `serve --json` prints.
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const { url, admin } = JSON.parse(line) as { url: string; admin: string }; // as it is documented
  return {
    url,
    admin,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Asks on a new connection. @returns the version that answers */
function ask(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  get(`${node.url}/echo`, { agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    // The function tells all that looks like a request's header, and so its version's variable.
    response.on('end', () => resolve(Number(/^X-Version: (\d+)$/m.exec(text)?.[1] ?? Number.NaN)));
  }).on('error', reject);
  return promise;
}

async function askAll(wanted: number): Promise<void> {
  const found = await Promise.all(Array.from({ length: connections }, ask));
  const wrong = found.filter((version) => version !== wanted);
  if (wrong.length > 0) throw new Error(`version ${wrong.join()} answers where ${wanted} is deployed`);
}

/** Deploys the others, of several projects at once: what is deployed at the same time is published together. */
async function deployOthers(): Promise<void> {
  const projects = Array.from({ length: Math.ceil(others / 50) }, (_, index) => `p${index}`);
  const digest = digestOf(artifact);
  let left = others;
  await Promise.all(
    projects.map(async (project) => {
      await client.createProject({ id: project });
      await client.putArtifact(project, digest, artifact);
      for (let index = 0; index < 50 && left > 0; index++) {
        left -= 1;
        const routes = [{ host: `f${index}.${project}.example.org`, path: '/*' }];
        const settings = { vars: { NAME: `f${index}` } };
        await client.deploy(project, `f${index}`, { artifact: digest, settings, routes });
      }
    }),
  );
}

/** One deploy. @returns how long it took to be acknowledged, and to be seen everywhere, ms; and its steps */
async function deploy(round: number): Promise<Deployed> {
  const bytes = varyArtifact(artifact, round);
  const digest = digestOf(bytes);
  const startMs = performance.now();
  await client.putArtifact('default', digest, bytes);
  const { steps } = await client.deploy('default', 'echo', {
    artifact: digest,
    settings: { vars: { HTTP_X_VERSION: String(round) } },
  });
  const ackMs = performance.now() - startMs;
  await askAll(round);
  return { ackMs, seenMs: performance.now() - startMs, steps: new Map(steps.map((one) => [one.step, one.elapsedMs])) };
}

async function rollback(round: number): Promise<Omit<Deployed, 'steps'>> {
  const startMs = performance.now();
  await client.rollback('default', 'echo', {});
  const ackMs = performance.now() - startMs;
  await askAll(round - 1);
  return { ackMs, seenMs: performance.now() - startMs };
}

function row(what: string, found: readonly number[], wantedMs: number): void {
  const sorted = found.toSorted((a, b) => a - b);
  const [p50Ms, p90Ms] = [quantile(sorted, 0.5), quantile(sorted, 0.9)];
  const [leastMs, mostMs] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const isReached = p50Ms <= wantedMs;
  report.row([what, ...[p50Ms, p90Ms, leastMs, mostMs].map(msText), String(wantedMs), verdict(isReached)], widths);
  report.add({ what, p50Ms, p90Ms, leastMs, mostMs, wantedMs, isReached });
}

const widths = [34, 8, 8, 8, 8, 8, 12];

interface Deployed {
  readonly ackMs: number;
  readonly seenMs: number;
  readonly steps: ReadonlyMap<string, number>;
}

/** The next version's number. */
let next = 0;

/** All rounds, beside so many other functions. */
async function measure(beside: number): Promise<void> {
  const deploys: Deployed[] = [];
  const rollbacks: Omit<Deployed, 'steps'>[] = [];
  for (let round = 1; round <= warmUpRounds + rounds; round++) {
    // A builder is to stand by again, as it does between two deploys that somebody makes.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const deployed = await deploy(next);
    const rolledBack = await rollback(next);
    next += 1;
    // The next one starts from the newest again.
    await client.rollback('default', 'echo', {
      to: (await client.getFunction('default', 'echo')).versions.at(-1) ?? 1,
    });
    if (round <= warmUpRounds) continue;
    deploys.push(deployed);
    rollbacks.push(rolledBack);
  }
  const size = Math.round(artifact.byteLength / 1024);
  report.say(`${rounds} rounds, ${workers} workers, ${beside} other functions, ${size} KiB, ms\n`);
  report.row(['', 'p50', 'p90', 'least', 'most', 'wanted', ''], widths);
  const seen = (all: readonly Omit<Deployed, 'steps'>[]): number[] => all.map((one) => one.seenMs);
  const acknowledged = (all: readonly Omit<Deployed, 'steps'>[]): number[] => all.map((one) => one.ackMs);
  row('deploy, to the first answers', seen(deploys), deployWantedMs);
  row('deploy, acknowledged', acknowledged(deploys), deployWantedMs);
  row('rollback, to the first answers', seen(rollbacks), rollbackWantedMs);
  row('rollback, acknowledged', acknowledged(rollbacks), rollbackWantedMs);
  report.say('\nWithin the node, from the request’s arrival, p50:');
  for (const step of deploys[0]?.steps.keys() ?? []) {
    const sorted = deploys.map(({ steps }) => steps.get(step) ?? 0).toSorted((a, b) => a - b);
    report.row([`  ${step}`, msText(quantile(sorted, 0.5))], widths);
    report.add({ step, p50Ms: quantile(sorted, 0.5) });
  }
  report.say('');
}

try {
  await deploy(next++);
  await measure(0);
  if (others > 0) {
    await deployOthers();
    await measure(others);
  }
  report.end();
} finally {
  await node.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
