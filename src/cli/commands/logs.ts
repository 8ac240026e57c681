import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { AdminClient, LogLineResource } from '../../admin/mod.ts';
import { isMayflyError, MayflyError, shownText } from '../../base/mod.ts';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { durationMs } from '../duration.ts';
import { jsonText, timeText } from '../listing.ts';
import { lineText } from '../log-line.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends ProjectFlags {
  readonly follow?: true;
  readonly since?: string;
  readonly limit: number;
  readonly json?: true;
}

/** A node that is started again is waited for so long. */
const lostTriesMax = 60;
const lostWaitMs = 1000;
/** A line as a node keeps it is no longer. */
const lineLengthMax = 10_000;

/** `mayfly logs`. */
export function logsCommand({ terminal }: CommandContext): Command {
  return withProject(
    makeCommand('logs', 'Show what a function has written to its log', [
      'mayfly logs hello',
      'mayfly logs hello --follow --since 10m',
      'mayfly logs hello --since 2026-01-31T12:00:00Z --json',
    ]),
  )
    .argument('<name>', 'the function')
    .option('-f, --follow', 'go on with each line as it is written, until Ctrl-C')
    .option('--since <when>', 'only lines from then on: a duration such as 10m or 2h, or a time')
    .option('--limit <n>', 'the newest lines, at most; not with --follow', wholeNumber(1, 1000), 200)
    .option('--json', 'print each line as JSON')
    .action(async (name: string, flags: Flags) => {
      const since = flags.since === undefined ? undefined : parseSince(flags.since, Date.now());
      const { client, project } = await connectToProject(flags, terminal);
      const print = (line: LogLineResource): void =>
        terminal.print(flags.json === true ? `${jsonText(line)}\n` : logText(line));
      if (flags.follow === true) await followLog({ client, project, name, since }, terminal, print);
      else for (const line of await client.getLogs(project, name, { since, limit: flags.limit })) print(line);
    });
}

interface Followed {
  readonly client: Pick<AdminClient, 'followLogs'>;
  readonly project: string;
  readonly name: string;
  readonly since: string | undefined;
}

/** Goes on where it was when the connection is lost, as by a node that is started again. */
export async function followLog(
  { client, project, name, since }: Followed,
  terminal: Terminal,
  print: (line: LogLineResource) => void,
  waitMs: number = lostWaitMs,
): Promise<void> {
  let after: string | undefined;
  for (let tries = 0; ; tries++) {
    try {
      for await (const line of client.followLogs(project, name, { since, after }, new AbortController().signal)) {
        after = line.cursor;
        tries = 0;
        print(line);
      }
    } catch (error) {
      const isFirst = tries === 0 && after === undefined;
      if (!isMayflyError(error, 'node_unreachable') || isFirst || tries >= lostTriesMax) throw error;
    }
    if (tries === 0) terminal.say('The connection was lost, trying again\n');
    await sleep(waitMs);
  }
}

/** `2026-01-31 12:00:00 info  │ text`; what a terminal would act on is escaped. */
function logText({ at, level, text, ...said }: LogLineResource): string {
  return `${timeText(at)} ${level.padEnd(5)} ${lineText({ ...said, level, text: shownText(text, lineLengthMax) })}\n`;
}

/** @throws MayflyError bad_usage */
function parseSince(text: string, nowMs: number): string {
  const ms = durationMs(text);
  const time = ms === undefined ? Date.parse(text) : nowMs - ms;
  if (Number.isFinite(time) && (ms !== undefined || /^\d{4}-\d{2}-\d{2}/.test(text)))
    return new Date(time).toISOString();
  throw new MayflyError('bad_usage', {
    message: `Cannot show what was logged since ${shownText(text)}: a duration such as 10m, or a time such as 2026-01-31T12:00:00Z, is wanted`,
  });
}
