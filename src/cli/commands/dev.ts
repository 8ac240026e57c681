import type { Command } from 'commander';
import { isMayflyError, shownText } from '../../base/mod.ts';
import {
  defaultListen,
  formatAddress,
  type ListenAddress,
  loadFunctionFolder,
  localUrl,
  parseEnv,
  parseLimits,
  parseListen,
} from '../../config/mod.ts';
import { createLog, DevNode, type DevNodeOptions, type FunctionLine, LogStyle } from '../../node/mod.ts';
import { collect, type CommandContext, makeCommand } from '../command.ts';
import { type DevEvent, DevSession, type Reloaded } from '../dev-session.ts';
import { lineText } from '../log-line.ts';
import { stopSignals } from '../stop-signals.ts';
import { errorText, ExitCode, sizeText, type Terminal } from '../terminal.ts';
import { tryLines } from '../try-lines.ts';
import { FolderWatcher } from '../watch-folder.ts';

interface DevFlags {
  readonly listen?: string;
  readonly dataDir?: string;
  readonly env?: readonly string[];
  readonly limit?: readonly string[];
  readonly json?: true;
}

/** `mayfly dev [DIR]` */
export function devCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('dev', 'Serve a function while it is written: every change is built and served at once', [
    'mayfly dev',
    'mayfly dev hello --listen 127.0.0.1:3000 --env GREETING=hi',
  ])
    .argument('[dir]', 'the function’s folder; the current one when absent')
    .option('--listen <address>', `HOST:PORT; ${formatAddress(defaultListen)}, or a free port, when absent`)
    .option('--data-dir <dir>', 'where images and logs are kept; the user’s cache directory when absent')
    .option('--env <k=v>', 'a variable, over the manifest and .env; can be repeated', collect)
    .option('--limit <name=value>', 'a limit, over the manifest; can be repeated', collect)
    .option('--json', 'tell what happens as lines of JSON')
    .action(async (dir: string | undefined, flags: DevFlags) => exit(await dev(dir ?? '.', flags, terminal)));
}

async function dev(dir: string, flags: DevFlags, terminal: Terminal): Promise<ExitCode> {
  const env = parseEnv(flags.env ?? []);
  const limits = parseLimits(flags.limit ?? []);
  const listen = flags.listen === undefined ? undefined : parseListen(flags.listen);
  await refuseOtherFolders(dir);
  const screen = flags.json === true ? jsonScreen(terminal) : textScreen(terminal);
  const stop = stopSignals(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const options = {
    dataDir: flags.dataDir,
    log: createLog(LogStyle.pretty, {}),
    onLine: (line: FunctionLine) => screen.line(line),
  };
  const node = await startNode(listen, options);
  const url = localUrl(node.address);
  const session = new DevSession({ dir, node, env, limits, tell: (event) => screen.event(event, url) });
  const watcher = new FolderWatcher(dir, {
    matters: (file) => session.matters(file),
    onChange: (files) => session.changed(files),
    onError: (error) => terminal.say(errorText(error)),
  });
  session.start();
  stop.ready();
  await stop.asked;
  watcher.close();
  await session.stop();
  await node.stop();
  return ExitCode.ok;
}

/** A mistake in the manifest is for the developer to correct while this runs; a folder without one is another folder. */
async function refuseOtherFolders(dir: string): Promise<void> {
  try {
    await loadFunctionFolder(dir);
  } catch (error) {
    if (!isMayflyError(error, 'bad_manifest')) throw error;
  }
}

/** Where no address is asked for, the usual one that is taken is no reason to fail. */
async function startNode(listen: ListenAddress | undefined, options: Omit<DevNodeOptions, 'listen'>): Promise<DevNode> {
  try {
    return await DevNode.start({ ...options, listen: listen ?? defaultListen });
  } catch (error) {
    if (listen !== undefined || !isMayflyError(error, 'listen_failed')) throw error;
    return DevNode.start({ ...options, listen: { ...defaultListen, port: 0 } });
  }
}

/** Where what happens is told. */
interface Screen {
  event(event: DevEvent, url: string): void;
  line(line: FunctionLine): void;
}

function jsonScreen(terminal: Terminal): Screen {
  const print = (value: object): void => terminal.print(`${JSON.stringify(value)}\n`);
  return {
    event: (event, url) => print(jsonEvent(event, url)),
    line: ({ function: name, source, level, text, code }) =>
      print({ event: 'log', function: name, source, level, text, code }),
  };
}

function jsonEvent(event: DevEvent, url: string): object {
  switch (event.kind) {
    case 'reloaded': {
      const { folder, ...times } = event.reloaded;
      return { event: 'reloaded', function: folder.manifest.name, url, ...times };
    }
    case 'failed': {
      const { code, message, hint } = event.error;
      return { event: 'failed', code, message, hint, served: event.served };
    }
    case 'building':
    case 'secretsMissing':
    case 'ignored': {
      const { kind, ...rest } = event;
      return { event: kind, ...rest };
    }
  }
}

function textScreen(terminal: Terminal): Screen {
  let shown: 'nothing' | 'url' = 'nothing';
  return {
    event: (event, url) => {
      const isFirst = event.kind === 'reloaded' && shown === 'nothing';
      if (isFirst) shown = 'url';
      terminal.say(isFirst ? firstText(event.reloaded, url) : eventText(event));
    },
    line: (line) =>
      terminal.say(`${line.function} ${lineText({ ...line, text: shownText(line.text, line.text.length) })}\n`),
  };
}

function firstText(reloaded: Reloaded, url: string): string {
  const tries = tryLines(reloaded.folder.source, url).map((line) => `  ${line}\n`);
  return `${reloadedText(reloaded)}\nListening on ${url}\n\nTry:\n${tries.join('')}\nA change is built and served at once. Ctrl-C stops it.\n\n`;
}

function eventText(event: DevEvent): string {
  switch (event.kind) {
    case 'building':
      return event.files.length === 0
        ? `building ${event.name}\n`
        : `building ${event.name}: ${filesText(event.files)}\n`;
    case 'reloaded':
      return reloadedText(event.reloaded);
    case 'failed':
      return `${errorText(event.error)}${event.served === 'last good' ? 'The last good version goes on serving.\n' : 'Waiting for a change.\n'}`;
    case 'secretsMissing':
      return `Without a value here: ${event.names.join(', ')}. Write NAME=value to .env, or give --env NAME=value\n`;
    case 'ignored':
      return `${shownText(event.file)} is changed by every build, so its changes are ignored: name the sources with watch in [build]\n`;
  }
}

function filesText(files: readonly string[]): string {
  const [first = '', ...more] = files;
  return `${shownText(first)}${more.length === 0 ? '' : ` and ${more.length} more`} changed`;
}

function reloadedText({ folder, buildMs, reloadMs, imageBytes }: Reloaded): string {
  const built = buildMs === undefined ? '' : `, built in ${(buildMs / 1000).toFixed(2)} s`;
  return `reloaded ${folder.manifest.name} in ${reloadMs.toFixed(0)} ms${built}, image ${sizeText(imageBytes)}\n`;
}
