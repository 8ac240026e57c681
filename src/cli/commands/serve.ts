import path from 'node:path';
import type { Command } from 'commander';
import { countText, errorText, MayflyError, shownText } from '../../base/mod.ts';
import {
  defaultAdminListen,
  defaultListen,
  formatAddress,
  formatQuantity,
  type FunctionSource,
  limitManuals,
  loadServeTarget,
  localUrl,
  parseEnv,
  parseLimits,
  parseListen,
  routeHostWanted,
} from '../../config/mod.ts';
import { ServerTiming } from '../../gateway/mod.ts';
import {
  createLog,
  type Log,
  LogStyle,
  type NodeOptions,
  packageVersion,
  type RunningNode,
  startNode,
} from '../../node/mod.ts';
import { collect, type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { Progress } from '../progress.ts';
import { stopSignals } from '../stop-signals.ts';
import { ExitCode, table, type Terminal } from '../terminal.ts';
import { tryLines } from '../try-lines.ts';

/** The options as commander gives them; see below what each is. */
interface ServeFlags {
  readonly listen: string;
  readonly admin?: string;
  readonly previewDomain?: string;
  readonly dataDir?: string;
  readonly workers?: number;
  readonly env?: readonly string[];
  readonly limit?: readonly string[];
  readonly serverTiming?: true;
  readonly json?: true;
}

const workersMax = 1024;

export function serveCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('serve', 'Run a node: one that takes deploys, or with a target one that serves just that', [
    'mayfly serve',
    'mayfly serve hello.wasm',
    'mayfly serve examples --listen 0.0.0.0:8080',
    'mayfly serve hello.wasm --env GREETING=hi --limit cpuMs=200 --limit memoryBytes=64MiB',
  ])
    .argument('[target]', 'an artifact, a function’s folder, or a folder of such; what is deployed when absent')
    .option('--listen <address>', 'HOST:PORT to listen on; port 0 takes a free one', formatAddress(defaultListen))
    .option('--admin <address>', `HOST:PORT of the admin API, without a target; ${formatAddress(defaultAdminListen)}`)
    .option('--preview-domain <domain>', `versions have hosts below it, without a target; ${defaultPreviewDomain}`)
    .option('--data-dir <dir>', 'what is deployed, or with a target its images; the user’s own folders when absent')
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
  const platform = platformSettings(targetPath, flags);
  const { functions, unbuilt } = targetPath === undefined ? nothing : await loadServeTarget(targetPath);
  const logStyle = terminal.reader === 'person' ? LogStyle.pretty : LogStyle.json;
  const log = createLog(logStyle, {});
  const stop = stopSignals(['SIGINT', 'SIGTERM', ...(hasTerminal ? (['SIGHUP'] as const) : [])]);
  const progress = new Progress(terminal);
  let node: RunningNode;
  try {
    node = await startNode(
      {
        functions,
        platform,
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
  // Before anybody is told that it is there.
  if (!hasTerminal) process.on('SIGHUP', () => void restart(node, log));
  terminal.print(flags.json === true ? jsonText(node, functions, unbuilt) : readyText(node, functions, unbuilt));
  const signal = await stop.asked;
  if (terminal.reader === 'person') terminal.say(`\n${signal}: finishing the requests under way\n`);
  await node.stop();
  return ExitCode.ok;
}

const nothing = { functions: [], unbuilt: [] };

/** @throws MayflyError bad_usage for an option that is for the other kind of node */
function platformSettings(targetPath: string | undefined, flags: ServeFlags): NodeOptions['platform'] {
  const { admin, previewDomain, env, limit } = flags;
  if (targetPath !== undefined) {
    if (admin !== undefined || previewDomain !== undefined) {
      throw new MayflyError('bad_usage', {
        message: `Cannot serve ${targetPath} with an admin API: --admin and --preview-domain are for a node without a target`,
        hint: 'Start `mayfly serve` without a target, and deploy to it',
      });
    }
    return undefined;
  }
  if (env !== undefined || limit !== undefined) {
    throw new MayflyError('bad_usage', {
      message: 'Cannot serve with --env or --limit and without a target: they are for the functions of a target',
      hint: 'Name what to serve, for example: mayfly serve . --env GREETING=hi',
    });
  }
  return {
    admin: admin === undefined ? defaultAdminListen : parseListen(admin),
    previewDomain: parsePreviewDomain(previewDomain ?? defaultPreviewDomain),
  };
}

const defaultPreviewDomain = 'preview.localhost';

/** @throws MayflyError bad_usage */
function parsePreviewDomain(text: string): string | undefined {
  if (text === 'none') return undefined;
  if (!text.startsWith('*.') && routeHostWanted(text) === undefined) return text;
  throw new MayflyError('bad_usage', {
    message: `Cannot have preview addresses below ${shownText(text)}: a host name in lower case, or none, is wanted`,
  });
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
  if (node.platform !== undefined) return platformText(node, node.platform);
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

/** The token is told once: whoever sees this can do everything. */
function platformText(node: RunningNode, { admin, newToken }: NonNullable<RunningNode['platform']>): string {
  const token =
    newToken === undefined
      ? ''
      : `\nThe operator’s token, which is not told again:\n  ${newToken}\nCommands on this machine find it in ${path.join(node.dataDir.path, 'admin-token')}\n`;
  return [
    `Mayfly ${packageVersion} takes deploys, and serves them with ${countText(node.workers, 'worker')}\n`,
    `Listening on ${localUrl(node.address)}, admin API on ${localUrl(admin)}\n`,
    `Data in ${node.dataDir.path}\n`,
    token,
    '\nTry:\n  mayfly init hello --template rust && cd hello && mayfly deploy\n',
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
    ...(node.platform === undefined ? {} : { admin: localUrl(node.platform.admin) }),
    functions: functions.map((source) => ({
      name: source.name,
      routes: source.routes.map((route) => ({ host: route.host, path: route.path })),
      try: tryLines(source, url),
    })),
    unbuilt: unbuilt.map((source) => source.name),
  };
  return `${JSON.stringify(report)}\n`;
}
