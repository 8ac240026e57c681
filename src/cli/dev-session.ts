import path from 'node:path';
import { isMayflyError, type MayflyError } from '../base/mod.ts';
import {
  type Env,
  type FunctionFolder,
  type Limits,
  loadFunctionFolder,
  manifestFileName,
  readLocalSecrets,
} from '../config/mod.ts';
import type { DevNode } from '../node/mod.ts';
import { type RunningBuild, startBuild } from './build-command.ts';

/** What has become of a change. */
export type DevEvent =
  | { readonly kind: 'building'; readonly name: string; readonly files: readonly string[] }
  | { readonly kind: 'reloaded'; readonly reloaded: Reloaded }
  | { readonly kind: 'failed'; readonly error: MayflyError; readonly served: 'last good' | 'nothing' }
  /** Secrets that have no value on this machine. */
  | { readonly kind: 'secretsMissing'; readonly names: readonly string[] }
  /** The build command changes this file every time, so that it would never end. */
  | { readonly kind: 'ignored'; readonly file: string };

/** A version that answers. */
export interface Reloaded {
  readonly folder: FunctionFolder;
  /** What the build command took; undefined when there is none. */
  readonly buildMs: number | undefined;
  /** From the end of the build command, or the change where there is none, to the version answering. */
  readonly reloadMs: number;
  readonly imageBytes: number;
}

export interface DevSessionOptions {
  readonly dir: string;
  readonly node: DevNode;
  /** Over what the manifest says. */
  readonly env: Env;
  readonly limits: Partial<Limits>;
  readonly tell: (event: DevEvent) => void;
}

/** A file that has changed in so many builds in a row is made by them: nobody saves a source so often while it is being built. */
const madeByBuildsMin = 8;
/** What a build has written is heard of so long after its end. */
const afterBuildMs = 300;

const secretsFile = '.env';

/**
 * Keeps a node at what its function's folder says: every change is built and served in place of the version before, which goes on
 * serving until then, and when the build fails. A change during a build ends that build.
 */
export class DevSession {
  readonly #options: DevSessionOptions;
  #folder: FunctionFolder | undefined;
  #build: RunningBuild | undefined;
  #buildEndMs = -Infinity;
  /** In how many builds a file has changed, in a row. */
  readonly #madeByBuilds = new Map<string, number>();
  #round: Promise<void> | undefined;
  #changes: string[] = [];
  #isServing = false;
  #state: 'running' | 'stopped' = 'running';

  constructor(options: DevSessionOptions) {
    this.#options = options;
  }

  /** Builds and serves the function for the first time. */
  start(): void {
    this.changed([]);
  }

  /** Whether a change of this file asks for another build. */
  matters(file: string): boolean {
    if (file === manifestFileName || file === secretsFile) return true;
    const manifest = this.#folder?.manifest;
    if (manifest === undefined) return false;
    const main = path.posix.normalize(manifest.main);
    if (manifest.build === undefined) return file === main;
    if (file === main || (this.#madeByBuilds.get(file) ?? 0) >= madeByBuildsMin) return false;
    const { watch } = manifest.build;
    if (watch.length > 0) return watch.some((one) => isBelow(file, path.posix.normalize(one)));
    return !file.split('/').some((part) => part.startsWith('.')) && !/~$|\.test\.[cm]?[jt]s$/.test(file);
  }

  changed(files: readonly string[]): void {
    if (this.#state === 'stopped') return;
    const kept = files.filter((file) => !this.#isMadeByBuild(file));
    if (kept.length === 0 && files.length > 0) return;
    this.#changes.push(...kept);
    if (this.#round === undefined) {
      this.#round = this.#rounds();
      return;
    }
    // What is being built is out of date.
    void this.#build?.stop();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    await this.#build?.stop();
    await this.#round;
  }

  #isMadeByBuild(file: string): boolean {
    const isDuring = this.#build !== undefined || performance.now() - this.#buildEndMs < afterBuildMs;
    const builds = isDuring ? (this.#madeByBuilds.get(file) ?? 0) + 1 : 0;
    this.#madeByBuilds.set(file, builds);
    if (builds === madeByBuildsMin) this.#options.tell({ kind: 'ignored', file });
    return builds >= madeByBuildsMin;
  }

  /** One after the other, until nothing has changed since the last began. */
  async #rounds(): Promise<void> {
    do {
      const files = this.#changes;
      this.#changes = [];
      await this.#oneRound(files);
    } while (this.#changes.length > 0 && this.#isRunning());
    this.#round = undefined;
  }

  async #oneRound(files: readonly string[]): Promise<void> {
    try {
      const startMs = performance.now();
      const folder = await loadFunctionFolder(this.#options.dir);
      this.#folder = folder;
      const buildMs = await this.#runBuild(folder, files);
      if (!this.#isCurrent()) return;
      const builtMs = buildMs === undefined ? startMs : performance.now();
      const imageBytes = await this.#publish(folder);
      this.#isServing = true;
      const reloadMs = performance.now() - builtMs;
      this.#options.tell({ kind: 'reloaded', reloaded: { folder, buildMs, reloadMs, imageBytes } });
    } catch (error) {
      if (!isMayflyError(error)) throw error;
      // Of a build that was ended for another one there is nothing to tell.
      if (!this.#isCurrent()) return;
      this.#options.tell({ kind: 'failed', error, served: this.#isServing ? 'last good' : 'nothing' });
    }
  }

  /** @returns what it took; undefined when there is no build command @throws MayflyError build_failed */
  async #runBuild({ manifest, source }: FunctionFolder, files: readonly string[]): Promise<number | undefined> {
    if (source.build === undefined) return undefined;
    this.#options.tell({ kind: 'building', name: manifest.name, files });
    const startMs = performance.now();
    this.#build = startBuild(manifest.name, source.build);
    try {
      await this.#build.done;
    } finally {
      this.#build = undefined;
      this.#buildEndMs = performance.now();
    }
    return performance.now() - startMs;
  }

  async #publish({ source }: FunctionFolder): Promise<number> {
    const { dir, node, env, limits, tell } = this.#options;
    const secrets = await readLocalSecrets(dir, source.secrets ?? []);
    const missing = secrets.missing.filter((name) => !(name in env));
    const { imageBytes } = await node.publish(source, { env: { ...secrets.env, ...env }, limits });
    if (missing.length > 0) tell({ kind: 'secretsMissing', names: missing });
    return imageBytes;
  }

  /** Whether what is being made is what is wanted. */
  #isCurrent(): boolean {
    return this.#changes.length === 0 && this.#isRunning();
  }

  #isRunning(): boolean {
    return this.#state === 'running';
  }
}

function isBelow(file: string, watched: string): boolean {
  const folder = watched.replace(/\/$/, '');
  return folder === '.' || file === folder || file.startsWith(`${folder}/`);
}
