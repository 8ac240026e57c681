import { spawn } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { MayflyError } from '../../base/mod.ts';
import { loadFunctionFolder } from '../../config/mod.ts';
import { codeCacheEnv, createLog, LocalFunctions, LogStyle } from '../../node/mod.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import type { ExitCode } from '../terminal.ts';
import { runBuildCommand } from './build.ts';

interface TestFlags {
  readonly filter?: string;
  readonly reporter?: string;
  readonly dataDir?: string;
  readonly build: boolean;
}

/** `mayfly test [DIR]` */
export function testCommand({ exit }: CommandContext): Command {
  return makeCommand('test', 'Build a function, and run its own tests against it', [
    'mayfly test',
    'mayfly test hello --filter greets',
  ])
    .argument('[dir]', 'the function’s folder, with *.test.ts, .js or .mjs files; the current one when absent')
    .option('--filter <pattern>', 'run only the tests whose names match')
    .option('--reporter <name>', 'how node’s test runner tells of it: spec, dot, tap, junit')
    .option('--data-dir <dir>', 'where images are kept; the user’s cache directory when absent')
    .option('--no-build', 'take the artifact as it is')
    .action(async (dir: string | undefined, flags: TestFlags) => exit(await runTests(dir ?? '.', flags)));
}

const foldersLeftOut = new Set(['node_modules', 'target', 'dist', 'build']);

/** @returns what node's test runner ends with */
async function runTests(dir: string, flags: TestFlags): Promise<ExitCode> {
  const folder = await loadFunctionFolder(dir);
  const files = await findTests(dir);
  if (files.length === 0) {
    const hint = "Write one: import { request } from 'mayfly/test', as in the folders that mayfly init makes";
    throw new MayflyError('nothing_to_serve', { path: dir, reason: 'there is no *.test.ts, .js or .mjs in it', hint });
  }
  if (flags.build) await runBuildCommand(folder);
  const functions = await LocalFunctions.open(flags.dataDir, createLog(LogStyle.pretty, {}));
  // What is wrong with the artifact is told once, and no test file has to make its image.
  await functions.prepare(folder.source, { env: {}, limits: {} });
  return runNode(dir, files, functions.dataDir.path, flags);
}

/** Test files below `dir`, but for other people's and what was built. */
async function findTests(dir: string): Promise<string[]> {
  const isLeftOut = (name: string): boolean => foldersLeftOut.has(name) || (name.startsWith('.') && name !== '.');
  const files = await Array.fromAsync(
    glob('**/*.test.{ts,mts,js,mjs}', { cwd: dir, exclude: (name) => isLeftOut(path.basename(name)) }),
  );
  return files.toSorted();
}

/** Runs node's own test runner, which passes on the flags that it has got itself. */
function runNode(dir: string, files: readonly string[], dataDir: string, flags: TestFlags): Promise<ExitCode> {
  const hooks = new URL(`../test-hooks${path.extname(import.meta.filename)}`, import.meta.url).href;
  const args = [
    // As in a node: compiling while a guest runs would be its CPU time.
    '--no-wasm-lazy-compilation',
    '--disable-warning=ExperimentalWarning',
    `--import=${hooks}`,
    '--test',
    // Node leaves one core to the runner, which only waits: of two that would be one file after the other.
    `--test-concurrency=${availableParallelism()}`,
    ...(flags.filter === undefined ? [] : [`--test-name-pattern=${flags.filter}`]),
    ...(flags.reporter === undefined ? [] : [`--test-reporter=${flags.reporter}`]),
    ...files,
  ];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: dir,
    // Every test file is a process, and loads all of the node.
    env: { ...env, ...codeCacheEnv(), MAYFLY_TEST_FOLDER: path.resolve(dir), MAYFLY_TEST_DATA_DIR: dataDir },
    stdio: 'inherit',
  });
  // An interrupt typed at a terminal reaches both; node is the one to tell of it.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', () => {});
  process.once('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0 ? 0 : 1));
  });
}
