import { readFile } from 'node:fs/promises';
import type { ControlPlane } from '../control/mod.ts';
import { writeOwnFile } from './own-file.ts';

/** Where commands on the same machine find the token of whoever runs the node: a file of its data directory. */
export const operatorTokenFile = 'admin-token';

/**
 * Makes sure that the file has a token that is good for everything, as whoever can read it has the node anyway.
 * @returns the token when it is a new one: to be told once
 * @throws MayflyError data_dir_unusable
 */
export async function ensureOperatorToken(plane: ControlPlane, file: string): Promise<string | undefined> {
  const kept = await readFile(file, 'latin1').catch(() => '');
  const info = await plane.tokens.authenticate(kept.trim());
  if (info !== undefined && info.project === '*' && info.scopes.includes('admin')) return undefined;
  const text = await plane.createOperatorToken();
  await writeOwnFile(file, `${text}\n`);
  return text;
}
