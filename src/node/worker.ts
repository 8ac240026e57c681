import { MayflyError, systemClock } from '../base/mod.ts';
import type { Engine, LoadedFunction } from '../engine/mod.ts';
import { Gateway, type GatewayFunction, type ListeningSocket } from '../gateway/mod.ts';
import { FailureLog } from './failure-log.ts';
import { GuestLog } from './guest-log.ts';
import { readImage } from './image-store.ts';
import type { Log } from './log.ts';
import type { DeployedFunction, Snapshot, WorkerSettings } from './protocol.ts';

/** What a worker works with. */
export interface WorkerTools {
  readonly engine: Engine;
  readonly log: Log;
}

interface Deployed {
  readonly loaded: LoadedFunction;
  readonly log: GuestLog;
}

/** A snapshot that is loaded. */
interface LoadedSnapshot {
  readonly generation: number;
  /** By everything that makes two functions differ to the engine. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly functions: readonly GatewayFunction[];
}

const nothing: LoadedSnapshot = { generation: 0, deployed: new Map(), functions: [] };

/**
 * A worker's life: functions are loaded and warm before the snapshot that has them is served, and closed once the last request of
 * an older snapshot is done.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #tools: WorkerTools;
  readonly #gateway: Gateway;
  #served: LoadedSnapshot = nothing;
  /** Loaded beside it, to be served next. */
  #next: LoadedSnapshot | undefined;
  #isListening = false;

  constructor(settings: WorkerSettings, tools: WorkerTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#gateway = new Gateway({ serverTiming: settings.serverTiming }, new FailureLog(tools.log));
    tools.engine.beforeTurns(() => this.#gateway.flush());
  }

  /** Loads a snapshot beside the one that is served. @throws MayflyError image_corrupt, bad_limit */
  async load({ generation, functions: wanted }: Snapshot): Promise<void> {
    if (generation === this.#served.generation || generation === this.#next?.generation) return;
    this.#forgetNext();
    const deployed = new Map<string, Deployed>();
    const functions: GatewayFunction[] = [];
    try {
      for (const one of wanted) {
        const key = engineKey(one);
        const found = this.#served.deployed.get(key) ?? deployed.get(key) ?? (await this.#load(one));
        deployed.set(key, found);
        functions.push({ loaded: found.loaded, limits: one.limits, routes: one.routes });
      }
    } catch (error) {
      close(deployed, this.#served);
      throw error;
    }
    this.#next = { generation, deployed, functions };
  }

  /** Serves the snapshot that was loaded. @throws MayflyError when that is another one */
  switchTo(generation: number): void {
    if (generation === this.#served.generation) return;
    const next = this.#next;
    if (generation !== next?.generation)
      throw new MayflyError('internal', {}, { cause: new Error(`generation ${generation} is not loaded`) });
    const before = this.#served;
    this.#served = next;
    this.#next = undefined;
    this.#gateway.publish(next.functions);
    close(before.deployed, next);
  }

  /** Forgets a snapshot that was loaded and is not to be served. */
  discard(generation: number): void {
    if (generation === this.#next?.generation) this.#forgetNext();
  }

  /** Takes connections from `socket`. @throws MayflyError listen_failed */
  async listen(socket: ListeningSocket): Promise<void> {
    // A supervisor that has just begun does not know.
    if (this.#isListening) return;
    await this.#gateway.listen(this.#settings.address, socket);
    this.#isListening = true;
  }

  /** Finishes the requests under way, and gives everything back. */
  async stop(deadlineMs: number, quietMs?: number): Promise<void> {
    const cut = await this.#gateway.stop(deadlineMs, quietMs);
    if (cut > 0)
      this.#tools.log.warn({ connections: cut, deadlineMs }, 'connections were cut: not done by the deadline');
    for (const { log } of this.#served.deployed.values()) log.flush();
    await this.#tools.engine.close();
  }

  #forgetNext(): void {
    if (this.#next !== undefined) close(this.#next.deployed, this.#served);
    this.#next = undefined;
  }

  async #load(deployed: DeployedFunction): Promise<Deployed> {
    const { project, name, env, limits } = deployed;
    const fields = { function: name, project };
    const { log } = this.#tools;
    const guestLog = new GuestLog(
      {
        line: (text) => log.info(fields, text),
        dropped: (bytes) => log.warn({ ...fields, bytes }, 'log lines were dropped: the function writes too much'),
      },
      systemClock,
    );
    const image = await readImage(this.#settings.imagesFolder, deployed.image);
    const loaded = await this.#tools.engine.load({
      project,
      name,
      image,
      env,
      limits,
      log: (chunk) => guestLog.write(chunk),
    });
    return { loaded, log: guestLog };
  }
}

/** Closes what `kept` does not have, too. */
function close(deployed: ReadonlyMap<string, Deployed>, kept: LoadedSnapshot): void {
  for (const [key, { loaded }] of deployed) if (!kept.deployed.has(key)) void loaded.close();
}

/** Two functions of the same key are one to the engine; routes are the gateway's matter. */
function engineKey({ project, name, image, env, limits }: DeployedFunction): string {
  return JSON.stringify([project, name, image, env, limits]);
}
