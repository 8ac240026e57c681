import { access } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv as parseEnvFile } from 'node:util';
import { kib } from '../base/mod.ts';
import type { Env } from './env.ts';
import { readFileWithin } from './read-file.ts';

/** Holds a function's secrets on its developer's machine: `NAME=value` lines, never deployed, never committed. */
const localSecretsFileName = '.env';

const localSecretsBytesMax: number = 64 * kib;

/** A function's secrets on its developer's machine. */
export interface LocalSecrets {
  readonly env: Env;
  /** Secrets of the manifest that have no value here. */
  readonly missing: readonly string[];
}

/**
 * The values of the secrets that a manifest names, from the folder's `.env`; whatever else stands there is not the function's.
 * @throws MayflyError artifact_unreadable
 */
export async function readLocalSecrets(folder: string, names: readonly string[]): Promise<LocalSecrets> {
  const filePath = path.join(folder, localSecretsFileName);
  if (names.length === 0 || !(await isThere(filePath))) return { env: {}, missing: names };
  const text = Buffer.from(await readFileWithin(filePath, { bytesMax: localSecretsBytesMax })).toString();
  const values = new Map(Object.entries(parseEnvFile(text)));
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = values.get(name);
    if (value !== undefined && !value.includes('\0')) env[name] = value;
  }
  return { env, missing: names.filter((name) => !(name in env)) };
}

async function isThere(filePath: string): Promise<boolean> {
  try {
    await access(filePath);
    return true;
  } catch {
    return false;
  }
}
