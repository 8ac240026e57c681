import { isMayflyError, systemClock, toWireError } from '../base/mod.ts';
import type { Engine, LoadedFunction } from '../engine/mod.ts';
import { Gateway, type GatewayFunction } from '../gateway/mod.ts';
import { FailureLog } from './failure-log.ts';
import { GuestLog } from './guest-log.ts';
import { readImage } from './image-store.ts';
import type { Log } from './log.ts';
import type { DeployedFunction, FromWorker, Snapshot, WorkerSettings } from './protocol.ts';

/** What a worker works with. */
export interface WorkerTools {
  readonly engine: Engine;
  readonly log: Log;
  /** Tells the supervisor. */
  readonly tell: (message: FromWorker) => void;
}

interface Deployed {
  readonly loaded: LoadedFunction;
  readonly log: GuestLog;
}

/**
 * A worker's life: functions are loaded and warm before the snapshot that has them is served, and closed once the last request of
 * an older snapshot is done.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #tools: WorkerTools;
  readonly #gateway: Gateway;
  /** By everything that makes two functions differ to the engine. */
  #deployed = new Map<string, Deployed>();
  /** Snapshots are taken in one after the other. */
  #publishing: Promise<void> = Promise.resolve();

  constructor(settings: WorkerSettings, tools: WorkerTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#gateway = new Gateway({ serverTiming: settings.serverTiming }, new FailureLog(tools.log));
  }

  /** Loads `snapshot`, then listens; says `ready` or `failed`. */
  async start(snapshot: Snapshot): Promise<void> {
    try {
      await this.#publish(snapshot);
      await this.#gateway.listen(this.#settings.listen, this.#settings.portUse);
      this.#tools.tell({ kind: 'ready', generation: snapshot.generation });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Serves `snapshot` in place of the one before; says `ready` or `failed`. What was served goes on when it fails. */
  publish(snapshot: Snapshot): void {
    this.#publishing = this.#publishing.then(() => this.#publishAndTell(snapshot));
  }

  /** Finishes the requests under way, and gives everything back. */
  async stop(deadlineMs: number): Promise<void> {
    const cut = await this.#gateway.stop(deadlineMs);
    if (cut > 0)
      this.#tools.log.warn({ connections: cut, deadlineMs }, 'connections were cut: not done by the deadline');
    for (const { log } of this.#deployed.values()) log.flush();
    await this.#tools.engine.close();
  }

  async #publishAndTell(snapshot: Snapshot): Promise<void> {
    try {
      await this.#publish(snapshot);
      this.#tools.tell({ kind: 'ready', generation: snapshot.generation });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #publish(snapshot: Snapshot): Promise<void> {
    const next = new Map<string, Deployed>();
    const functions: GatewayFunction[] = [];
    try {
      for (const deployed of snapshot.functions) {
        const key = engineKey(deployed);
        const found = this.#deployed.get(key) ?? next.get(key) ?? (await this.#load(deployed));
        next.set(key, found);
        functions.push({ loaded: found.loaded, limits: deployed.limits, routes: deployed.routes });
      }
    } catch (error) {
      for (const [key, { loaded }] of next) if (!this.#deployed.has(key)) void loaded.close();
      throw error;
    }
    const before = this.#deployed;
    this.#deployed = next;
    this.#gateway.publish(functions);
    for (const [key, { loaded }] of before) if (!next.has(key)) void loaded.close();
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

  #fail(error: unknown): void {
    if (!isMayflyError(error)) this.#tools.log.error({ err: error }, 'worker failed');
    this.#tools.tell({ kind: 'failed', error: toWireError(error) });
  }
}

/** Two functions of the same key are one to the engine; routes are the gateway's matter. */
function engineKey({ project, name, image, env, limits }: DeployedFunction): string {
  return JSON.stringify([project, name, image, env, limits]);
}
