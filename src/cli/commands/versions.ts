import type { Command } from 'commander';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { printList, timeText } from '../listing.ts';
import { sizeText } from '../terminal.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
  readonly limit: number;
}

/** `mayfly versions`. */
export function versionsCommand({ terminal }: CommandContext): Command {
  return withProject(
    makeCommand('versions', 'List the versions of a function, the newest first', [
      'mayfly versions hello',
      'mayfly versions hello --limit 5 --json',
    ]),
  )
    .argument('<name>', 'the function')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 10_000), 20)
    .option('--json', 'print them as JSON')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      const { deployment } = await client.getFunction(project, name);
      const shares = new Map(deployment.weights.map(({ version, percent }) => [version, `${percent} %`]));
      await printList(terminal, {
        list: (page) => client.listVersions(project, name, page),
        columns: ['VERSION', 'TRAFFIC', 'CREATED', 'SIZE', 'KIND', 'PREVIEW', 'MESSAGE'],
        row: (one) => [
          `v${one.version}`,
          shares.get(one.version) ?? '',
          timeText(one.createdAt),
          sizeText(one.artifactBytes),
          one.kind,
          one.previewUrl ?? '',
          one.message ?? '',
        ],
        empty: `Function ${name} has no version`,
        json: flags.json,
        limit: flags.limit,
      });
    });
}
