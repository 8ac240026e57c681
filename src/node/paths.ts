import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** The package's folder: of the checkout, or of the installed package. This file is two folders below it in both. */
export const packageRoot: string = path.resolve(import.meta.dirname, '..', '..');

/** A child process's first file: beside this one, `.ts` in a checkout and `.js` in an installed package. */
export function entryFile(name: 'supervisor-main' | 'worker-main' | 'builder-main'): string {
  return path.join(import.meta.dirname, `${name}${path.extname(import.meta.filename)}`);
}

/**
 * The permission to read all the code that a child process loads. An installed package finds its dependencies beside itself, in
 * the outermost `node_modules` around it; a checkout has them inside, or elsewhere behind a link.
 */
export function readCodeFlags(): string[] {
  const real = realpathSync(packageRoot);
  const parts = real.split(path.sep);
  const outermost = parts.indexOf('node_modules');
  const own = path.join(real, 'node_modules');
  const folders =
    outermost < 0 ? [real, existsSync(own) ? realpathSync(own) : own] : [parts.slice(0, outermost + 1).join(path.sep)];
  return folders.map((folder) => `--allow-fs-read=${folder}`);
}

/** This version of Mayfly. */
export const packageVersion: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  return 'unknown';
}
