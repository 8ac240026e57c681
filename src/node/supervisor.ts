import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { countText, isMayflyError, MayflyError, type ProjectId, toWireError } from '../base/mod.ts';
import { codeIdentity } from './code-identity.ts';
import { commandLineFunctions } from './command-line-functions.ts';
import { FunctionLogs } from './function-logs.ts';
import type { AdoptedChild, GuardianLink } from './guardian-link.ts';
import { StartCause, type SupervisorStart } from './guardian-protocol.ts';
import { ImageStore, imagesFolderOf, Notes } from './image-store.ts';
import { useSaveEveryMs } from './limits.ts';
import type { Log } from './log.ts';
import { packageVersion } from './paths.ts';
import type { Platform } from './platform.ts';
import { ProjectWorkers } from './project-workers.ts';
import type { DeployedFunction, DeployedVersion } from './protocol.ts';
import type { PlatformReport, PlatformSettings } from './supervisor-settings.ts';
import { UseOrder } from './use-order.ts';

/** What a supervisor leaves to the next one. */
interface Kept {
  /** What it was started from. */
  readonly code: string;
  readonly functions: readonly DeployedFunction[];
}

/** So many generations and requests a supervisor can count. */
const numbersPerEpoch = 2 ** 32;

/**
 * The one that decides: what is served, and by which workers. All that it has to know is in the data directory, and in what the
 * guardian keeps for it, so that it can end at any moment and another one takes over.
 */
export class Supervisor {
  readonly #link: GuardianLink;
  readonly #start: SupervisorStart;
  readonly #log: Log;
  readonly #cause: StartCause;
  readonly #code: string;
  /** What the last supervisor served. */
  readonly #kept: readonly DeployedFunction[] | undefined;
  readonly #workers: ProjectWorkers;
  readonly #logs: FunctionLogs;
  readonly #uses: UseOrder;
  /** Functions that workers may have lines of. */
  readonly #published = new Set<string>();
  /** Of a node that takes deploys: the data directory is its alone. */
  #platform: Platform | undefined;
  #saving: NodeJS.Timeout | undefined;

