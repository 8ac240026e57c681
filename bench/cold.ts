/**
 * Functions that nobody has asked for yet: `npm run bench:cold [-- --functions N --json]`. Each is the 22 KB hello in C with other
 * code, so that nothing V8 has compiled before is of use.
 *
 * 1. A function that is on disk and was never in this process: from the call to the first byte of its response, without HTTP.
 *    What a worker does then is done here: read the image (from the system's file cache), compile it off the thread, make a slot,
 *    call.
 * 2. A deploy: a worker that serves is given a snapshot with a function that is new. It takes traffic once it is compiled and
 *    warm, so the first request over HTTP should take about as long as the thousandth.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Digest, functionName, projectId } from '../src/base/mod.ts';
import { defaultLimits } from '../src/config/mod.ts';
import {
  buildImage,
  type CallMeasures,
  createEngine,
  type Engine,
  type LoadedFunction,
  type ResponseSink,
} from '../src/engine/mod.ts';
import {
  type DeployedFunction,
  type DeployedVersion,
  FunctionShelf,
  ImageStore,
  type Opened,
  readImage,
} from '../src/node/mod.ts';
import { emptyInput } from '../src/wasi/mod.ts';
import { askEach } from './support/ask-each.ts';
import { benchDataDir } from './support/functions-folder.ts';
import { quantile } from './support/latencies.ts';
import { serverCore } from './support/pinned.ts';
import { Report, verdict } from './support/report.ts';
import { varyArtifact } from './support/vary-artifact.ts';
import { WorkerProcess } from './support/worker-process.ts';

const hello = join(import.meta.dirname, '../examples/hello-c/hello.wasm');
const warmUpFunctions = 10;
const warmUpCalls = 2000;
const laterCalls = 1000;
const deploys = 40;
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

/** Loads as a worker does, and keeps an eye on the clock. */
class TimedShelf {
  readonly #engine: Engine;
  readonly #imagesFolder: string;
  readonly #shelf: FunctionShelf;
  #readMs = 0;
  #loadedMs = 0;

  constructor(engine: Engine, imagesFolder: string) {
    this.#engine = engine;
    this.#imagesFolder = imagesFolder;
    this.#shelf = new FunctionShelf({
      load: (deployed, measures) => this.#load(deployed, measures),
      measuresOf: (project) => engine.measuresOf(project),
      failed: (_deployed, error) => {
        throw error;
      },
      nowMs: () => performance.now(),
      loadsMax: 1,
      loadedMax: 10,
      loadedBytesMax: Infinity,
    });
  }

  async #load(deployed: DeployedVersion, measures: CallMeasures): Promise<Opened> {
    const image = await readImage(this.#imagesFolder, deployed.image);
    this.#readMs = performance.now();
    const { project, name, env, limits } = deployed;
    const loaded = await this.#engine.load({ project, name, image, env, limits, measures });
    this.#loadedMs = performance.now();
    return { loaded, imageBytes: image.byteLength };
  }

  async measure(deployed: DeployedVersion): Promise<Sample> {
    // Whatever the functions before left to do is not this one's.
    await new Promise((resolve) => setTimeout(resolve, 2));
    const startMs = performance.now();
    const firstByteMs = await callOnce(this.#shelf.place(deployed));
    return {
      readMs: this.#readMs - startMs,
      loadMs: this.#loadedMs - this.#readMs,
      callMs: firstByteMs - this.#loadedMs,
      totalMs: firstByteMs - startMs,
    };
  }
}

function deployedAs(name: string, image: Digest): DeployedVersion {
  return {
    project: projectId('bench'),
    name: functionName(name),
    image,
    env: {},
    limits: defaultLimits,
  };
}

/** A function with this version alone, served under its name. */
function alone(version: DeployedVersion): DeployedFunction {
  const { project, name } = version;
  const route = { path: `/${name}/*`, mountPath: `/${name}` };
  return { project, name, routes: [route], versions: [{ ...version, percent: 100 }] };
}

function middle(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Images of so many functions that differ in their code. */
async function imagesOf(store: ImageStore, artifact: Uint8Array, count: number): Promise<Digest[]> {
  const digests: Digest[] = [];
  for (let index = 0; index < count; index++) {
    const { bytes } = await buildImage(varyArtifact(artifact, index), { memoryBytesMax: defaultLimits.memoryBytes });
    digests.push(await store.put(bytes));
  }
  if (new Set(digests).size < digests.length) throw new Error('Two functions have the same image');
  return digests;
}

/** Calls functions that are on disk, each for the first time. */
async function fromDisk(
  report: Report,
  store: ImageStore,
  images: readonly Digest[],
  artifactBytes: number,
): Promise<void> {
  const engine = createEngine();
  const shelf = new TimedShelf(engine, store.imagesFolder);
  const samples: Sample[] = [];
  for (const [index, image] of images.entries()) {
    const sample = await shelf.measure(deployedAs(`cold-${index}`, image));
    if (index >= warmUpFunctions) samples.push(sample);
  }
  await engine.close();
  const count = samples.length;

  report.say(`\n${count} functions of ${artifactBytes} bytes on disk, each called for the first time; ms\n`);
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

/** Deploys to a worker that serves, over and over, and asks each new function a thousand times. */
async function afterDeploy(report: Report, store: ImageStore, images: readonly Digest[]): Promise<void> {
  const [base, ...others] = images.map((image, index) => alone(deployedAs(`f${index}`, image)));
  if (base === undefined) return;
  const worker = await WorkerProcess.start([base], store.imagesFolder, serverCore);
  const first: number[] = [];
  const thousandth: number[] = [];
  try {
    // The worker itself has to have served something: it is the function that is new.
    await askEach(worker, Array<string>(warmUpCalls).fill('/f0/'));
    for (const [at, deployed] of others.entries()) {
      await worker.publish([base, deployed]);
      // The connection is not new either.
      const [, ...latencies] = await askEach(worker, ['/f0/', ...Array<string>(laterCalls).fill(`/f${at + 1}/`)]);
      first.push(latencies[0] ?? NaN);
      thousandth.push(middle(latencies.slice(-10)));
    }
  } finally {
    await worker.stop();
  }
  report.say(`\n${others.length} deploys to a worker that serves, then requests over HTTP, one after the other; ms\n`);
  report.row(['', 'p50', 'p99', 'max'], widths);
  sayStep(report, 'the first request', first);
  sayStep(report, 'the thousandth', thousandth);
  const ratio = middle(first) / middle(thousandth);
  report.say(
    `\nwanted: the first within ${ratioWanted}× of the thousandth: ${ratio.toFixed(2)}×, ${verdict(ratio <= ratioWanted)}`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { functions: { type: 'string', default: '200' }, json: { type: 'boolean', default: false } },
  });
  const report = new Report(values.json ? 'json' : 'text');
  const count = Number(values.functions);
  const artifact = readFileSync(hello);
  const store = await ImageStore.open(benchDataDir);
  const images = await imagesOf(store, artifact, count + warmUpFunctions);
  await fromDisk(report, store, images, artifact.byteLength);
  await afterDeploy(report, store, images.slice(0, deploys + 1));
  report.end();
}

await main();
