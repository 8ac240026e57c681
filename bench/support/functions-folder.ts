import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectId } from '../../src/base/mod.ts';
import { loadServeTarget } from '../../src/config/mod.ts';
import { buildImage } from '../../src/engine/mod.ts';
import { ImageStore, prepareFunctions } from '../../src/node/mod.ts';

/** A function to be served. */
export interface FolderFunction {
  readonly name: string;
  readonly artifact: Uint8Array;
  /** Further lines of its manifest. */
  readonly more?: string;
}

/** Makes the folder `name` anew: a function each, served at `/NAME/*`. @returns its path */
export function functionsFolder(name: string, functions: readonly FolderFunction[]): string {
  const folder = join(tmpdir(), 'mayfly-bench', name);
  rmSync(folder, { recursive: true, force: true });
  for (const one of functions) {
    const own = join(folder, one.name);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'main.wasm'), one.artifact);
    writeFileSync(join(own, 'mayfly.toml'), `name = "${one.name}"\nmain = "main.wasm"\n${one.more ?? ''}`);
  }
  return folder;
}

/** Where benchmarks keep their images from run to run. */
export const benchDataDir: string = join(tmpdir(), 'mayfly-bench', 'data');

/** Makes the images of a folder in this process, where they take milliseconds each, so that a node finds them. */
export async function prepareFolder(folder: string): Promise<void> {
  const { functions } = await loadServeTarget(folder);
  const store = await ImageStore.open(benchDataDir);
  // As the command line has it when it is given nothing: an image is known by what it was made with.
  const options = { project: projectId('default'), env: {}, limits: {}, onProgress: () => undefined };
  await prepareFunctions(functions, store, buildImage, options);
}
