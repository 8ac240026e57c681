/**
 * What a developer waits for: `npm run bench:developer [-- --changes N --tests N --json]`.
 *
 * 1. `mayfly dev`, from a change of a source to the new version answering, without what the build command takes: here a `cp`, of an
 *    artifact that no node has seen before. Beside it what `dev` itself says of that: from the command's end to every worker serving it.
 * 2. `mayfly test` with so many tests, each a request, in one file and spread over five: from the command to its end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spread } from './support/latencies.ts';
import { Report, spreadText, verdict } from './support/report.ts';
import { varyArtifact } from './support/vary-artifact.ts';

const root = join(import.meta.dirname, '..');
const hello = readFileSync(join(root, 'examples/hello-c/hello.wasm'));
const dataDir = join(tmpdir(), 'mayfly-bench', 'data');
const main = join(root, 'src/main.ts');
const reloadWantedMs = 300;
const testsWantedMs = 2000;
const testRounds = 5;
const settleMs = 600;

interface Reloaded {
  readonly url: string;
  readonly buildMs: number;
  readonly reloadMs: number;
}

/** A function whose build command copies `next.wasm`. */
function makeFunction(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mayfly.toml'), 'name = "f"\nmain = "f.wasm"\n[build]\ncommand = "cp next.wasm f.wasm"\n');
  writeFileSync(join(folder, 'next.wasm'), hello);
}

/** Calls `then` for each line that `dev --json` prints of a version that answers. */
function onReloaded(child: ChildProcess, then: (reloaded: Reloaded) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as Reloaded & { readonly event: string }; // dev's own form
      if (event.event === 'reloaded') then(event);
    }
  });
}

async function benchReload(folder: string, changes: number, report: Report): Promise<void> {
  makeFunction(folder);
  const args = [main, 'dev', folder, '--json', '--listen', '127.0.0.1:0', '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let next = Promise.withResolvers<Reloaded>();
  onReloaded(child, (reloaded) => next.resolve(reloaded));
  const first = await next.promise;
  const seen: number[] = [];
  const said: number[] = [];
  for (let change = 0; change < changes; change++) {
    await sleep(settleMs);
    next = Promise.withResolvers();
    const bytes = varyArtifact(hello, Math.trunc(performance.timeOrigin + performance.now()) % 0x7f_ff_ff_ff);
    writeFileSync(join(folder, '.next'), bytes);
    const changedMs = performance.now();
    renameSync(join(folder, '.next'), join(folder, 'next.wasm'));
    const { buildMs, reloadMs } = await next.promise;
    await (await fetch(`${first.url}/x`)).arrayBuffer();
    seen.push(performance.now() - changedMs - buildMs);
    said.push(reloadMs);
  }
  child.kill('SIGINT');
  await ended;
  const [fromChange, fromBuild] = [spread(seen), spread(said)];
  report.say(`\ndev, ${changes} changes, each of an artifact that is new, ms: median (least–most)`);
  report.row(['change to answer, without the build command', spreadText(fromChange)], [46, 20]);
  report.row(['end of the build command to served', spreadText(fromBuild)], [46, 20]);
  report.say(`at most ${reloadWantedMs} ms wanted: ${verdict(fromChange.median <= reloadWantedMs)}`);
  report.add({ name: 'dev', changes, fromChange, fromBuild, wantedMs: reloadWantedMs });
}

async function benchTests(folder: string, tests: number, files: number, report: Report): Promise<void> {
  makeFunction(folder);
  for (let file = 0; file < files; file++) {
    const cases = Array.from(
      { length: tests / files },
      (_, index) => `test('${file} ${index}', async () => assert.equal((await request('/${index}')).status, 200));`,
    );
    const head =
      "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport { request } from 'mayfly/test';\n";
    writeFileSync(join(folder, `f${file}.test.mjs`), `${head}${cases.join('\n')}\n`);
  }
  const rounds: number[] = [];
  // The first makes the image, and fills the cache of compiled code.
  for (let round = 0; round <= testRounds; round++) {
    const startMs = performance.now();
    const child = spawn(process.execPath, [main, 'test', folder, '--reporter', 'dot', '--data-dir', dataDir], {
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'exit')) as [number | null]; // ChildProcess's exit event
    if (code !== 0) throw new Error(`mayfly test ended with ${code}`);
    if (round > 0) rounds.push(performance.now() - startMs);
  }
  const took = spread(rounds);
  report.row(
    [
      `${tests} tests in ${files} ${files === 1 ? 'file' : 'files'}`,
      spreadText(took),
      verdict(took.median <= testsWantedMs),
    ],
    [46, 20, 12],
  );
  report.add({ name: 'test', tests, files, took, wantedMs: testsWantedMs });
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { changes: { type: 'string' }, tests: { type: 'string' }, json: { type: 'boolean' } },
  });
  const report = new Report(values.json === true ? 'json' : 'text');
  const tests = Number(values.tests ?? 50);
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-developer-'));
  try {
    await benchReload(join(folder, 'dev'), Number(values.changes ?? 15), report);
    report.say(`\ntest, ${testRounds} rounds, from the command to its end, ms; at most ${testsWantedMs} wanted`);
    await benchTests(join(folder, 'one'), tests, 1, report);
    await benchTests(join(folder, 'five'), tests, 5, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report.end();
}

await run();
