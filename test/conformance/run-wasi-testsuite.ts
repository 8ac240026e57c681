/**
 * Runs the preview1 tests of the public WASI test suite against our host:
 *
 *     node test/conformance/run-wasi-testsuite.ts DIR [NAME …]
 *
 * DIR is the folder `tests` of a checkout of WebAssembly/wasi-testsuite, branch prod/testsuite-base, which holds the tests
 * built; with NAMEs only those tests are run. Each module runs as it is, its blocking calls parked with JSPI right at the import, and
 * rewritten, as `mayfly run` has it. https://github.com/WebAssembly/wasi-testsuite/blob/main/doc/specification.md
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorText } from '../../src/base/mod.ts';
import { loadTree, Preopen } from '../../src/wasi/mod.ts';
import { type CommandRun, runRewritten, runUntouched } from '../support/run-command.ts';

/** What a test is given and what it must do, by the suite's "legacy configuration"; what is not said is not checked. */
interface Specification {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly exit_code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const treeLimits = { contentBytesMax: 16 * 1024 * 1024, nodesMax: 10_000 };

/** @returns what went wrong, one line each */
async function check(path: string): Promise<readonly string[]> {
  const specPath = path.replace(/\.wasm$/, '.json');
  // The suite's own files, of the shape that its documentation gives.
  const specification = (existsSync(specPath) ? JSON.parse(await readFile(specPath, 'utf8')) : {}) as Specification;
  const { root, args = [], env = {} } = specification;
  const hostPath = root === undefined ? undefined : join(dirname(path), root);
  const options = { args: [basename(path), ...args], env };
  const artifact = await readFile(path);
  const preopens = hostPath === undefined ? [] : [new Preopen('/', (await loadTree(hostPath, treeLimits)).tree)];
  const runs = {
    untouched: await runUntouched(await WebAssembly.compile(artifact), { ...options, preopens }),
    rewritten: await runRewritten(artifact, {
      ...options,
      folders: hostPath === undefined ? [] : [{ hostPath, guestPath: '/' }],
    }),
  };
  return Object.entries(runs).flatMap(([how, run]) => mistakes(run, specification).map((line) => `${how}: ${line}`));
}

function mistakes(run: CommandRun, { exit_code = 0, stdout, stderr }: Specification): string[] {
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (wanted !== undefined && found !== wanted)
      wrong.push(`${what} is ${JSON.stringify(found)}, ${JSON.stringify(wanted)} is wanted`);
  };
  if (run.thrown === undefined) expect('exit code', run.exitCode, exit_code);
  else wrong.push(errorText(run.thrown));
  expect('stdout', run.stdout.toString(), stdout);
  expect('stderr', run.stderr.toString(), stderr);
  if (run.bug !== undefined) wrong.push(`bug: ${errorText(run.bug)}`);
  if (wrong.length > 0) wrong.push(...run.stderr.toString().trimEnd().split('\n'));
  return wrong;
}

/** Whether it is a core module that imports preview1: the suite also has components and tests of WASI threads. */
async function isPreview1(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return bytes.readUInt32LE(4) === 1 && bytes.includes('wasi_snapshot_preview1') && !bytes.includes('thread-spawn');
}

/** How `mayfly run` refuses each module below `directory`. */
export async function refusalsOf(directory: string): Promise<Map<string, string>> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.wasm')).toSorted();
  const refusals = new Map<string, string>();
  for (const file of files) {
    const { thrown } = await runRewritten(await readFile(join(directory, file)), {
      args: [file],
      env: {},
      folders: [],
    });
    refusals.set(file, thrown === undefined ? 'it was run' : errorText(thrown));
  }
  return refusals;
}

/** One test, and what went wrong with it: nothing when it passed. */
export interface TestsuiteResult {
  readonly file: string;
  readonly wrong: readonly string[];
}

/** Runs all tests below `directory`, or those of these names. */
export async function* runWasiTestsuite(
  directory: string,
  names: readonly string[] = [],
): AsyncGenerator<TestsuiteResult> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.wasm')).toSorted();
  for (const file of files) {
    const path = join(directory, file);
    if (names.length > 0 && !names.includes(basename(file, '.wasm'))) continue;
    if (await isPreview1(path)) yield { file, wrong: await check(path) };
  }
}

async function main(directory: string, names: readonly string[]): Promise<number> {
  let passed = 0;
  let failed = 0;
  for await (const { file, wrong } of runWasiTestsuite(directory, names)) {
    if (wrong.length === 0) passed++;
    else failed++;
    console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${file}`);
    for (const line of wrong) console.log(`       ${line}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) {
  const [directory, ...names] = process.argv.slice(2);
  if (directory === undefined) {
    console.error('Usage: node test/conformance/run-wasi-testsuite.ts DIR [NAME …]');
    process.exitCode = 2;
  } else {
    process.exitCode = await main(directory, names);
  }
}
