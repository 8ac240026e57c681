import { setTimeout as sleep } from 'node:timers/promises';
import { MayflyError, systemClock, type WireError } from '../base/mod.ts';
import type { CallMeasures, Engine } from '../engine/mod.ts';
import { Gateway, type GatewayFunction, type ListeningSocket } from '../gateway/mod.ts';
import { FailureLog } from './failure-log.ts';
import { LineLevel, LineSource } from './function-log.ts';
import { FunctionLogSender } from './function-log-sender.ts';
import { Forwards } from './forwards.ts';
import { FunctionShelf, type Opened } from './function-shelf.ts';
import { GuestLog } from './guest-log.ts';
import { readImage } from './image-store.ts';
import { loadAheadMs, loadedFunctionsMax, loadedImageBytesMax, loadsMax, logDrainMs } from './limits.ts';
import type { Log } from './log.ts';
import { OwnFunction } from './own-function.ts';
import { PreviewVersions } from './preview-versions.ts';
import type { DeployedFunction, DeployedVersion, Forward, FromWorker, Snapshot, WorkerSettings } from './protocol.ts';
import { type HeldVersions, type LoadedVersion, VersionShelf } from './version-shelf.ts';

/** What a worker works with. */
export interface WorkerTools {
  readonly engine: Engine;
  readonly log: Log;
  /** Tells the supervisor. */
  readonly tell: (message: FromWorker) => void;
}

/** A snapshot that can be served. */
interface LoadedSnapshot {
  readonly generation: number;
  readonly held: HeldVersions;
  readonly functions: readonly GatewayFunction[];
  /** Those of `functions` that others serve. */
  readonly forwards: readonly Forward[];
}

const nothing: LoadedSnapshot = {
  generation: 0,
  held: { versions: [], release: () => {} },
  functions: [],
  forwards: [],
};

/**
 * A worker's life. When it begins, it serves as soon as it knows its routes: functions are loaded in their order, and those that
 * are asked for first. A snapshot that comes later is served once what is new in it is loaded and warm, so that no request
 * after a deploy pays for it; what it replaces is closed once the last request of an older snapshot is done.
 */
export class Worker {
  readonly #settings: WorkerSettings;
  readonly #tools: WorkerTools;
  readonly #gateway: Gateway;
  readonly #functions: FunctionShelf;
  readonly #shelf: VersionShelf;
  readonly #logs = new WeakMap<DeployedVersion, GuestLog>();
  readonly #previews: PreviewVersions | undefined;
  /** By lease. */
  readonly #warm = new Map<number, HeldVersions>();
  readonly #lines: FunctionLogSender;
  readonly #forwards: Forwards;
  #served: LoadedSnapshot = nothing;
  /** Loaded beside it, to be served next. */
  #next: LoadedSnapshot | undefined;
  #isListening = false;

