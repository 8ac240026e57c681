import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import {
  type Digest,
  digestOf,
  type FunctionProblem,
  isMayflyError,
  MayflyError,
  type ProjectId,
} from '../base/mod.ts';
import { type Env, type FunctionSource, type Limits, mergeLimits, readFileWithin } from '../config/mod.ts';
import type { BuiltImage, ImageSettings } from '../engine/mod.ts';
import type { ImageStore, PreparedImage } from './image-store.ts';
import { artifactBytesMax, buildersMax } from './limits.ts';
import { packageRoot } from './paths.ts';
import type { DeployedFunction, DeployedVersion } from './protocol.ts';

/** What the functions of a command line are made with. */
export interface PrepareOptions {
  readonly project: ProjectId;
  /** Over what the manifests say. */
  readonly env: Env;
  readonly limits: Partial<Limits>;
  readonly onProgress: (step: string) => void;
}

export type Build = (artifact: Uint8Array, settings: ImageSettings) => Promise<BuiltImage & { readonly kind?: string }>;

/**
 * Makes sure that there is an image of every function: one made before, or one that is made now.
 * @throws MayflyError bad_functions, which names every function that cannot be prepared
 */
export async function prepareFunctions(
  sources: readonly FunctionSource[],
  store: ImageStore,
  build: Build,
  options: PrepareOptions,
): Promise<DeployedFunction[]> {
  const version = await preparerVersion();
  const prepared: (DeployedFunction | undefined)[] = sources.map(() => undefined);
  const problems: (FunctionProblem | undefined)[] = sources.map(() => undefined);
  const queue = [...sources.entries()];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, source] = next;
      options.onProgress(`Preparing functions: ${done} of ${sources.length} done, now ${source.name}`);
      try {
        const alone = await prepareVersion(source, store, build, version, options);
        const { project, name } = alone;
        prepared[index] = { project, name, routes: source.routes, versions: [{ ...alone, percent: 100 }] };
      } catch (error) {
        if (!isMayflyError(error) || error.code === 'data_dir_unusable') throw error;
        const { code, message, hint } = error;
        problems[index] = {
          name: `${source.name} (${source.artifactPath})`,
          code,
          message,
          ...(hint === undefined ? {} : { hint }),
        };
      }
      done++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(buildersMax, availableParallelism()) }, work));
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new MayflyError('bad_functions', { problems: found });
  return prepared.filter((one) => one !== undefined);
}

/** The same for one function. @throws MayflyError what is wrong with it */
export async function prepareVersion(
  source: FunctionSource,
  store: ImageStore,
  build: Build,
  version: string,
  options: Omit<PrepareOptions, 'onProgress'>,
): Promise<DeployedVersion> {
  const artifact = await readArtifact(source);
  const limits = mergeLimits(source.limits, options.limits);
  const named = { digest: digestOf(artifact), read: () => Promise.resolve(artifact) };
  const { digest } = await imageOf(named, { memoryBytesMax: limits.memoryBytes }, store, build, version);
  const { project, env } = options;
  return { project, name: source.name, image: digest, env: { ...source.vars, ...env }, limits };
}

/**
 * The image of an artifact: one that was made before, or one that is made now.
 * @param version what `preparerVersion` says
 * @throws MayflyError what is wrong with the artifact, builder_failed, data_dir_unusable
 */
export async function imageOf(
  artifact: { readonly digest: Digest; readonly read: () => Promise<Uint8Array> },
  settings: ImageSettings,
  store: ImageStore,
  build: Build,
  version: string,
): Promise<PreparedImage> {
  const key = imageKey(artifact.digest, settings, version);
  const known = await store.prepared(key);
  if (known !== undefined) return known;
  const { bytes, kind = '' } = await build(await artifact.read(), settings);
  // The name is made here: the builder has handled untrusted bytes, and is not believed.
  const prepared: PreparedImage = { digest: await store.put(bytes), kind };
  await store.notePrepared(key, prepared);
  return prepared;
}

/** Names what an image is made of, and by which code. */
export function imageKey(artifact: Digest, settings: ImageSettings, version: string): string {
  return createHash('sha256')
    .update(`${version} ${artifact} ${JSON.stringify(settings)}`)
    .digest('hex');
}

/** @throws MayflyError artifact_unreadable */
export function readArtifact({
  artifactPath,
  build,
  folder,
  hint,
}: Pick<FunctionSource, 'artifactPath' | 'build' | 'folder'> & { readonly hint?: string }): Promise<Uint8Array> {
  const toBuild = build === undefined ? undefined : `Build it first: cd ${build.folder} && ${build.command}`;
  return readFileWithin(artifactPath, { bytesMax: artifactBytesMax, inside: folder, hint: hint ?? toBuild });
}

/**
 * Names the code that images are made by, by its content: another rewriter makes other images, and in a checkout it changes
 * without a version number.
 */
export async function preparerVersion(): Promise<string> {
  const hash = createHash('sha256');
  const base = path.join(packageRoot, path.basename(path.dirname(import.meta.dirname)));
  for (const folder of ['wasm', 'wasi', 'engine']) {
    const names = await readdir(path.join(base, folder), { recursive: true });
    const code = names.filter((name) => /\.(?:ts|js)$/.test(name) && !/\.(?:test|d)\.\w+$/.test(name));
    for (const name of code.toSorted()) hash.update(name).update(await readFile(path.join(base, folder, name)));
  }
  return hash.digest('hex');
}
