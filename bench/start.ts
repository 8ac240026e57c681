/**
 * How long it takes from the command to the first answer: `npm run bench:start [-- --rounds N --workers N --json]`. The image is there
 * beforehand. What V8 makes of the node's own code is kept from the first start on: with and without that, in turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { benchDataDir } from './support/functions-folder.ts';
import { type Spread, spread } from './support/latencies.ts';
import { Report, spreadText, verdict } from './support/report.ts';

const root = join(import.meta.dirname, '..');
const wantedMs = 1000;
const widths = [34, 26] as const;

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  server.close();
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    });
    request.on('error', () => resolve(false));
  });
}

/** Starts a node and stops it again. @returns ms to the first answer */
async function startOnce(workers: string, cacheHome: string): Promise<number> {
  const port = await freePort();
  const args = ['serve', 'examples/hello-c', '--workers', workers, '--listen', `127.0.0.1:${port}`];
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['src/main.ts', ...args, '--data-dir', benchDataDir], {
    cwd: root,
    env: { ...process.env, XDG_CACHE_HOME: cacheHome },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`serve ended with exit code ${child.exitCode}`);
    await sleep(2);
  }
  const tookMs = performance.now() - startedMs;
  // Time for what is done after a start, such as keeping the compiled code.
  await sleep(settleMs);
  child.kill('SIGTERM');
  await ended;
  return tookMs;
}

const settleMs = 3000;

function say(report: Report, name: string, times: Spread): void {
  report.row([name, spreadText(times)], widths);
  report.add({ name, firstAnswerMs: times });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      workers: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const report = new Report(values.json ? 'json' : 'text');
  const warmHome = mkdtempSync(join(tmpdir(), 'mayfly-start-'));
  try {
    // Makes the image, and fills the cache.
    await startOnce(values.workers, warmHome);
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const coldHome = mkdtempSync(join(tmpdir(), 'mayfly-start-'));
      cold.push(await startOnce(values.workers, coldHome));
      rmSync(coldHome, { recursive: true, force: true });
      warm.push(await startOnce(values.workers, warmHome));
    }
    report.row(['from the command', 'to the first answer, ms'], widths);
    say(report, 'the first start ever', spread(cold));
    const usual = spread(warm);
    say(report, 'every other', usual);
    report.say(`wanted: about ${wantedMs} ms: ${verdict(usual.median <= wantedMs)}`);
  } finally {
    rmSync(warmHome, { recursive: true, force: true });
  }
  report.end();
}

await main();
