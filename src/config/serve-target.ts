import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type FunctionName, type FunctionProblem, isMayflyError, MayflyError } from '../base/mod.ts';
import type { AllowedHost } from './allow.ts';
import { manifestBytesMax } from './bounds.ts';
import type { Env } from './env.ts';
import type { Limits } from './limits.ts';
import type { Manifest } from './manifest.ts';
import { fileErrorCode, fileErrorReason, readFileWithin } from './read-file.ts';
import { leadingSegments, mountPath, mountSegments, type Route, routeKey } from './route.ts';

/** A manifest's file name, in a function's folder. */
export const manifestFileName = 'mayfly.toml';

/** A function as its developer left it in the file system. */
export interface FunctionSource {
  readonly name: FunctionName;
  readonly artifactPath: string;
  /** What makes the artifact, where the manifest says so. */
  readonly build: FunctionBuild | undefined;
  /** The folder of its manifest, which the artifact has to be in; undefined for a bare artifact. */
  readonly folder?: string;
  readonly routes: readonly FunctionRoute[];
  readonly limits: Partial<Limits>;
  readonly vars: Env;
  /** Names of secrets that it gets as variables. */
  readonly secrets?: readonly string[];
  /** What it may send requests to; nothing when undefined. */
  readonly allow?: readonly AllowedHost[];
  /** Paths worth trying. */
  readonly tryPaths: readonly string[];
}

/** What makes a function's artifact. */
export interface FunctionBuild {
  /** Where the command runs. */
  readonly folder: string;
  readonly command: string;
  /** Sources, as paths from the folder; all of it when there are none. */
  readonly watch?: readonly string[];
}

/** A route, and where the function it leads to believes to be mounted. */
export interface FunctionRoute extends Route {
  readonly mountPath: string;
}

/** What `mayfly serve TARGET` serves. */
export interface ServeTarget {
  readonly path: string;
  readonly functions: readonly FunctionSource[];
  /** Functions of a folder whose artifact their build command has yet to make: the others are served without them. */
  readonly unbuilt: readonly FunctionSource[];
}

const everyPath: FunctionRoute = { path: '/*', mountPath: '' };

/**
 * Finds out what to serve: an artifact or a function's folder alone takes every path; the functions of a folder are routed by
 * their manifests.
 * @throws MayflyError artifact_unreadable, nothing_to_serve, bad_manifest, bad_functions, duplicate_function, route_conflict
 */
export async function loadServeTarget(targetPath: string): Promise<ServeTarget> {
  if (!(await isFolder(targetPath))) return { path: targetPath, functions: [artifactSource(targetPath)], unbuilt: [] };
  const own = await readManifest(targetPath);
  if (own !== undefined) {
    return { path: targetPath, functions: [alone(manifestSource(targetPath, own))], unbuilt: [] };
  }
  const sources = await loadFolder(targetPath);
  const built = await Promise.all(sources.map(isBuilt));
  const functions = sources.filter((_, index) => built[index]);
  // With nothing built there is nothing to serve: then every one of them says what is missing.
  if (functions.length === 0) return { path: targetPath, functions: sources, unbuilt: [] };
  return { path: targetPath, functions, unbuilt: sources.filter((_, index) => !built[index]) };
}

/** A function's folder, and what its manifest says. */
export interface FunctionFolder {
  readonly manifest: Manifest;
  /** Served alone: it takes every path. */
  readonly source: FunctionSource;
}

/**
 * Reads the manifest of one function's folder.
 * @throws MayflyError artifact_unreadable, nothing_to_serve, bad_manifest
 */
export async function loadFunctionFolder(folder: string): Promise<FunctionFolder> {
  const reason = `there is no ${manifestFileName} in it`;
  const manifest = (await isFolder(folder)) ? await readManifest(folder) : undefined;
  if (manifest !== undefined) return { manifest, source: alone(manifestSource(folder, manifest)) };
  const hint = 'Name a function’s folder, or begin one: mayfly init DIR --template NAME';
  throw new MayflyError('nothing_to_serve', { path: folder, reason, hint });
}

/** A function that is served alone takes every path: what its manifest's paths have in front is not there. */
function alone(source: FunctionSource): FunctionSource {
  const mount = source.routes[0]?.mountPath ?? '';
  const segments = mountSegments(mount);
  const tryPaths = source.tryPaths.map((one) => {
    const prefix = segments === 0 ? mount : leadingSegments(one, segments);
    return one.startsWith(`${prefix}/`) ? one.slice(prefix.length) : one;
  });
  return { ...source, routes: [everyPath], tryPaths };
}

