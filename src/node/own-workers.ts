import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MayflyError, type ProjectId } from '../base/mod.ts';
import type { AdoptedChild, SpawnChild } from './guardian-link.ts';
import { shareImage } from './image-store.ts';
import { socketPathBytesMax, stopDeadlineMs } from './limits.ts';
import { type OwnNote, type OwnSetName, OwnWorkerLink } from './own-worker-link.ts';
import type { DeployedFunction, DeployedVersion, WorkerSettings } from './protocol.ts';
import { WorkerSet, type WorkerSetTools } from './worker-set.ts';

/** What own workers are made with. */
export interface OwnWorkersOptions {
  /** Holds a folder for each set. */
  readonly folder: string;
  /** As of the shared workers. */
  readonly settings: WorkerSettings;
  readonly tools: Omit<WorkerSetTools, 'preview'>;
  /** What is behind a version's own host. @throws MayflyError */
  readonly preview: (host: string) => Promise<DeployedVersion>;
  /** Nobody takes connections from this socket any more. */
  readonly closeSocket: (path: string) => void;
}

/**
 * The workers of one project, which serve nothing else. They take requests from the shared workers, over Unix sockets, and can read
 * the images of their own project and no others:
 *
 *     <data-dir>/own/<key>/images/     links to the project's images
 *     <data-dir>/own/<key>/0 …         the sockets, one for each worker
 *
 * One more stands by, as with the shared ones. How many there are is not changed; a set of another number takes its place.
 */
export class OwnWorkers {
  readonly name: OwnSetName;
  /** By place. */
  readonly sockets: readonly string[];
  /** How many are about to serve something that is not published yet. */
  leases = 0;
  readonly #options: OwnWorkersOptions;
  readonly #folder: string;
  readonly #imagesFolder: string;
  readonly #workers: WorkerSet;
  #asked: readonly DeployedFunction[] | undefined;
  #served: readonly DeployedFunction[] | undefined;

  /** @throws MayflyError data_dir_unusable */
  constructor(name: OwnSetName, options: OwnWorkersOptions) {
    this.name = name;
    this.#options = options;
    this.#folder = path.join(options.folder, name.key);
    this.#imagesFolder = path.join(this.#folder, 'images');
    this.sockets = Array.from({ length: name.places }, (_, place) => path.join(this.#folder, String(place)));
    const longest = Math.max(...this.sockets.map((socket) => Buffer.byteLength(socket)));
    if (longest > socketPathBytesMax) {
      const reason = `the sockets of a project's own workers would have paths of ${longest} bytes, at most ${socketPathBytesMax} are wanted`;
      throw new MayflyError('data_dir_unusable', { path: options.folder, reason });
    }
    // Before any worker is started that is to read it.
    mkdirSync(this.#imagesFolder, { recursive: true, mode: 0o700 });
    const { settings, tools } = options;
    const spawn: SpawnChild = (spec, note) => {
      const own: OwnNote = { own: name, note };
      return new OwnWorkerLink(tools.spawn({ ...spec, ends: 'last' }, own), name, this.sockets);
    };
    this.#workers = new WorkerSet(
      name.places,
      { ...settings, imagesFolder: this.#imagesFolder, callers: 'workers' },
      { ...tools, spawn, preview: (host) => this.#preview(host) },
    );
  }

  /** The name of a new set. */
  static newName(project: ProjectId, places: number): OwnSetName {
    return { project, places, key: randomBytes(6).toString('hex') };
  }

  /** The process ids, by place. */
  get pids(): number[] {
    return this.#workers.pids;
  }

  /** Takes over workers that a supervisor before this one has had started. */
  adopt(children: readonly AdoptedChild[], code: 'current' | 'old'): void {
    const own = children.map(({ link, note }) => ({ link: new OwnWorkerLink(link, this.name, this.sockets), note }));
    this.#workers.adopt(own, code);
  }

  /** Whether these are the functions that it was told to serve last, whatever has come of that. */
  wasAsked(functions: readonly DeployedFunction[]): boolean {
    return isDeepStrictEqual(functions, this.#asked);
  }

  /** Serves `functions`, all of them of this project, and nothing else. @throws MayflyError why it cannot */
  async publish(functions: readonly DeployedFunction[]): Promise<void> {
    this.#asked = functions;
    if (isDeepStrictEqual(functions, this.#served)) return;
    await this.#link(functions.flatMap(({ versions }) => versions));
    await this.#workers.publish(functions);
    this.#served = functions;
  }

  /** What it serves; undefined when nobody knows. */
  get served(): readonly DeployedFunction[] | undefined {
    return this.#served;
  }

  /** Loads versions of this project beside what is served. @throws MayflyError why one cannot be loaded */
  async warm(versions: readonly DeployedVersion[]): Promise<() => void> {
    this.leases += 1;
    try {
      await this.#link(versions);
      const cool = await this.#workers.warm(versions);
      return () => {
        this.leases -= 1;
        cool();
      };
    } catch (error) {
      this.leases -= 1;
      throw error;
    }
  }

  /** Has the workers finish what they have, and exit. Nobody sends them anything new by now. */
  retire(): void {
    this.#workers.stop(stopDeadlineMs);
    void this.#workers.ended().then(() => this.#remove());
  }

  /** Starts no more workers; those that there are end with the node. */
  stop(): void {
    this.#workers.stop();
  }

  ended(): Promise<void> {
    return this.#workers.ended();
  }

  async #remove(): Promise<void> {
    for (const socket of this.sockets) this.#options.closeSocket(socket);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #link(versions: readonly DeployedVersion[]): Promise<void> {
    const { imagesFolder } = this.#options.settings;
    const images = new Set(versions.map(({ image }) => image));
    await Promise.all(Array.from(images, (image) => shareImage(imagesFolder, this.#imagesFolder, image)));
  }

  /** A worker can ask for any host: what belongs to others it is not told. */
  async #preview(host: string): Promise<DeployedVersion> {
    const version = await this.#options.preview(host);
    if (version.project !== this.name.project) throw new MayflyError('no_route', {});
    await this.#link([version]);
    return version;
  }
}
