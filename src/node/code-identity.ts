import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Tells the code on disk from what was there before, or will be: processes of a node that were started at different times must not
 * take each other for the same. Files are told by size and time, as all of them are read anew only when they have changed.
 */
export function codeIdentity(folder: string = path.resolve(import.meta.dirname, '..')): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!/\.(?:ts|js)$/.test(name) || /\.(?:test|d)\.\w+$/.test(name)) continue;
    const { size, mtimeMs } = statSync(path.join(folder, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
