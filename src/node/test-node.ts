import { Agent } from 'node:http';
import type { MayflyError } from '../base/mod.ts';
import { loadFunctionFolder, localUrl, readLocalSecrets } from '../config/mod.ts';
import {
  type Call,
  type CallTiming,
  createEngine,
  type Engine,
  type GuestRequest,
  type HeaderPairs,
  type LoadedFunction,
  type ResponseSink,
} from '../engine/mod.ts';
import { Gateway, ServerTiming } from '../gateway/mod.ts';
import { readImage } from './image-store.ts';
import { LocalFunctions, type LocalSettings } from './local-functions.ts';
import type { Log } from './log.ts';
import { sendRequest } from './test-request.ts';

/** What a function is tested with. */
export interface TestNodeOptions extends LocalSettings {
  /** The function's folder. */
  readonly folder: string;
  /** Where images are kept; the user's cache when undefined. */
  readonly dataDir: string | undefined;
  readonly log: Log;
}

/**
 * A node in the process of a function's own tests: one function, on every path of a loopback port, behind the same gateway and in the
 * same engine as everywhere. In one process, so that what a request has logged is known when its response is.
 */
export class TestNode {
  readonly url: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #engine: Engine;
  readonly #gateway: Gateway;
  readonly #calls: CallCounter;
  readonly #lines: GuestLines;

  private constructor(url: string, engine: Engine, gateway: Gateway, calls: CallCounter, lines: GuestLines) {
    this.url = url;
    this.#engine = engine;
    this.#gateway = gateway;
    this.#calls = calls;
    this.#lines = lines;
  }

  /** @throws MayflyError what is wrong with the manifest or the artifact */
  static async start({ folder, dataDir, log, env, limits }: TestNodeOptions): Promise<TestNode> {
    const { source } = await loadFunctionFolder(folder);
    const secrets = await readLocalSecrets(folder, source.secrets ?? []);
    const functions = await LocalFunctions.open(dataDir, log);
    const { deployed, routes } = await functions.prepare(source, { env: { ...secrets.env, ...env }, limits });
    const image = await readImage(functions.store.imagesFolder, deployed.image);
    const engine = createEngine({});
    const lines = new GuestLines();
    const loaded = await engine.load({ ...deployed, image, log: (chunk) => lines.write(chunk) });
    const gateway = new Gateway({ serverTiming: ServerTiming.shown }, { failed: () => {} });
    engine.beforeTurns(() => gateway.flush());
    const calls = new CallCounter(loaded);
    gateway.publish([{ routes, versions: [{ loaded: calls, limits: deployed.limits, percent: 100 }] }]);
    const address = await gateway.listen({ host: '127.0.0.1', port: 0 });
    return new TestNode(localUrl(address), engine, gateway, calls, lines);
  }

  /** Sends a request. What is not a whole URL is a path on any host. */
  send(resource: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    return sendRequest(this.#agent, this.url, resource, init);
  }

  /** Forgets what was logged before. */
  clearLogs(): void {
    this.#lines.clear();
  }

  /** What guests have written to stderr since then, by lines, once none runs any more. */
  async logs(): Promise<string[]> {
    await this.#calls.quiet();
    return this.#lines.read();
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#gateway.stop(0);
    await this.#engine.close();
  }
}

/** Bytes as they came, made lines when they are asked for. */
class GuestLines {
  #chunks: Uint8Array[] = [];

  /** `chunk` is only valid during the call. */
  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice());
  }

  clear(): void {
    this.#chunks = [];
  }

  read(): string[] {
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks));
    return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
  }
}

/** Passes calls on, and knows whether one is under way: a guest may still write to its log when its response is whole. */
class CallCounter implements LoadedFunction {
  readonly #loaded: LoadedFunction;
  #underWay = 0;
  #quiet: PromiseWithResolvers<void> | undefined;

  constructor(loaded: LoadedFunction) {
    this.#loaded = loaded;
  }

  get project(): LoadedFunction['project'] {
    return this.#loaded.project;
  }

  get name(): LoadedFunction['name'] {
    return this.#loaded.name;
  }

  get measures(): LoadedFunction['measures'] {
    return this.#loaded.measures;
  }

  call(request: GuestRequest, sink: ResponseSink): Call {
    this.#underWay++;
    return this.#loaded.call(request, new CountedSink(sink, () => this.#over()));
  }

  close(): Promise<void> {
    return this.#loaded.close();
  }

  async quiet(): Promise<void> {
    if (this.#underWay === 0) return;
    this.#quiet ??= Promise.withResolvers();
    await this.#quiet.promise;
  }

  #over(): void {
    this.#underWay--;
    if (this.#underWay > 0) return;
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }
}

class CountedSink implements ResponseSink {
  readonly #sink: ResponseSink;
  readonly #over: () => void;

  constructor(sink: ResponseSink, over: () => void) {
    this.#sink = sink;
    this.#over = over;
  }

  head(status: number, headers: HeaderPairs, timing: CallTiming): void {
    this.#sink.head(status, headers, timing);
  }

  write(chunk: Uint8Array): number {
    return this.#sink.write(chunk);
  }

  onReady(wake: () => void): void {
    this.#sink.onReady(wake);
  }

  end(timing: CallTiming): void {
    this.#over();
    this.#sink.end(timing);
  }

  fail(error: MayflyError, timing: CallTiming): void {
    this.#over();
    this.#sink.fail(error, timing);
  }
}
