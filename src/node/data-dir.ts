import { rmSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { userCacheFolder, userDataFolder } from '../base/mod.ts';

/** Where a node keeps its data. */
export interface DataDir {
  readonly path: string;
  /** A temporary one is removed when the process ends. */
  readonly lifetime: 'kept' | 'temporary';
}

/**
 * The data directory of a node that was given none: the user's cache, so that a restart does not prepare everything anew.
 * Several nodes can share it, as files there are named by their content. Where the home is not writable, as in many containers,
 * it is a temporary folder.
 */
export async function defaultDataDir(env: Readonly<Record<string, string | undefined>>): Promise<DataDir> {
  const cache = userCacheFolder(env);
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await access(cache, constants.W_OK);
    return { path: cache, lifetime: 'kept' };
  } catch {
    const temporary = await mkdtemp(path.join(tmpdir(), 'mayfly-'));
    process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
    return { path: temporary, lifetime: 'temporary' };
  }
}

/** The data directory of a node that takes deploys and was given none: what is deployed there is to last. */
export function platformDataDir(env: Readonly<Record<string, string | undefined>>): DataDir {
  return { path: userDataFolder(env), lifetime: 'kept' };
}
