import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where Mayfly may keep for this user what can be made again. Nobody is promised that it is there, or that it can be written to.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function userCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const cacheHome = env['XDG_CACHE_HOME'];
  // The specification: a relative path is invalid and to be ignored.
  const base = cacheHome !== undefined && path.isAbsolute(cacheHome) ? cacheHome : path.join(homedir(), '.cache');
  return path.join(base, 'mayfly');
}
