import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where a user's nodes keep what is not to be lost.
 * XDG: a relative path is invalid and to be ignored. https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function userDataFolder(env: Readonly<Record<string, string | undefined>>): string {
  const dataHome = env['XDG_DATA_HOME'];
  const isGiven = dataHome !== undefined && path.isAbsolute(dataHome);
  return path.join(isGiven ? dataHome : path.join(homedir(), '.local', 'share'), 'mayfly');
}
