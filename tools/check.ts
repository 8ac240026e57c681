/**
 * `npm run check`: all that can be said about the code without running it, two programs at a time. Prints one line for each,
 * and what it had to say where it failed. `npm run check NAME…` runs only those named.
 */
import { join } from 'node:path';
import { collect, commandOf } from './run-program.ts';

/** What is checked, the longest first; each is arguments for node. */
const checks: Readonly<Record<string, () => string[]>> = {
  unused: () => [commandOf('knip'), '--no-progress'],
  types: () => [commandOf('typescript', 'tsc')],
  lint: () => [commandOf('oxlint')],
  format: () => [commandOf('oxfmt'), '--check'],
  layers: () => [join(import.meta.dirname, 'check-layers.ts')],
  docs: () => [join(import.meta.dirname, 'gen-reference.ts'), '--check'],
  tidy: () => [join(import.meta.dirname, 'tidy.ts')],
};

const atOnce = 2;

async function run(name: string): Promise<boolean> {
  const startMs = performance.now();
  const { exitCode, output } = await collect(checks[name]?.() ?? []);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(8)}${seconds} s`);
  if (exitCode !== 0) console.log(`\n${output.trim()}\n`);
  return exitCode === 0;
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !(name in checks));
  if (unknown !== undefined) {
    console.error(
      `Cannot check ${unknown}: there is no such check, one of ${Object.keys(checks).join(', ')} is wanted`,
    );
    process.exitCode = 2;
    return;
  }
  const waiting = asked.length > 0 ? asked : Object.keys(checks);
  let failed = 0;
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) if (!(await run(name))) failed += 1;
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