  constructor(link: GuardianLink, start: SupervisorStart, children: readonly AdoptedChild[], log: Log) {
    this.#link = link;
    this.#start = start;
    this.#log = log;
    const { workers, address, dataDir, platform, serverTiming, logStyle } = start.settings;
    const code = codeIdentity();
    // What the guardian was told by a supervisor of this node.
    const kept = start.kept as Kept | undefined;
    this.#kept = kept?.functions;
    // After a crash, too, the code may be another.
    this.#cause = kept !== undefined && kept.code !== code ? StartCause.restart : start.cause;
    this.#code = code;
    this.#logs = new FunctionLogs({
      folder: path.join(dataDir.path, 'logs'),
      log,
      // Whoever runs a node sees what its functions write. Failures have been logged by the workers.
      onLine: ({ project, function: name, level, text, code: failure }) => {
        if (failure === undefined) log[level]({ function: name, project }, text);
      },
    });
    this.#uses = new UseOrder(path.join(dataDir.path, 'last-used.json'), log);
    const imagesFolder = imagesFolderOf(dataDir.path);
    this.#workers = new ProjectWorkers(
      workers,
      { code, address, imagesFolder, serverTiming, logStyle, previewDomain: platform?.previewDomain },
      {
        spawn: (spec, note) => link.spawn(spec, note),
        log,
        onLines: (batch, project) => this.#takeLines(batch, project),
        onUsed: (used, project) => this.#uses.note(used, project),
        inOrder: (functions) => this.#uses.sorted(functions),
        firstNumber: start.epoch * numbersPerEpoch,
        onCodeChanged: () => link.tell({ kind: 'restart' }),
        preview: (host) => this.#preview(host),
        closeSocket: (socket) => link.tell({ kind: 'closeSocket', path: socket }),
        ownFolder: path.join(dataDir.path, 'own'),
      },
    );
    this.#notePublished(this.#kept ?? []);
    // At once: a child that ends meanwhile would be missed.
    this.#workers.adopt(children, this.#cause === StartCause.restart ? 'old' : 'current');
  }

  /** Serves what is to be served, and tells the guardian what has come of it. */
  async run(): Promise<void> {
    try {
      // Before any worker is started, as that may read one of its folders.
      const { platform: settings, dataDir } = this.#start.settings;
      const store = await ImageStore.open(dataDir.path, settings === undefined ? Notes.prepared : Notes.deployed);
      const platform = settings === undefined ? undefined : await this.#serveDeployed(settings, store);
      if (settings === undefined) await this.#serveCommandLine(store);
      this.#link.tell({ kind: 'ready', report: { workerPids: this.#workers.pids, platform } });
    } catch (error) {
      if (!isMayflyError(error)) this.#log.error({ err: error }, 'supervisor failed');
      this.#link.tell({ kind: 'failed', error: toWireError(error) });
      await this.#serveKept();
    }
  }

  /**
   * Gives up what it holds, before its process ends.
   * @param lastLinesMs how long to wait for the workers to end, and for what their functions log until then
   */
  async stop(lastLinesMs: number): Promise<void> {
    this.#workers.stop();
    // First what could still change something.
    await this.#platform?.stop();
    if (lastLinesMs > 0) await Promise.race([this.#workers.ended(), sleep(lastLinesMs)]);
    clearInterval(this.#saving);
    if (this.#platform !== undefined) await this.#uses.save();
    await this.#logs.close();
  }

  async #serveCommandLine(store: ImageStore): Promise<void> {
    // Workers take as long to start as functions take to be found prepared.
    const [functions] = await Promise.all([this.#functions(store), this.#workers.start()]);
    this.#progress(`Starting ${countText(this.#start.settings.workers, 'worker')}`);
    this.#notePublished(functions);
    await this.#workers.publish(functions);
    this.#keep(functions);
  }

  /** What is deployed stands in the data directory: the supervisor that comes after this one finds it there. */
  async #serveDeployed(settings: PlatformSettings, store: ImageStore): Promise<PlatformReport> {
    const { address, dataDir, workers } = this.#start.settings;
    const tools = {
      dataDir: dataDir.path,
      store,
      workers: this.#workers,
      logs: this.#logs,
      status: { version: packageVersion, startedAt: Date.now(), address },
      workerPids: () => this.#workers.pids,
      ownPids: () => this.#workers.ownPids(),
      log: this.#log,
    };
    this.#progress(`Starting ${countText(workers, 'worker')}`);
    const open = async (): Promise<Platform> => {
      // Only where it is wanted: a node with a target starts in less time without it.
      const loaded = await import('./platform.ts');
      return loaded.Platform.open(settings, tools);
    };
    const [platform] = await Promise.all([open(), this.#workers.start()]);
    this.#platform = platform;
    // The data directory is this node's alone by now.
    await Promise.all([this.#workers.sweep(), this.#uses.load()]);
    this.#saving = setInterval(() => void this.#uses.save(), useSaveEveryMs).unref();
    const report = await platform.serve();
    this.#keep([]);
    return report;
  }

  #preview(host: string): Promise<DeployedVersion> {
    return this.#platform?.preview(host) ?? Promise.reject(new MayflyError('no_route', {}));
  }

  /** @param only the project whose own worker they come from */
  #takeLines(batch: unknown, only: ProjectId | undefined): void {
    this.#logs.take(
      batch,
      (project, name) => (only === undefined || project === only) && this.#isDeployed(project, name),
    );
  }

  #isDeployed(project: string, name: string): boolean {
    return this.#platform?.isDeployed(project, name) ?? this.#published.has(`${project}/${name}`);
  }

  #notePublished(functions: readonly DeployedFunction[]): void {
    for (const { project, name } of functions) this.#published.add(`${project}/${name}`);
  }

  /**
   * A supervisor that follows one that crashed serves the very same functions: what has changed on disk meanwhile was not asked to be
   * served.
   */
  #functions(store: ImageStore): Promise<readonly DeployedFunction[]> {
    const kept = this.#kept;
    if (this.#cause === StartCause.crash && kept !== undefined) return Promise.resolve(kept);
    return commandLineFunctions(this.#start.settings, store, this.#log, (step) => this.#progress(step));
  }

  /** What is to be served cannot be: what was served before is, also by workers that are started from now on. */
  async #serveKept(): Promise<void> {
    const kept = this.#kept;
    const isDeployed = this.#start.settings.platform !== undefined;
    if (kept === undefined || isDeployed || this.#cause !== StartCause.restart) return;
    try {
      await this.#workers.publish(kept);
      this.#keep(kept);
    } catch (error) {
      this.#log.error({ err: error }, 'what was served before cannot be served by new workers; the old ones go on');
    }
  }

  #keep(functions: readonly DeployedFunction[]): void {
    const kept: Kept = { code: this.#code, functions };
    this.#link.tell({ kind: 'keep', kept });
  }

  #progress(step: string): void {
    this.#link.tell({ kind: 'progress', step });
  }
}
