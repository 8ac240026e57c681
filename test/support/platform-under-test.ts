import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import path from 'node:path';
import { type CommandResult, type Lifetime, startNodeUnderTest, temporaryFolder } from './node-under-test.ts';

const mainFile = path.resolve(import.meta.dirname, '../../src/main.ts');

/** A node that takes deploys, in processes of its own. */
export interface PlatformUnderTest {
  readonly url: string;
  readonly port: number;
  readonly admin: string;
  readonly dataDir: string;
  readonly guardianPid: number;
  log(): string;
  logged(pattern: RegExp, from?: number): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Runs `mayfly` as a user of this node does. */
  mayfly(args: readonly string[], options?: { readonly cwd?: string; readonly stdin?: string }): Promise<CommandResult>;
  /** The same, for what has to work; with `--json`, and what it printed. */
  json(args: readonly string[], options?: { readonly cwd?: string; readonly stdin?: string }): Promise<unknown>;
  /** Asks for a path, of a host where one is given. */
  ask(path: string, host?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Starts a node that takes deploys, on free ports; it is stopped after the test. */
export async function startPlatform(
  lifetime: Lifetime,
  dataDir: string = path.join(temporaryFolder(lifetime), 'data'),
  more: readonly string[] = [],
): Promise<PlatformUnderTest> {
  const args = ['--admin', '127.0.0.1:0', '--data-dir', dataDir, '--workers', '2', ...more];
  const node = await startNodeUnderTest(lifetime, args);
  const { admin = '' } = node.ready;
  const run: PlatformUnderTest['mayfly'] = (given, options) => runMayfly(given, dataDir, options);
  return {
    url: node.url,
    port: node.port,
    admin,
    dataDir,
    guardianPid: node.process.pid ?? 0,
    log: () => node.log(),
    logged: (pattern, from) => node.logged(pattern, from),
    stop: (signal) => node.stop(signal),
    mayfly: run,
    json: async (given, options) => {
      const { code, stdout, stderr } = await run([...given, '--json'], options);
      if (code !== 0) throw new Error(`mayfly ${given.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
    ask: (target, host, headers) => ask(node.port, target, host, headers),
  };
}

async function runMayfly(
  args: readonly string[],
  dataDir: string,
  { cwd, stdin = '' }: { readonly cwd?: string; readonly stdin?: string } = {},
): Promise<CommandResult> {
  // By the socket in its data directory, as no address is given.
  const { MAYFLY_ADMIN: _, ...outer } = process.env;
  const env = { ...outer, XDG_DATA_HOME: path.dirname(dataDir) };
  const child = spawn(process.execPath, [mainFile, ...args, '--data-dir', dataDir], { cwd, env, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  // The arguments of ChildProcess's close event.
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** One request on a connection of its own. */
function ask(
  port: number,
  target: string,
  host: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    {
      port,
      host: '127.0.0.1',
      path: target,
      agent: false,
      headers: { ...headers, ...(host === undefined ? {} : { Host: host }) },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    },
  );
  sent.on('error', reject).end();
  return promise;
}
