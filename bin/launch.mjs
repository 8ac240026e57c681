/** What `mayfly` runs: the program itself where this node is new enough, else this again on one that is. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail, findNode, isNewEnough } from './find-node.mjs';
import { passThrough } from './pass-through.mjs';

/** Flags of node that have to be set from its start. */
const nodeFlags = [];

if (isNewEnough() && nodeFlags.every((flag) => process.execArgv.includes(flag))) {
  await import(program());
} else {
  const launcher = fileURLToPath(new URL('./mayfly', import.meta.url));
  passThrough(findNode(), [...nodeFlags, launcher, ...process.argv.slice(2)]);
}

/** A checkout runs its sources, an installed package what was built from them: node runs no TypeScript in node_modules. */
function program() {
  const candidates = ['../src/main.ts', '../dist/main.js'].map((path) => new URL(path, import.meta.url));
  return (
    candidates.find((url) => existsSync(url))?.href ??
    fail(
      'Cannot start Mayfly: neither src/main.ts nor dist/main.js is there, one is wanted',
      'Install the package again',
    )
  );
}
