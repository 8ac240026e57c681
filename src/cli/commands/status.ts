import type { Command } from 'commander';
import { countText } from '../../base/mod.ts';
import { type AdminFlags, connect, withAdmin } from '../admin-connection.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { listText, printJson, timeText } from '../listing.ts';

interface Flags extends AdminFlags {
  readonly json?: true;
}

/** `mayfly status`. */
export function statusCommand({ terminal }: CommandContext): Command {
  return withAdmin(makeCommand('status', 'Show how a node is', ['mayfly status', 'mayfly status --json']))
    .option('--json', 'print it as JSON')
    .action(async (flags: Flags) => {
      const client = await connect(flags, terminal);
      const { version, location, startedAt, url, generation, workers } = await client.getStatus();
      if (flags.json === true) {
        printJson(terminal, { version, location, startedAt, url, generation, workers });
        return;
      }
      const serving = workers.filter(({ state }) => state === 'serving').length;
      const rows = [
        ...(location === undefined ? [] : [['location', location]]),
        ['serves at', url],
        ['since', timeText(startedAt)],
        ['workers', `${countText(workers.length, 'worker')}, ${serving} serving`],
        ['generation', String(generation)],
      ];
      terminal.print(listText(['Mayfly', version], rows));
    });
}