/** Whether the artifact is there, or no command would make it. */
async function isBuilt(source: FunctionSource): Promise<boolean> {
  if (source.build === undefined) return true;
  try {
    await access(source.artifactPath);
    return true;
  } catch {
    return false;
  }
}

async function isFolder(targetPath: string): Promise<boolean> {
  try {
    return (await stat(targetPath)).isDirectory();
  } catch (error) {
    throw new MayflyError(
      'artifact_unreadable',
      { path: targetPath, reason: fileErrorReason(error) },
      { cause: error },
    );
  }
}

/** A bare artifact is named after its file, as far as the file's name can be one. */
function artifactSource(artifactPath: string): FunctionSource {
  const name = path
    .basename(artifactPath, path.extname(artifactPath))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return {
    // The replacements leave nothing that a name may not have.
    name: (name === '' ? 'function' : name) as FunctionName,
    artifactPath,
    build: undefined,
    routes: [everyPath],
    limits: {},
    vars: {},
    tryPaths: [],
  };
}

/** @returns undefined when the folder has no manifest */
async function readManifest(folder: string): Promise<Manifest | undefined> {
  const manifestPath = path.join(folder, manifestFileName);
  let source: Uint8Array;
  try {
    source = await readFileWithin(manifestPath, { bytesMax: manifestBytesMax });
  } catch (error) {
    const cause = error instanceof Error ? fileErrorCode(error.cause) : undefined;
    if (cause === 'ENOENT' || cause === 'ENOTDIR') return undefined;
    throw error;
  }
  // Only where there is one to read: the schema library takes a tenth of a second to load, and a worker that is started again has none.
  const { parseManifest } = await import('./manifest.ts');
  return parseManifest(source, manifestPath);
}

function manifestSource(folder: string, manifest: Manifest): FunctionSource {
  const routes: readonly Route[] = manifest.routes.length > 0 ? manifest.routes : [{ path: `/${manifest.name}/*` }];
  return {
    // The schema of manifests accepts nothing but names.
    name: manifest.name as FunctionName,
    artifactPath: path.join(folder, manifest.main),
    build: manifest.build === undefined ? undefined : { folder, ...manifest.build },
    folder,
    routes: routes.map((route) => ({ ...route, mountPath: mountPath(route.path) })),
    limits: manifest.limits,
    vars: manifest.vars,
    secrets: manifest.secrets,
    allow: manifest.allow.hosts,
    tryPaths: manifest.example?.try ?? [],
  };
}

/** The functions in the folders of `folder`, by folder name. */
async function loadFolder(folder: string): Promise<FunctionSource[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
  const found: { folder: string; manifest: Manifest }[] = [];
  const problems: FunctionProblem[] = [];
  for (const name of names.toSorted()) {
    const own = path.join(folder, name);
    try {
      const manifest = await readManifest(own);
      if (manifest !== undefined) found.push({ folder: own, manifest });
    } catch (error) {
      if (!isMayflyError(error)) throw error;
      problems.push({
        name,
        code: error.code,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    }
  }
  if (problems.length > 0) throw new MayflyError('bad_functions', { problems });
  if (found.length === 0) {
    throw new MayflyError('nothing_to_serve', {
      path: folder,
      reason: `neither it nor any folder in it has a ${manifestFileName}, a function's folder is wanted`,
      hint: 'Name a .wasm file, a folder with a mayfly.toml, or a folder of such folders',
    });
  }
  refuseDuplicates(found);
  const sources = found.map((one) => manifestSource(one.folder, one.manifest));
  refuseConflicts(sources);
  return sources;
}

function refuseDuplicates(found: readonly { folder: string; manifest: Manifest }[]): void {
  for (const [name, group] of Map.groupBy(found, (one) => one.manifest.name)) {
    if (group.length > 1) throw new MayflyError('duplicate_function', { name, paths: group.map((one) => one.folder) });
  }
}

/** Refuses two functions, or one twice, on the very same host and path. */
function refuseConflicts(sources: readonly FunctionSource[]): void {
  const claims = sources.flatMap((source) =>
    source.routes.map((route) => ({ key: routeKey(route), name: source.name })),
  );
  for (const [route, group] of Map.groupBy(claims, (claim) => claim.key)) {
    if (group.length > 1) throw new MayflyError('route_conflict', { route, names: group.map((claim) => claim.name) });
  }
}
