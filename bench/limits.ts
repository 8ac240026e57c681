/**
 * How exactly a hog is ended, and what its neighbours feel: `npm run bench:limits [-- --rounds N]`. Hogs of one
 * function loop for ever on this thread while another function gets a request every 2 ms, measured from when it was due.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { functionName, mib, projectId } from '../src/base/mod.ts';
import { defaultLimits, type Limits } from '../src/config/mod.ts';
import { buildImage, createEngine, type Engine, type LoadedFunction, send } from '../src/engine/mod.ts';

const root = join(import.meta.dirname, '..');
const cpuMs = 50;
const neighbourEveryMs = 2;
const warmUpCalls = 2000;

async function load(engine: Engine, name: string, file: string, limits: Partial<Limits>): Promise<LoadedFunction> {
  const all = { ...defaultLimits, memoryBytes: 16 * mib, ...limits };
  const { bytes } = await buildImage(readFileSync(join(root, file)), { memoryBytesMax: all.memoryBytes });
  return engine.load({ project: projectId(name), name: functionName(name), image: bytes, env: {}, limits: all });
}

/** One hog from its call to its end. @returns how far it went past its limit, ms of CPU */
async function runHog(hog: LoadedFunction, shape: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const noBody = { read: () => 0, available: () => 0, ready: () => true, onReady: (wake: () => void) => wake() };
  hog.call(
    {
      method: 'GET',
      path: '/',
      query: shape,
      mountPath: '',
      headers: [],
      httpVersion: '1.1',
      serverName: 'localhost',
      serverPort: 80,
      remoteAddress: '127.0.0.1',
      remotePort: 0,
      body: noBody,
      bodyBytes: 0,
    },
    {
      head: () => undefined,
      write: (chunk) => chunk.byteLength,
      onReady: (wake) => wake(),
      end: () => reject(new Error('the hog ended by itself')),
      fail: (error, timing) => (error.code === 'cpu_limit' ? resolve(timing.cpuMs - cpuMs) : reject(error)),
    },
  );
  return promise;
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2).padStart(9);
  return `${at(0.5)}${at(0.99)}${at(1)}`;
}

async function measure(engine: Engine, hogs: number, rounds: number): Promise<void> {
  const hog = await load(engine, 'hog', 'test/guests/hog.wasm', { cpuMs });
  const neighbour = await load(engine, 'neighbour', 'examples/hello-c/hello.wasm', {});
  for (let call = 0; call < warmUpCalls; call++) await send(neighbour, { url: '/' });
  const overshoots: number[] = [];
  const latencies: number[] = [];
  const answers: Promise<void>[] = [];
  let due = performance.now();
  const timer = setInterval(() => {
    for (; due <= performance.now(); due += neighbourEveryMs) {
      const dueMs = due;
      answers.push(send(neighbour, { url: '/' }).then(() => void latencies.push(performance.now() - dueMs)));
    }
  }, 1);
  for (let round = 0; round < rounds; round++) {
    overshoots.push(...(await Promise.all(Array.from({ length: hogs }, () => runHog(hog, 'empty')))));
  }
  clearInterval(timer);
  await Promise.all(answers);
  await Promise.all([hog.close(), neighbour.close()]);
  console.log(`${String(hogs).padStart(4)}  ${quantiles(overshoots)}  ${quantiles(latencies)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
  const engine = createEngine();
  console.log(`Hogs with a cpuMs of ${cpuMs}; a neighbour called every ${neighbourEveryMs} ms. In ms.\n`);
  console.log('      past the limit               the neighbour’s latency');
  console.log('hogs        p50      p99      max        p50      p99      max');
  for (const hogs of [1, 4, 16]) await measure(engine, hogs, Number(values.rounds));
  await engine.close();
}

await main();
