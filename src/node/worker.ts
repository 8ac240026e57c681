import { setTimeout as sleep } from 'node:timers/promises';
import { MayflyError, systemClock } from '../base/mod.ts';
import type { CallMeasures, Engine } from '../engine/mod.ts';
import { Gateway, type GatewayFunction, type ListeningSocket } from '../gateway/mod.ts';
import { FailureLog } from './failure-log.ts';
import { LineLevel, LineSource } from './function-log.ts';
import { FunctionLogSender } from './function-log-sender.ts';
import { FunctionShelf, type Opened, type ShelvedFunction } from './function-shelf.ts';
import { GuestLog } from './guest-log.ts';
import { readImage } from './image-store.ts';
import { loadAheadMs, loadedFunctionsMax, loadedImageBytesMax, loadsMax, logDrainMs } from './limits.ts';
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
  readonly shelved: ShelvedFunction;
  readonly log: GuestLog;
}

/** A snapshot that can be served. */
interface LoadedSnapshot {
  readonly generation: number;
  /** By everything that makes two functions differ to the engine. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly functions: readonly GatewayFunction[];
}

const nothing: LoadedSnapshot = { generation: 0, deployed: new Map(), functions: [] };

/**
 * A worker's life. When it begins, it serves as soon as it knows its routes: functions are loaded in their order, and those that
 * are asked for first. A snapshot that comes later is served once what is new in it is loaded and warm, so that no request
 * after a deploy pays for it; what it replaces is closed once the last request of an older snapshot is done.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #tools: WorkerTools;
  readonly #gateway: Gateway;
  readonly #shelf: FunctionShelf;
  readonly #logs = new WeakMap<DeployedFunction, GuestLog>();
  readonly #lines: FunctionLogSender;
  #served: LoadedSnapshot = nothing;
  /** Loaded beside it, to be served next. */
  #next: LoadedSnapshot | undefined;
  #isListening = false;

  constructor(settings: WorkerSettings, tools: WorkerTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#lines = new FunctionLogSender((batch) => tools.tell({ kind: 'lines', batch }));
    this.#gateway = new Gateway({ serverTiming: settings.serverTiming }, new FailureLog(tools.log, this.#lines));
    this.#shelf = new FunctionShelf({
      load: (deployed, measures) => this.#load(deployed, measures),
      measuresOf: (project) => tools.engine.measuresOf(project),
      failed: ({ project, name }, error) =>
        tools.log.error({ function: name, project, err: error }, 'function could not be loaded'),
      nowMs: () => systemClock.monotonicMs(),
      loadsMax,
      loadedMax: loadedFunctionsMax,
      loadedBytesMax: loadedImageBytesMax,
    });
    tools.engine.beforeTurns(() => this.#gateway.flush());
  }

  /** Loads a snapshot beside the one that is served. @throws MayflyError image_corrupt, bad_limit */
  async load({ generation, functions: wanted }: Snapshot): Promise<void> {
    if (generation === this.#served.generation || generation === this.#next?.generation) return;
    this.#forgetNext();
    const deployed = new Map<string, Deployed>();
    const functions: GatewayFunction[] = [];
    const added: ShelvedFunction[] = [];
    for (const one of wanted) {
      const key = engineKey(one);
      const known = this.#served.deployed.get(key) ?? deployed.get(key);
      const found = known ?? this.#place(one);
      if (known === undefined) added.push(found.shelved);
      deployed.set(key, found);
      functions.push({ loaded: found.shelved, limits: one.limits, routes: one.routes });
    }
    try {
      await this.#loadAhead(added, this.#served === nothing ? loadAheadMs : Infinity);
    } catch (error) {
      this.#close(deployed, this.#served);
      throw error;
    }
    this.#shelf.warmBehind(added);
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
    this.#close(before.deployed, next);
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

  /** The supervisor has taken the lines that it was sent. */
  linesTaken(): void {
    this.#lines.taken();
  }

  /** Finishes the requests under way, and gives everything back. */
  async stop(deadlineMs: number, quietMs?: number): Promise<void> {
    const cut = await this.#gateway.stop(deadlineMs, quietMs);
    if (cut > 0)
      this.#tools.log.warn({ connections: cut, deadlineMs }, 'connections were cut: not done by the deadline');
    for (const { log } of this.#served.deployed.values()) log.flush();
    await this.#tools.engine.close();
    // A supervisor that takes nothing any more must not hold up the end.
    await Promise.race([this.#lines.drain(), sleep(logDrainMs, undefined, { ref: false })]);
  }

  #forgetNext(): void {
    if (this.#next !== undefined) this.#close(this.#next.deployed, this.#served);
    this.#next = undefined;
  }

  /** Loads functions, several at once, until all are there or time is up. @throws MayflyError why the first one could not be */
  async #loadAhead(functions: readonly ShelvedFunction[], forMs: number): Promise<void> {
    const untilMs = systemClock.monotonicMs() + forMs;
    const left = functions.values();
    const work = async (): Promise<void> => {
      for (const one of left) {
        await this.#shelf.ready(one);
        if (systemClock.monotonicMs() >= untilMs) return;
      }
    };
    await Promise.all(Array.from({ length: loadsMax }, work));
  }

  #place(deployed: DeployedFunction): Deployed {
    const guestLog = new GuestLog(
      {
        line: (text) => this.#say(deployed, text, LineSource.guest, LineLevel.info),
        dropped: (bytes) =>
          this.#say(
            deployed,
            `${bytes} bytes went missing here: the function writes too much`,
            LineSource.platform,
            LineLevel.warn,
          ),
      },
      systemClock,
    );
    this.#logs.set(deployed, guestLog);
    return { shelved: this.#shelf.place(deployed), log: guestLog };
  }

  #say({ project, name }: DeployedFunction, text: string, source: LineSource, level: LineLevel): void {
    this.#lines.push({ project, function: name, timeMs: systemClock.wallMs(), source, level, text });
  }

  async #load(deployed: DeployedFunction, measures: CallMeasures): Promise<Opened> {
    const { project, name, env, limits } = deployed;
    const image = await readImage(this.#settings.imagesFolder, deployed.image);
    const guestLog = this.#logs.get(deployed);
    const log = (chunk: Uint8Array): void => guestLog?.write(chunk);
    const loaded = await this.#tools.engine.load({ project, name, image, env, limits, log, measures });
    return { loaded, imageBytes: image.byteLength };
  }

  /** Closes what `kept` does not have, too. */
  #close(deployed: ReadonlyMap<string, Deployed>, kept: LoadedSnapshot): void {
    for (const [key, { shelved, log }] of deployed)
      if (!kept.deployed.has(key)) void this.#shelf.remove(shelved).then(() => log.flush());
  }
}

/** Two functions of the same key are one to the engine; routes are the gateway's matter. */
function engineKey({ project, name, image, env, limits }: DeployedFunction): string {
  return JSON.stringify([project, name, image, env, limits]);
}
