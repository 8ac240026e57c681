import { type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import { type Env, mountPath } from '../config/mod.ts';
import type { SignedSnapshot, Snapshots } from './parts.ts';
import type { ImageMaker, Publisher, ServedFunction, ServedVersion, ServingState } from './ports.ts';
import type { StoredFunction } from './schemas.ts';
import type { Sealer } from './sealer.ts';
import type { SnapshotSigner } from './snapshot-signature.ts';
import { functionId, type Tables } from './tables.ts';
import type { Version } from './types.ts';

/** What serving is made with. */
export interface ServingTools {
  readonly tables: Tables;
  readonly images: ImageMaker;
  readonly publisher: Publisher;
  readonly sealer: Sealer;
  readonly signer: SnapshotSigner;
}

/**
 * What is served: of every function what its record says, with images and secrets looked up. Changes are published one after
 * the other, several at once when they come while another one is published.
 */
export class Serving implements Snapshots {
  readonly #tools: ServingTools;
  readonly #functions = new Map<string, ServedFunction>();
  #workers: ReadonlyMap<ProjectId, number> = new Map();
  #generation: number;
  #published: ServingState;
  #publishing: Promise<void> | undefined;
  #signed: SignedSnapshot | undefined;
  /** Wakes those who wait for a newer snapshot. */
  #next = Promise.withResolvers<void>();

  /** @param generation above every one that there was before a restart */
  constructor(tools: ServingTools, generation: number) {
    this.#tools = tools;
    // Nothing has been published, not even that there is nothing.
    this.#generation = generation + 1;
    this.#published = { generation, functions: [], workers: this.#workers };
  }

  /** Of what is served everywhere. */
  get generation(): number {
    return this.#published.generation;
  }

  /** All that is to be served by now. */
  state(): ServingState {
    return { generation: this.#generation, functions: [...this.#functions.values()], workers: this.#workers };
  }

  /**
   * What `record` comes to.
   * @throws MayflyError secret_missing, secret_unreadable, not_found, and what is wrong with an artifact
   */
  async resolve(record: StoredFunction): Promise<ServedFunction> {
    const versions = await Promise.all(
      record.deployment.entries.map(async ({ version, percent }) => ({
        served: await this.resolveVersion(await this.#tools.tables.version(record, version)),
        percent,
      })),
    );
    return {
      project: record.project,
      name: record.name,
      routes: record.routes.map((route) => ({ ...route, mountPath: mountPath(route.path) })),
      stickyBy: record.deployment.stickyBy,
      versions,
    };
  }

  /** The same for one version, whether it takes traffic or not. */
  async resolveVersion(version: Version): Promise<ServedVersion> {
    const { project, function: name, number, settings } = version;
    const { limits } = settings;
    const env = await this.#env(version);
    const { image } = await this.#tools.images.prepare(version.artifact, limits, project);
    return { project, function: name, version: number, image, env, limits, settings };
  }

  /** Makes sure that a project has all of these secrets. @throws MayflyError secret_missing */
  async checkSecrets(project: ProjectId, names: readonly string[]): Promise<void> {
    const found = await Promise.all(names.map((name) => this.#tools.tables.secrets.get(`${project}/${name}`)));
    const missing = names.filter((_, index) => found[index] === undefined);
    if (missing.length > 0) throw new MayflyError('secret_missing', { names: missing });
  }

  /** Has `served` be what is served of its function from the next publishing on. */
  set(served: ServedFunction): void {
    this.#functions.set(functionId(served.project, served.name), served);
    this.#generation++;
  }

  /** Has nothing of a function be served from the next publishing on. */
  remove(project: ProjectId, name: FunctionName): void {
    this.#functions.delete(functionId(project, name));
    this.#generation++;
  }

  /** How many workers of their own projects have. */
  get workers(): ReadonlyMap<ProjectId, number> {
    return this.#workers;
  }

  /** Gives a project so many workers of its own from the next publishing on. */
  setWorkers(project: ProjectId, count: number): void {
    const workers = new Map(this.#workers);
    if (count > 0) workers.set(project, count);
    else workers.delete(project);
    this.#workers = workers;
    this.#generation++;
  }

  get(project: ProjectId, name: FunctionName): ServedFunction | undefined {
    return this.#functions.get(functionId(project, name));
  }

  /** Returns once all that was set and removed by now is served everywhere. @throws whatever publishing throws */
  async publish(): Promise<void> {
    const wanted = this.#generation;
    while (this.#published.generation < wanted) {
      this.#publishing ??= this.#publishOnce().finally(() => (this.#publishing = undefined));
      await this.#publishing;
    }
  }

  current(): SignedSnapshot {
    this.#signed ??= this.#tools.signer.sign(JSON.stringify(shownState(this.#published)));
    return this.#signed;
  }

  async after(generation: number, signal: AbortSignal): Promise<SignedSnapshot | undefined> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort);
    try {
      while (this.#published.generation <= generation) {
        if (signal.aborted) return undefined;
        await Promise.race([this.#next.promise, aborted]);
      }
      return this.current();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #publishOnce(): Promise<void> {
    const state = this.state();
    await this.#tools.publisher.publish(state);
    this.#published = state;
    this.#signed = undefined;
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  async #env({ project, settings: { vars, secrets } }: Version): Promise<Env> {
    await this.checkSecrets(project, secrets);
    const env: [string, string][] = Object.entries(vars);
    for (const name of secrets) {
      const found = await this.#tools.tables.secrets.get(`${project}/${name}`);
      if (found === undefined) throw new MayflyError('secret_missing', { names: [name] });
      env.push([name, this.#tools.sealer.open(found.value.sealed, project, name)]);
    }
    return Object.fromEntries(env);
  }
}

/** What others may see: `env` stays behind, whatever it holds. */
function shownState({ generation, functions }: ServingState): object {
  return {
    format: 1,
    generation,
    functions: functions.map(({ project, name, routes, stickyBy, versions }) => ({
      project,
      name,
      routes: routes.map(({ host, path }) => ({ host, path })),
      stickyBy,
      versions: versions.map(({ served: { version, image, settings }, percent }) => ({
        version,
        percent,
        image,
        settings,
      })),
    })),
  };
}
