import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { countText, errorText, MayflyError } from '../../base/mod.ts';
import {
  defaultListen,
  formatAddress,
  formatQuantity,
  type FunctionSource,
  limitManuals,
  loadServeTarget,
  localUrl,
  manifestFileName,
  parseEnv,
  parseLimits,
  parseListen,
} from '../../config/mod.ts';
import { ServerTiming } from '../../gateway/mod.ts';
import { createLog, type Log, LogStyle, packageVersion, type RunningNode, startNode } from '../../node/mod.ts';
import { collect, type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { Progress } from '../progress.ts';
import { stopSignals } from '../stop-signals.ts';
import { ExitCode, table, type Terminal } from '../terminal.ts';
import { tryLines } from '../try-lines.ts';

/** The options as commander gives them; see below what each is. */
interface ServeFlags {
  readonly listen: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly env?: readonly string[];
  readonly limit?: readonly string[];
  readonly serverTiming?: true;
  readonly json?: true;
}

const workersMax = 1024;

export function serveCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('serve', 'Run a node that serves functions over HTTP', [
    'mayfly serve hello.wasm',
    'mayfly serve examples --listen 0.0.0.0:8080',
    'mayfly serve hello.wasm --env GREETING=hi --limit cpuMs=200 --limit memoryBytes=64MiB',
  ])
    .argument(
      '[target]',
      'an artifact, a function’s folder, or a folder of such; the current folder when it has a mayfly.toml',
    )
    .option('--listen <address>', 'HOST:PORT to listen on; port 0 takes a free one', formatAddress(defaultListen))
    .option('--data-dir <dir>', 'where images are kept; the user’s cache directory when absent')
    .option('--workers <n>', 'processes that serve; one a core when absent', wholeNumber(1, workersMax))
    .option('--env <k=v>', 'a variable for every function, over its manifest; can be repeated', collect)
    .option('--limit <name=value>', 'a limit for every function, over its manifest; can be repeated', collect)
    .option('--server-timing', 'tell start and guest times in a Server-Timing header')
    .option('--json', 'say what is served as one line of JSON')
    .addHelpText('after', `\nLimits and their defaults:\n${limitsText()}`)
    .addHelpText('after', signalsText)
    .action(async (target: string | undefined, flags: ServeFlags) => exit(await serve(target, flags, terminal)));
}

const signalsText = `
Signals:
  SIGTERM, SIGINT  finish the requests under way and end the node
  SIGHUP           serve what is on disk now, code and functions, without losing a request
`;

function limitsText(): string {
  return table(limitManuals.map(({ name, about, kind, default: value }) => [name, formatQuantity(value, kind), about]));
}

async function serve(targetPath: string | undefined, flags: ServeFlags, terminal: Terminal): Promise<ExitCode> {
  const listen = parseListen(flags.listen);
  const env = parseEnv(flags.env ?? []);
  const limits = parseLimits(flags.limit ?? []);
  const { functions, unbuilt } = await loadServeTarget(targetPath ?? (await currentFolder()));
  const logStyle = terminal.reader === 'person' ? LogStyle.pretty : LogStyle.json;
  const log = createLog(logStyle, {});
  const stop = stopSignals(['SIGINT', 'SIGTERM', ...(hasTerminal ? (['SIGHUP'] as const) : [])]);
  const progress = new Progress(terminal);
  let node: RunningNode;
  try {
    node = await startNode(
      {
        functions,
        listen,
        dataDir: flags.dataDir === undefined ? undefined : path.resolve(flags.dataDir),
        workers: flags.workers,
        env,
        limits,
        serverTiming: flags.serverTiming === true ? ServerTiming.shown : ServerTiming.hidden,
        logStyle,
        onProgress: (step) => progress.update(step),
      },
      log,
    );
  } finally {
    progress.end();
  }
  stop.ready();
  terminal.print(flags.json === true ? jsonText(node, functions, unbuilt) : readyText(node, functions, unbuilt));
  if (!hasTerminal) process.on('SIGHUP', () => void restart(node, log));
  const signal = await stop.asked;
  if (terminal.reader === 'person') terminal.say(`\n${signal}: finishing the requests under way\n`);
  await node.stop();
  return ExitCode.ok;
}

/** @throws MayflyError bad_usage when there is nothing to serve in the current folder */
async function currentFolder(): Promise<string> {
  try {
    await access(manifestFileName);
    return '.';
  } catch {
    throw new MayflyError('bad_usage', {
      message: `Cannot serve: no TARGET is given, and there is no ${manifestFileName} in this folder`,
      hint: 'Name what to serve, for example: mayfly serve hello.wasm, or mayfly serve examples',
    });
  }
}

/** Whether a SIGHUP says that the terminal has gone; to a daemon it says that there is something new to serve. */
const hasTerminal = process.stdin.isTTY;

async function restart(node: RunningNode, log: Log): Promise<void> {
  try {
    await node.restart();
  } catch (error) {
    log.error({ reason: errorText(error) }, 'could not be restarted; what was served is served still');
  }
}

function readyText(
  node: RunningNode,
  functions: readonly FunctionSource[],
  unbuilt: readonly FunctionSource[],
): string {
  const url = localUrl(node.address);
  return [
    `Mayfly ${packageVersion} serves ${countText(functions.length, 'function')} with ${countText(node.workers, 'worker')}\n`,
    `Listening on ${url}\n\nTry:\n`,
    table(
      functions.flatMap((source) => tryLines(source, url).map((line, index) => [line, index === 0 ? source.name : ''])),
    ),
    unbuilt.length === 0 ? '' : `\nNot built yet, so not served:\n${table(unbuilt.map(buildLine))}`,
    '\nCtrl-C stops it.\n',
  ].join('');
}

/** What to type for a function that is not built. */
function buildLine({ name, build }: FunctionSource): [string, string] {
  return [name, build === undefined ? '' : `cd ${build.folder} && ${build.command}`];
}

function jsonText(node: RunningNode, functions: readonly FunctionSource[], unbuilt: readonly FunctionSource[]): string {
  const url = localUrl(node.address);
  const report = {
    url,
    workers: node.workers,
    pids: node.pids(),
    dataDir: node.dataDir.path,
    functions: functions.map((source) => ({
      name: source.name,
      routes: source.routes.map((route) => ({ host: route.host, path: route.path })),
      try: tryLines(source, url),
    })),
    unbuilt: unbuilt.map((source) => source.name),
  };
  return `${JSON.stringify(report)}\n`;
}
