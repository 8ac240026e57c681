import { MayflyError } from '../base/mod.ts';

/** Environment variables, as a function sees them. */
export type Env = Readonly<Record<string, string>>;

// POSIX, Base Definitions 8.1: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isEnvName(text: string): boolean {
  return namePattern.test(text);
}

/**
 * Reads the `K=V` of a command line. The last of a name wins.
 * @throws MayflyError bad_usage
 */
export function parseEnv(pairs: readonly string[]): Env {
  const env: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? undefined : pair.slice(equals + 1);
    if (value === undefined || value.includes('\0') || !isEnvName(name)) {
      throw new MayflyError('bad_usage', {
        message: `Cannot set the variable ${pair}: K=V is wanted, with a name of letters, digits and _`,
        hint: 'For example --env GREETING=hello',
      });
    }
    env[name] = value;
  }
  return env;
}
