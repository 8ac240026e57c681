import { once } from 'node:events';
import { join } from 'node:path';
import { type Core, type PinnedProcess, startPinned } from './pinned.ts';

const root = join(import.meta.dirname, '../..');

/** A server that is measured: a node, or something beside it. */
export interface BenchServer {
  readonly host: string;
  readonly port: number;
  /** The processes that answer. */
  readonly pids: readonly number[];
  /** Where it takes deploys; undefined when it takes none. */
  readonly admin: string | undefined;
  /** From the start of its process to its first line, ms. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** What a server prints when it is ready: `mayfly serve --json`, or bare-server-main.ts. */
interface ReadyLine {
  readonly url: string;
  readonly admin?: string;
  readonly pids: readonly number[];
}

/** Starts `mayfly serve` with these arguments, and waits until it is ready. Its workers are held to `core` as well. */
export function startNode(args: readonly string[], core: Core): Promise<BenchServer> {
  return start([join(root, 'src/main.ts'), 'serve', '--json', '--listen', '127.0.0.1:0', ...args], core);
}

/** Starts a `node:http` server and nothing else, which always gives the answer that `url` gives now. */
export function startBare(url: string, core: Core): Promise<BenchServer> {
  return start([join(import.meta.dirname, 'bare-server-main.ts'), url], core);
}

async function start(args: readonly string[], core: Core): Promise<BenchServer> {
  const beforeMs = performance.now();
  const started = startPinned(process.execPath, args, core);
  const { url, admin, pids } = await readyLine(started);
  const startMs = performance.now() - beforeMs;
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), pids, admin, startMs, stop: () => stop(started) };
}

function readyLine(started: PinnedProcess): Promise<ReadyLine> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  const { child } = started;
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    // The programs started here print a line like that first.
    if (stdout.includes('\n')) resolve(JSON.parse(stdout) as ReadyLine);
  });
  child.once('exit', (code) =>
    reject(new Error(`${child.spawnargs.join(' ')} ended with exit code ${code}:\n${started.lastWords()}`)),
  );
  return promise;
}

async function stop({ child }: PinnedProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
