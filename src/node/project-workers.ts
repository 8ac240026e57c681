import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorText, MayflyError, type ProjectId } from '../base/mod.ts';
import { type Limits, limitNames } from '../config/mod.ts';
import type { AdoptedChild } from './guardian-link.ts';
import { OwnWorkers, type OwnWorkersOptions } from './own-workers.ts';
import { isOwnNote, type OwnSetName } from './own-worker-link.ts';
import type { DeployedFunction, DeployedVersion, Forward, WorkerSettings } from './protocol.ts';
import type { OwnWorkerCounts, Publisher } from './publisher.ts';
import { slotBytesFor } from './slot-bytes.ts';
import { WorkerSet, type WorkerSetTools } from './worker-set.ts';

/** What a node's workers work with. */
export interface ProjectWorkersTools extends Omit<WorkerSetTools, 'onLines' | 'onUsed' | 'preview'> {
  /** Takes what functions have logged, as a worker says: of one project, when it is a worker of that one's own. */
  readonly onLines: (batch: unknown, project: ProjectId | undefined) => void;
  /** The same with which functions were used. */
  readonly onUsed: (functions: unknown, project: ProjectId | undefined) => void;
  /** What is behind a version's own host. @throws MayflyError */
  readonly preview: (host: string) => Promise<DeployedVersion>;
  /** Nobody takes connections from this Unix socket any more. */
  readonly closeSocket: (path: string) => void;
  /** Where the folders of own workers are. */
  readonly ownFolder: string;
}

/**
 * All workers of a node: those that every project shares, and those that single projects have to themselves.
 *
 *     client ──▶ shared worker ──▶ function                    of a project that shares them
 *                      └── socket ──▶ own worker ──▶ function  of one that has its own: nobody else loads it, or knows its secrets
 *
 * A change is made from the back to the front, so that a request never comes to somebody who does not know it yet: own workers serve
 * what is new, then shared workers send requests there, then own workers that nobody needs any more finish and leave.
 */
export class ProjectWorkers implements Publisher {
  readonly #places: number;
  readonly #settings: WorkerSettings;
  readonly #tools: ProjectWorkersTools;
  readonly #shared: WorkerSet;
  readonly #own = new Map<ProjectId, OwnWorkers>();
  /** From code that was replaced: they go once nobody sends them requests any more. */
  readonly #old: OwnWorkers[] = [];
  /** Those that are on their way out are among them. */
  readonly #all = new Set<OwnWorkers>();
  #counts: OwnWorkerCounts = new Map();
  #queue: Promise<void> = Promise.resolve();
  #hasPublished = false;

