import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Digest, functionName, projectId } from '../base/mod.ts';
import { defaultLimits, type Env, type FunctionRoute, type ListenAddress } from '../config/mod.ts';
import { buildImage, createEngine } from '../engine/mod.ts';
import { ServerTiming } from '../gateway/mod.ts';
import { ImageStore } from './image-store.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { createLog, LogStyle } from './log.ts';
import type { DeployedFunction, DeployedVersion } from './protocol.ts';
import { Worker } from './worker.ts';

const guests = join(import.meta.dirname, '..', '..', 'test', 'guests');

/** A worker in this process, and a store of images that it reads. */
class WorkerUnderTest {
  readonly imagesFolder: string;
  readonly #store: ImageStore;
  readonly #worker: Worker;
  readonly #address: ListenAddress;
  #generation = 0;

  private constructor(store: ImageStore, address: ListenAddress) {
    this.#store = store;
    this.imagesFolder = store.imagesFolder;
    this.#address = address;
    const { imagesFolder } = store;
    const settings = { code: '', address, imagesFolder, serverTiming: ServerTiming.hidden, logStyle: LogStyle.json };
    this.#worker = new Worker(settings, { engine: createEngine(), log: createLog(LogStyle.json, {}), tell: () => {} });
  }

  static async make(t: TestContext): Promise<WorkerUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'mayfly-worker-'));
    const sockets = await ListeningSockets.open({ host: '127.0.0.1', port: 0 }, 1);
    const under = new WorkerUnderTest(await ImageStore.open(folder), sockets.address);
    const socket = sockets.of(0);
    assert.ok(socket !== undefined);
    await under.#worker.listen(socket);
    t.after(async () => {
      await under.#worker.stop(5000);
      sockets.close();
      rmSync(folder, { recursive: true });
    });
    return under;
  }

  /** A version of a guest that takes every path, alone. */
  async version(guest: string, env: Env = {}): Promise<DeployedVersion> {
    const artifact = new Uint8Array(readFileSync(join(guests, `${guest}.wasm`)));
    const { bytes } = await buildImage(artifact, { memoryBytesMax: defaultLimits.memoryBytes });
    return {
      project: projectId('default'),
      name: functionName(guest),
      image: await this.#store.put(bytes),
      env,
      limits: defaultLimits,
    };
  }

  /** Has it serve these, as a supervisor does. */
  async serve(functions: readonly DeployedFunction[]): Promise<void> {
    this.#generation += 1;
    await this.#worker.load({ generation: this.#generation, functions });
    this.#worker.switchTo(this.#generation);
  }

  async ask(path = '/'): Promise<string> {
    const { host, port } = this.#address;
    return (await fetch(`http://${host}:${port}${path}`)).text();
  }
}

/** A function with this version alone. */
function deployed(version: DeployedVersion, route: FunctionRoute = { path: '/*', mountPath: '' }): DeployedFunction {
  const { project, name } = version;
  return { project, name, routes: [route], versions: [{ ...version, percent: 100 }] };
}

test('Worker serves a later snapshot once it is loaded, and leaves the one before if it cannot be', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const before = await under.version('env', { VERSION: 'one' });
  await under.serve([deployed(before)]);
  assert.match(await under.ask(), /VERSION=one/);

  await under.serve([deployed({ ...before, env: { VERSION: 'two' } })]);
  assert.match(await under.ask(), /VERSION=two/);

  const missing: Digest = `sha256:${'0'.repeat(64)}` as Digest;
  const broken = [deployed({ ...before, env: { VERSION: 'three' } }), deployed({ ...before, image: missing })];
  await assert.rejects(under.serve(broken), { code: 'image_corrupt' });
  assert.match(await under.ask(), /VERSION=two/);
});

test('Worker answers requests to a function that is not in memory yet', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const good = await under.version('env');
  const names = Array.from({ length: 30 }, (_, at) => `f${at}`);
  const functions = names.map((name) =>
    deployed({ ...good, name: functionName(name), env: { NAME: name } }, { path: `/${name}/*`, mountPath: `/${name}` }),
  );
  await under.serve(functions);
  const answers = await Promise.all(names.map((name) => under.ask(`/${name}/`)));
  for (const [at, answer] of answers.entries()) assert.match(answer, new RegExp(`NAME=f${at}$`, 'm'));
});

test('Worker does not start with a function whose image is damaged', async (t) => {
  const under = await WorkerUnderTest.make(t);
  const good = await under.version('env');
  writeFileSync(join(under.imagesFolder, `${good.image.slice('sha256:'.length)}.image`), 'something else');
  await assert.rejects(under.serve([deployed(good)]), { code: 'image_corrupt' });
});
