/**
 * `npm test [-- PART… --OPTION…]`: every test under src/, test/ and tools/, or those whose path has one of the parts.
 * `--update-goldens` rewrites the expected outputs (tests see MAYFLY_UPDATE_GOLDENS=1); other options are node's, such as
 * `--test-name-pattern=rewind`.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { show } from './run-program.ts';
import { root } from './repository.ts';

const args = process.argv.slice(2);
const parts = args.filter((arg) => !arg.startsWith('-'));
const options = args.filter((arg) => arg.startsWith('-') && arg !== '--update-goldens');
const files = globSync('{src,test,tools}/**/*.test.ts', { cwd: root })
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .toSorted();

if (files.length === 0) {
  console.error(`Cannot run tests: no path of a test has ${parts.join(' or ')} in it`);
  process.exitCode = 2;
} else {
  const env = args.includes('--update-goldens') ? { ...process.env, MAYFLY_UPDATE_GOLDENS: '1' } : process.env;
  process.exitCode = await show(['--test', `--test-concurrency=${availableParallelism()}`, ...options, ...files], env);
}