  constructor(places: number, settings: WorkerSettings, tools: ProjectWorkersTools) {
    this.#places = places;
    this.#settings = settings;
    this.#tools = tools;
    this.#shared = new WorkerSet(
      places,
      { ...settings, slotBytesMax: slotBytesFor(places) },
      {
        ...tools,
        onLines: (batch) => tools.onLines(batch, undefined),
        onUsed: (used) => tools.onUsed(used, undefined),
        preview: (host) => this.#preview(host),
      },
    );
  }

  /** The process ids of the shared workers, by place. */
  get pids(): number[] {
    return this.#shared.pids;
  }

  /** Those of the projects' own. */
  ownPids(): { readonly project: ProjectId; readonly pids: readonly number[] }[] {
    return Array.from(this.#own, ([project, { pids }]) => ({ project, pids }));
  }

  /** Takes over the workers of the supervisor before this one: see WorkerSet.adopt. */
  adopt(children: readonly AdoptedChild[], code: 'current' | 'old'): void {
    const shared: AdoptedChild[] = [];
    const own = new Map<string, { readonly name: OwnSetName; readonly children: AdoptedChild[] }>();
    for (const { link, note } of children) {
      if (!isOwnNote(note)) {
        shared.push({ link, note });
        continue;
      }
      const found = own.get(note.own.key) ?? { name: note.own, children: [] };
      own.set(note.own.key, found);
      found.children.push({ link, note: note.note });
    }
    this.#shared.adopt(shared, code);
    for (const set of own.values()) {
      const workers = this.#make(set.name);
      workers.adopt(set.children, code);
      if (code === 'old' || this.#own.has(set.name.project)) this.#old.push(workers);
      else this.#own.set(set.name.project, workers);
    }
  }

  /** Removes what own workers of an earlier run of the node have left. */
  async sweep(): Promise<void> {
    const kept = new Set(Array.from(this.#all, ({ name }) => name.key));
    const found = await readdir(this.#tools.ownFolder).catch(() => []);
    const left = found.filter((key) => !kept.has(key));
    await Promise.all(left.map((key) => rm(path.join(this.#tools.ownFolder, key), { recursive: true, force: true })));
  }

  start(): Promise<void> {
    return this.#shared.start();
  }

  publish(functions: readonly DeployedFunction[], counts: OwnWorkerCounts = new Map()): Promise<void> {
    const published = this.#queue.then(() => this.#publish(functions, counts));
    this.#queue = published.catch(() => {});
    return published;
  }

  async warm(versions: readonly DeployedVersion[]): Promise<() => void> {
    const byProject = Map.groupBy(versions, ({ project }) => (this.#countOf(project) > 0 ? project : undefined));
    const cools: (() => void)[] = [];
    const cool = (): void => {
      for (const each of cools) each();
    };
    try {
      for (const [project, some] of byProject) {
        const workers = project === undefined ? this.#shared : await this.#ready(project);
        cools.push(await workers.warm(some));
      }
    } catch (error) {
      cool();
      throw error;
    }
    return cool;
  }

  /** Starts no more workers. */
  stop(): void {
    this.#shared.stop();
    for (const own of this.#all) own.stop();
  }

  /** When every worker has ended. */
  async ended(): Promise<void> {
    await Promise.all([this.#shared, ...this.#all].map((set) => set.ended()));
  }

  async #publish(functions: readonly DeployedFunction[], counts: OwnWorkerCounts): Promise<void> {
    this.#counts = counts;
    const byProject = Map.groupBy(functions, ({ project }) => (this.#countOf(project) > 0 ? project : undefined));
    const shared = byProject.get(undefined) ?? [];
    byProject.delete(undefined);
    const undo: (() => Promise<void>)[] = [];
    const next = new Set<OwnWorkers>();
    const forwards: (Forward & Pick<DeployedFunction, 'routes'>)[] = [];
    try {
      const sets = Array.from(byProject, ([project, own]) => {
        if (project === undefined) return Promise.resolve();
        const workers = this.#fitting(project, undo);
        next.add(workers);
        forwards.push(...own.map((one) => forwardTo(workers, one)));
        return this.#serve(workers, own, undo);
      });
      const failed = (await Promise.allSettled(sets)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      await this.#shared.publish(shared, forwards);
    } catch (error) {
      for (const each of undo.toReversed()) await each().catch((cause: unknown) => this.#complain(cause));
      throw error;
    }
    this.#hasPublished = true;
    this.#settle(next);
  }

  /** The own workers that a project is to have; new ones are not known to others yet. */
  #fitting(project: ProjectId, undo: (() => Promise<void>)[]): OwnWorkers {
    const places = this.#countOf(project);
    const found = this.#own.get(project);
    if (found?.name.places === places) return found;
    const made = this.#make(OwnWorkers.newName(project, places));
    undo.push(async () => this.#retire(made));
    return made;
  }

  /** What keeps one project's workers from serving what they were to serve before is no reason to refuse others what they ask for. */
  async #serve(
    workers: OwnWorkers,
    functions: readonly DeployedFunction[],
    undo: (() => Promise<void>)[],
  ): Promise<void> {
    const isNews = this.#hasPublished && !workers.wasAsked(functions);
    const before = workers.served;
    if (before !== undefined) undo.push(() => workers.publish(before));
    try {
      await workers.publish(functions);
    } catch (error) {
      if (isNews) throw error;
      this.#complain(error, workers.name.project);
    }
  }

  /** Every shared worker sends requests to `next`, and to no others. */
  #settle(next: ReadonlySet<OwnWorkers>): void {
    for (const old of this.#old.splice(0)) this.#retire(old);
    for (const [project, own] of this.#own) {
      if (next.has(own) || (own.leases > 0 && this.#countOf(project) > 0)) continue;
      this.#own.delete(project);
      this.#retire(own);
    }
    for (const own of next) this.#own.set(own.name.project, own);
  }

  /** The own workers of a project that may have no function yet. @throws MayflyError */
  async #ready(project: ProjectId): Promise<OwnWorkers> {
    const found = this.#own.get(project);
    if (found !== undefined) return found;
    const made = this.#make(OwnWorkers.newName(project, this.#countOf(project)));
    this.#own.set(project, made);
    made.leases += 1;
    try {
      await made.publish([]);
    } catch (error) {
      if (this.#own.get(project) === made) this.#own.delete(project);
      this.#retire(made);
      throw error;
    } finally {
      made.leases -= 1;
    }
    return made;
  }

  #retire(own: OwnWorkers): void {
    own.retire();
    void own.ended().then(() => this.#all.delete(own));
  }

  #make(name: OwnSetName): OwnWorkers {
    const { project } = name;
    const { ownFolder, closeSocket, onLines, onUsed, preview, ...tools } = this.#tools;
    const options: OwnWorkersOptions = {
      folder: ownFolder,
      settings: { ...this.#settings, slotBytesMax: slotBytesFor(this.#places + name.places) },
      closeSocket,
      preview,
      tools: {
        ...tools,
        log: tools.log.child({ project }),
        onLines: (batch) => onLines(batch, project),
        onUsed: (used) => onUsed(used, project),
      },
    };
    const made = new OwnWorkers(name, options);
    this.#all.add(made);
    return made;
  }

  /** Whoever asks is a shared worker: of what a project's own workers serve it is not told more than where. */
  async #preview(host: string): Promise<DeployedVersion | Forward> {
    const version = await this.#tools.preview(host);
    const { project, name, limits } = version;
    if (this.#hasPublished && this.#countOf(project) === 0) return version;
    const own = this.#own.get(project);
    if (own === undefined) throw new MayflyError('overloaded', {});
    return { project, name, limits, sockets: own.sockets };
  }

  #countOf(project: ProjectId): number {
    return this.#counts.get(project) ?? 0;
  }

  #complain(error: unknown, project?: ProjectId): void {
    this.#tools.log.error({ project, reason: errorText(error) }, 'a project’s own workers cannot serve it');
  }
}

function forwardTo(
  { sockets }: OwnWorkers,
  { project, name, routes, versions }: DeployedFunction,
): Forward & Pick<DeployedFunction, 'routes'> {
  return { project, name, routes, sockets, limits: highest(versions.map(({ limits }) => limits)) };
}

/** Of each limit the highest. */
function highest(all: readonly Limits[]): Limits {
  const entries = limitNames.map((name) => [name, Math.max(...all.map((limits) => limits[name]))]);
  // Made of all names that there are.
  return Object.fromEntries(entries) as Limits;
}
