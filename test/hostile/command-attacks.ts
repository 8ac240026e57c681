/** Bombs in the file system, which only `mayfly run --dir` gives a guest. */
import { mib } from '../../src/base/mod.ts';
import type { CommandAttack } from './attack.ts';

/** https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#-errno-variant */
const errno = { mfile: 33, loop: 32, nospc: 51 } as const;

function bomb(attack: string, says: RegExp): CommandAttack {
  return {
    kind: 'command',
    name: `files: ${attack}`,
    attacks: 'the file system',
    guest: 'files',
    attack,
    exitCodes: [0],
    says,
    // A command may add a gibibyte to its files.
    rssBytesMax: 2600 * mib,
  };
}

/** All of them. */
export const commandAttacks: readonly CommandAttack[] = [
  bomb('big-file', new RegExp(`^returned ${errno.nospc}$`, 'm')),
  bomb('many-files', new RegExp(`^returned ${errno.nospc}$`, 'm')),
  bomb('many-descriptors', new RegExp(`^returned ${errno.mfile}$`, 'm')),
  bomb('deep-directories', new RegExp(`^returned ${errno.nospc}$`, 'm')),
  bomb('many-links', new RegExp(`^returned ${errno.nospc}$`, 'm')),
  bomb('link-to-itself', new RegExp(`^returned ${errno.loop}$`, 'm')),
  bomb('sparse-file', new RegExp(`^returned ${errno.nospc}$`, 'm')),
  bomb('far-away', /^returned 0$/m),
  bomb('allocate-all', /^returned 0$/m),
  bomb('out-of-the-folder', /^returned 0$/m),
];
