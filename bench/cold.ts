/**
 * The first request to a function that this process has never seen: `npm run bench:cold [-- --functions N --json]`. Each function is
 * the 22 KB hello in C with other code, so that nothing V8 has compiled before is of use. What a worker does is done here, in one
 * process and without HTTP: read the image (from the system's file cache), compile it off the thread, make a slot, call; until the
 * first byte of the response.
 *
 * Nodes load all functions before they serve, so that today a request never waits for this: it is what a function costs at
 * the start of a worker, and what one will cost that is loaded when it is first asked for. The second table is what a request sees
 * today: over HTTP, the first to each function of a node that has just started, and later ones.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Digest, functionName, projectId } from '../src/base/mod.ts';
import { defaultLimits } from '../src/config/mod.ts';
import { buildImage, createEngine, type Engine, type LoadedFunction, type ResponseSink } from '../src/engine/mod.ts';
import { ImageStore, readImage } from '../src/node/mod.ts';
import { emptyInput } from '../src/wasi/mod.ts';
import { askEach } from './support/ask-each.ts';
import { benchDataDir, functionsFolder, prepareFolder } from './support/functions-folder.ts';
import { quantile } from './support/latencies.ts';
import { serverCore } from './support/pinned.ts';
import { Report, verdict } from './support/report.ts';
import { startNode } from './support/server.ts';
import { varyArtifact } from './support/vary-artifact.ts';

const hello = join(import.meta.dirname, '../examples/hello-c/hello.wasm');
const warmUpFunctions = 10;
const warmUpCalls = 2000;
const laterRounds = 10;
const p50WantedMs = 2.5;
const ratioWanted = 2;

/** Calls once. @returns when the first byte came, ms */
function callOnce(loaded: LoadedFunction): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = {
    method: 'GET',
    path: '/',
    query: '',
    mountPath: '',
    headers: ['Host', 'localhost'],
    httpVersion: '1.1',
    serverName: 'localhost',
    serverPort: 80,
    remoteAddress: '127.0.0.1',
    remotePort: 0,
    body: emptyInput,
    bodyBytes: 0,
  };
  let firstByteMs = 0;
  const sink: ResponseSink = {
    head: () => (firstByteMs = performance.now()),
    write: (chunk) => chunk.byteLength,
    onReady: (wake) => wake(),
    end: () => resolve(firstByteMs),
    fail: reject,
  };
  loaded.call(request, sink);
  return promise;
}

/** The steps of one first request, ms. */
interface Sample {
  readonly readMs: number;
  readonly loadMs: number;
  readonly callMs: number;
  readonly totalMs: number;
}

async function measure(engine: Engine, store: ImageStore, digest: Digest, index: number): Promise<Sample> {
  // Whatever the functions before left to do is not this one's.
  await new Promise((resolve) => setTimeout(resolve, 2));
  const startMs = performance.now();
  const image = await readImage(store.imagesFolder, digest);
  const readMs = performance.now();
  const name = functionName(`cold-${index}`);
  const loaded = await engine.load({ project: projectId('bench'), name, image, env: {}, limits: defaultLimits });
  const loadedMs = performance.now();
  const firstByteMs = await callOnce(loaded);
  await loaded.close();
  return {
    readMs: readMs - startMs,
    loadMs: loadedMs - readMs,
    callMs: firstByteMs - loadedMs,
    totalMs: firstByteMs - startMs,
  };
}

function middle(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Loads functions into this process, each for the first time. */
async function inProcess(report: Report, artifact: Uint8Array, count: number): Promise<void> {
  const store = await ImageStore.open(benchDataDir);
  const digests: Digest[] = [];
  for (let index = 0; index < count + warmUpFunctions; index++) {
    const { bytes } = await buildImage(varyArtifact(artifact, index), { memoryBytesMax: defaultLimits.memoryBytes });
    digests.push(await store.put(bytes));
  }
  if (new Set(digests).size < digests.length) throw new Error('Two functions have the same image');

  const engine = createEngine();
  const samples: Sample[] = [];
  for (const [index, digest] of digests.entries()) {
    const sample = await measure(engine, store, digest, index);
    if (index >= warmUpFunctions) samples.push(sample);
  }
  await engine.close();

  report.say(`\n${count} functions of ${artifact.byteLength} bytes, each for the first time; ms\n`);
  report.row(['', 'p50', 'p99', 'max'], widths);
  for (const [step, label] of steps)
    sayStep(
      report,
      label,
      samples.map((sample) => sample[step]),
    );
  const p50Ms = middle(samples.map(({ totalMs }) => totalMs));
  report.say(`\nwanted: p50 of all of it at most ${p50WantedMs} ms: ${verdict(p50Ms <= p50WantedMs)}`);
}

const widths = [32, 9, 9, 9] as const;
const steps = [
  ['readMs', 'read the image'],
  ['loadMs', 'compile, make a slot'],
  ['callMs', 'call, to the first byte'],
  ['totalMs', 'all of it'],
] as const satisfies readonly (readonly [keyof Sample, string])[];

function sayStep(report: Report, label: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50 = NaN, p99 = NaN, max = NaN] = [0.5, 0.99, 1].map((share) => quantile(sorted, share));
  report.row([label, ...[p50, p99, max].map((ms) => ms.toFixed(3))], widths);
  report.add({ step: label, p50, p99, max });
}

/** Asks a node that has just started for each of its functions, again and again. */
async function overHttp(report: Report, artifact: Uint8Array, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `f${index}`);
  const folder = functionsFolder('cold', [
    { name: 'warm', artifact },
    ...names.map((name, index) => ({ name, artifact: varyArtifact(artifact, index) })),
  ]);
  await prepareFolder(folder);
  const server = await startNode([folder, '--workers', '1', '--data-dir', benchDataDir], serverCore);
  try {
    // The worker itself has to have served something: it is the function that is new.
    await askEach(
      server,
      Array.from({ length: warmUpCalls }, () => '/warm/'),
    );
    const paths = names.map((name) => `/${name}/`);
    const first = await askEach(server, paths);
    const later: number[] = [];
    for (let round = 0; round < laterRounds; round++) later.push(...(await askEach(server, paths)));
    report.say(`\n${count} functions of a node that has just started, asked for in turn over HTTP; ms\n`);
    report.row(['', 'p50', 'p99', 'max'], widths);
    sayStep(report, 'the first request to each', first);
    sayStep(report, 'later ones', later);
    const ratio = middle(first) / middle(later);
    const reached = verdict(ratio <= ratioWanted);
    report.say(`\nwanted: the first within ${ratioWanted}× of later ones: ${ratio.toFixed(2)}×, ${reached}`);
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { functions: { type: 'string', default: '200' }, json: { type: 'boolean', default: false } },
  });
  const report = new Report(values.json ? 'json' : 'text');
  const count = Number(values.functions);
  const artifact = readFileSync(hello);
  await inProcess(report, artifact, count);
  await overHttp(report, artifact, count);
  report.end();
}

await main();
