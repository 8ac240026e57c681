import { rmSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

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
  const cacheHome = env['XDG_CACHE_HOME'];
  // XDG: a relative path is invalid and to be ignored. https://specifications.freedesktop.org/basedir-spec/latest/
  const base = cacheHome !== undefined && path.isAbsolute(cacheHome) ? cacheHome : path.join(homedir(), '.cache');
  const cache = path.join(base, 'mayfly');
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
