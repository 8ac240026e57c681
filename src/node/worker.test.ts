import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Digest, functionName, projectId } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import { buildImage, createEngine } from '../engine/mod.ts';
import { listenOn, PortUse, ServerTiming } from '../gateway/mod.ts';
import { ImageStore } from './image-store.ts';
import { createLog, LogStyle } from './log.ts';
import type { DeployedFunction, FromWorker } from './protocol.ts';
import { Worker } from './worker.ts';

const guests = join(import.meta.dirname, '..', '..', 'test', 'guests');

/** A worker in this process, and a store of images that it reads. */
class WorkerUnderTest {
  readonly url: string;
  readonly imagesFolder: string;
  readonly #store: ImageStore;
  readonly #worker: Worker;
  readonly #told: ((message: FromWorker) => void)[] = [];
  #generation = 0;

  private constructor(store: ImageStore, port: number) {
    this.#store = store;
    this.imagesFolder = store.imagesFolder;
    this.url = `http://127.0.0.1:${port}`;
    const settings = {
      index: 0,
      listen: { host: '127.0.0.1', port },
      portUse: PortUse.exclusive,
      imagesFolder: store.imagesFolder,
      serverTiming: ServerTiming.hidden,
      logStyle: LogStyle.json,
    };
    const tell = (message: FromWorker): void => this.#told.shift()?.(message);
    this.#worker = new Worker(settings, { engine: createEngine(), log: createLog(LogStyle.json, {}), tell });
  }

  static async make(t: TestContext): Promise<WorkerUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'mayfly-worker-'));
    const probe = createServer();
    const { port } = await listenOn(probe, { host: '127.0.0.1', port: 0 }, PortUse.exclusive);
    await new Promise((resolve) => probe.close(resolve));
    const under = new WorkerUnderTest(await ImageStore.open(folder), port);
    t.after(async () => {
      await under.#worker.stop(5000);
      rmSync(folder, { recursive: true });
    });
    return under;
  }

  async deployed(guest: string, more: Partial<DeployedFunction> = {}): Promise<DeployedFunction> {
    const artifact = new Uint8Array(readFileSync(join(guests, `${guest}.wasm`)));
    const { bytes } = await buildImage(artifact, { memoryBytesMax: defaultLimits.memoryBytes });
    return {
      project: projectId('default'),
      name: functionName(guest),
      image: await this.#store.put(bytes),
      env: {},
      limits: defaultLimits,
      routes: [{ path: '/*', mountPath: '' }],
      ...more,
    };
  }

  start(functions: readonly DeployedFunction[]): Promise<FromWorker> {
    const told = this.#next();
    void this.#worker.start({ generation: 0, functions });
    return told;
  }

  publish(functions: readonly DeployedFunction[]): Promise<FromWorker> {
    const told = this.#next();
    this.#generation += 1;
    this.#worker.publish({ generation: this.#generation, functions });
    return told;
  }

  async ask(path = '/'): Promise<string> {
    return (await fetch(`${this.url}${path}`)).text();
  }

  #next(): Promise<FromWorker> {
    return new Promise((resolve) => this.#told.push(resolve));
  }
}

test('Worker serves a later snapshot once it is loaded, and leaves the one before if it cannot be', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const before = await under.deployed('env', { env: { VERSION: 'one' } });
  assert.deepEqual(await under.start([before]), { kind: 'ready', generation: 0 });
  assert.match(await under.ask(), /VERSION=one/);

  assert.deepEqual(await under.publish([{ ...before, env: { VERSION: 'two' } }]), { kind: 'ready', generation: 1 });
  assert.match(await under.ask(), /VERSION=two/);

  const missing: Digest = `sha256:${'0'.repeat(64)}` as Digest;
  const broken = await under.publish([
    { ...before, env: { VERSION: 'three' } },
    { ...before, image: missing },
  ]);
  assert.equal(broken.kind === 'failed' && broken.error.code, 'image_corrupt');
  assert.match(await under.ask(), /VERSION=two/);
});

test('Worker answers requests to a function that is not in memory yet', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const good = await under.deployed('env');
  const names = Array.from({ length: 30 }, (_, at) => `f${at}`);
  const functions = names.map((name) => ({
    ...good,
    name: functionName(name),
    env: { NAME: name },
    routes: [{ path: `/${name}/*`, mountPath: `/${name}` }],
  }));
  assert.equal((await under.start(functions)).kind, 'ready');
  const answers = await Promise.all(names.map((name) => under.ask(`/${name}/`)));
  for (const [at, answer] of answers.entries()) assert.match(answer, new RegExp(`NAME=f${at}$`, 'm'));
});

test('Worker does not start with a function whose image is damaged', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const good = await under.deployed('env');
  writeFileSync(join(under.imagesFolder, `${good.image.slice('sha256:'.length)}.image`), 'something else');
  const told = await under.start([good]);
  assert.equal(told.kind === 'failed' && told.error.code, 'image_corrupt');
});