  constructor(settings: WorkerSettings, tools: WorkerTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#lines = new FunctionLogSender((batch) => tools.tell({ kind: 'lines', batch }));
    const { serverTiming, previewDomain } = settings;
    this.#forwards = new Forwards((project) => tools.engine.measuresOf(project));
    this.#functions = new FunctionShelf({
      load: (version, measures) => this.#load(version, measures),
      measuresOf: (project) => tools.engine.measuresOf(project),
      failed: ({ project, name }, error) =>
        tools.log.error({ function: name, project, err: error }, 'function could not be loaded'),
      nowMs: () => systemClock.monotonicMs(),
      loadsMax,
      loadedMax: loadedFunctionsMax,
      loadedBytesMax: loadedImageBytesMax,
    });
    this.#shelf = new VersionShelf(this.#functions, (version) => this.#makeLog(version));
    this.#previews =
      previewDomain === undefined
        ? undefined
        : new PreviewVersions(previewDomain, this.#shelf, this.#forwards, (host) =>
            tools.tell({ kind: 'preview', host }),
          );
    this.#gateway = new Gateway({ serverTiming, previews: this.#previews }, new FailureLog(tools.log, this.#lines));
    tools.engine.beforeTurns(() => this.#gateway.flush());
  }

  /** Loads a snapshot beside the one that is served. @throws MayflyError image_corrupt, bad_limit */
  async load({ generation, functions: wanted, forwards = [] }: Snapshot): Promise<void> {
    if (generation === this.#served.generation || generation === this.#next?.generation) return;
    this.#forgetNext();
    const aheadMs = this.#served === nothing ? loadAheadMs : Infinity;
    const held = await this.#shelf.hold(
      wanted.flatMap(({ versions }) => versions),
      aheadMs,
    );
    const inTurn = held.versions.values();
    const functions = wanted.map((one) => gatewayFunction(one, inTurn));
    for (const forward of forwards) {
      const version = { ...(await this.#forwards.version(forward)), percent: 100 };
      functions.push({ routes: forward.routes, versions: [version] });
    }
    this.#next = { generation, held, functions, forwards };
  }

  /** Loads versions beside all that is loaded, and keeps them until `cool`. @throws MayflyError image_corrupt, bad_limit */
  async warm(lease: number, versions: readonly DeployedVersion[]): Promise<void> {
    const held = await this.#shelf.hold(versions);
    this.#warm.get(lease)?.release();
    this.#warm.set(lease, held);
  }

  /** Gives up what `warm` has loaded. */
  cool(lease: number): void {
    this.#warm.get(lease)?.release();
    this.#warm.delete(lease);
  }

  /** What the supervisor has to say about a version's own host. */
  tellPreview(host: string, found: DeployedVersion | Forward | WireError): void {
    this.#previews?.tell(host, found);
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
    this.#previews?.clear();
    this.#forwards.serve(next.forwards);
    before.held.release();
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

  /** Tells the supervisor which functions were used since it was told before. */
  tellUse(): void {
    const used = new Set(this.#functions.takeUsed().map(({ project, name }) => `${project}/${name}`));
    if (used.size > 0) this.#tools.tell({ kind: 'used', functions: [...used] });
  }

  /** The supervisor has taken the lines that it was sent. */
  linesTaken(): void {
    this.#lines.taken();
  }

  /** Finishes the requests under way, and gives everything back. */
  async stop(deadlineMs: number, quietMs?: number): Promise<void> {
    const cut = await this.#gateway.stop(deadlineMs, quietMs);
    this.tellUse();
    if (cut > 0)
      this.#tools.log.warn({ connections: cut, deadlineMs }, 'connections were cut: not done by the deadline');
    for (const { log } of this.#served.held.versions) log.flush();
    await this.#tools.engine.close();
    // A supervisor that takes nothing any more must not hold up the end.
    await Promise.race([this.#lines.drain(), sleep(logDrainMs, undefined, { ref: false })]);
  }

  #forgetNext(): void {
    this.#next?.held.release();
    this.#next = undefined;
  }

  #makeLog(version: DeployedVersion): GuestLog {
    const log = new GuestLog(
      {
        line: (text) => this.#say(version, text, LineSource.guest, LineLevel.info),
        dropped: (bytes) =>
          this.#say(
            version,
            `${bytes} bytes went missing here: the function writes too much`,
            LineSource.platform,
            LineLevel.warn,
          ),
      },
      systemClock,
    );
    this.#logs.set(version, log);
    return log;
  }

  async #load(version: DeployedVersion, measures: CallMeasures): Promise<Opened> {
    const { project, name, env, limits } = version;
    const image = await readImage(this.#settings.imagesFolder, version.image);
    const guestLog = this.#logs.get(version);
    const log = (chunk: Uint8Array): void => guestLog?.write(chunk);
    const loaded = await this.#tools.engine.load({ project, name, image, env, limits, log, measures });
    const isOwn = this.#settings.callers === 'workers';
    return { loaded: isOwn ? new OwnFunction(loaded) : loaded, imageBytes: image.byteLength };
  }

  #say({ project, name }: DeployedVersion, text: string, source: LineSource, level: LineLevel): void {
    this.#lines.push({ project, function: name, timeMs: systemClock.wallMs(), source, level, text });
  }
}

/** What the gateway is told of a function; its loaded versions are the next of `inTurn`. */
function gatewayFunction(one: DeployedFunction, inTurn: Iterator<LoadedVersion>): GatewayFunction {
  const versions = one.versions.map(({ limits, percent }) => {
    const next = inTurn.next();
    // There are as many as there are versions of all functions.
    if (next.done === true) throw new MayflyError('internal', {});
    return { loaded: next.value.loaded, limits, percent };
  });
  return { routes: one.routes, versions, stickyBy: one.stickyBy };
}
