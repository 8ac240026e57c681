import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

/** The checkout. */
export const repositoryRoot: string = path.resolve(import.meta.dirname, '../..');
const mainFile = path.join(repositoryRoot, 'src/main.ts');

/** Whose end something is cleaned up at: a test, or a whole file. */
export interface Lifetime {
  after(run: () => void | Promise<void>): void;
}

/** The lifetime of a test file. To be called at its top: what a hook registers would be cleaned up with the hook. */
export function fileLifetime(): Lifetime {
  const runs: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const run of runs.toReversed()) await run();
  });
  return { after: (run) => void runs.push(run) };
}

/** How a command ended, and all that it said. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly stdin?: string;
  readonly cwd?: string;
}

/** Runs `mayfly` with these arguments until it ends by itself. */
export function mayfly(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return startMayfly(args, options).result;
}

/** The same, for those who do not just wait. */
export function startMayfly(
  args: readonly string[],
  options: RunOptions = {},
): { readonly child: ChildProcess; readonly result: Promise<CommandResult> } {
  const child = spawn(process.execPath, [mainFile, ...args], { cwd: options.cwd ?? repositoryRoot, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const result = once(child, 'close').then((ended): CommandResult => {
    // The arguments of ChildProcess's close event.
    const [code, signal] = ended as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout, stderr };
  });
  return { child, result };
}

/** A folder that is gone after the test. */
export function temporaryFolder(lifetime: Lifetime): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-test-'));
  lifetime.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a guest that was built for tests. */
export function guest(name: string): string {
  return path.join(repositoryRoot, 'test/guests', `${name}.wasm`);
}

/** A folder of functions, each served at `/NAME/*` by the guest of its name; `more` goes to the end of its manifest. */
export function folderOfGuests(lifetime: Lifetime, guests: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(lifetime);
  for (const [name, more] of Object.entries(guests)) {
    const own = path.join(folder, name);
    mkdirSync(own);
    copyFileSync(guest(name), path.join(own, `${name}.wasm`));
    writeFileSync(path.join(own, 'mayfly.toml'), `name = "${name}"\nmain = "${name}.wasm"\n${more}`);
  }
  return folder;
}

/** A node that serves in a process of its own. */
export interface NodeUnderTest {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Process ids of the workers when it was ready. */
  readonly workerPids: readonly number[];
  /** All that it said. */
  readonly ready: ReadyLine;
  /** The URLs it says are worth trying. */
  readonly tryUrls: readonly string[];
  /** What it has logged so far. */
  log(): string;
  /** Waits until something in the log matches, or in what is logged after its first `from` characters. */
  logged(pattern: RegExp, from?: number): Promise<void>;
  /** Asks it to stop. @returns its exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What `serve --json` prints once it is ready. */
export interface ReadyLine {
  readonly url: string;
  readonly pids: readonly number[];
  readonly functions: readonly { readonly try: readonly string[] }[];
  /** Of a node that takes deploys. */
  readonly admin?: string;
}

/** Images that tests share, so that each is made once. */
const sharedDataDir = path.join(tmpdir(), 'mayfly-test-images');

/** Starts `mayfly serve` on a free port, and waits until it is ready. It is stopped after the test. */
export async function startNodeUnderTest(
  lifetime: Lifetime,
  args: readonly string[],
  cwd: string = repositoryRoot,
  main: string = mainFile,
): Promise<NodeUnderTest> {
  const dataDir = args.includes('--data-dir') ? [] : ['--data-dir', sharedDataDir];
  const child = spawn(process.execPath, [main, 'serve', '--json', '--listen', '127.0.0.1:0', ...dataDir, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  lifetime.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  });
  const ready = await readyLine(child, () => log);
  return {
    url: ready.url,
    port: Number(new URL(ready.url).port),
    process: child,
    workerPids: ready.pids,
    ready,
    tryUrls: ready.functions.flatMap((one) => one.try),
    log: () => log,
    logged: (pattern, from = 0) => until(() => pattern.test(log.slice(from)), `a log line like ${pattern.source}`),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

function readyLine(child: ChildProcess, log: () => string): Promise<ReadyLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    // The first line is the one that commands/serve.ts prints.
    if (stdout.includes('\n')) resolve(JSON.parse(stdout) as ReadyLine);
  });
  child.once('exit', (code) => reject(new Error(`serve ended with exit code ${code}:\n${log()}`)));
  return promise;
}

/** Waits for something to become true, and not forever. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
