import type { ProjectId } from '../base/mod.ts';
import type { Env, FunctionRoute, FunctionSource, Limits } from '../config/mod.ts';
import { buildInChild } from './builder.ts';
import { type DataDir, defaultDataDir } from './data-dir.ts';
import { ImageStore, readImage } from './image-store.ts';
import type { Log } from './log.ts';
import { type Build, prepareVersion, preparerVersion } from './prepare.ts';
import type { DeployedVersion } from './protocol.ts';

/** The owner of everything that is served without a control plane. */
export const defaultProject: ProjectId = 'default' as ProjectId; // a name

/** What a function on its developer's machine is made with. */
export interface LocalSettings {
  /** Over what the manifest says. */
  readonly env: Env;
  readonly limits: Partial<Limits>;
}

/** A function that is ready to be served. */
export interface LocalFunction {
  readonly deployed: DeployedVersion;
  readonly routes: readonly FunctionRoute[];
  /** The image's size. */
  readonly imageBytes: number;
}

/** Makes functions on their developer's machine ready to be served, as a node does: same checks, same builder, same images. */
export class LocalFunctions {
  readonly dataDir: DataDir;
  readonly store: ImageStore;
  readonly #build: Build;
  #version: Promise<string> | undefined;

  private constructor(dataDir: DataDir, store: ImageStore, build: Build) {
    this.dataDir = dataDir;
    this.store = store;
    this.#build = build;
  }

  /**
   * @param dataDir where images are kept; the user's cache when undefined
   * @throws MayflyError data_dir_unusable
   */
  static async open(dataDir: string | undefined, log: Log, build?: Build): Promise<LocalFunctions> {
    const found: DataDir =
      dataDir === undefined ? await defaultDataDir(process.env) : { path: dataDir, lifetime: 'kept' };
    const inChild: Build = (artifact, settings) => buildInChild(artifact, settings, { log });
    return new LocalFunctions(found, await ImageStore.open(found.path), build ?? inChild);
  }

  /** @throws MayflyError artifact_unreadable, or what is wrong with the artifact */
  async prepare(source: FunctionSource, settings: LocalSettings): Promise<LocalFunction> {
    // The code does not change while it runs.
    this.#version ??= preparerVersion();
    const options = { project: defaultProject, ...settings };
    const deployed = await prepareVersion(source, this.store, this.#build, await this.#version, options);
    const image = await readImage(this.store.imagesFolder, deployed.image);
    return { deployed, routes: source.routes, imageBytes: image.byteLength };
  }
}
