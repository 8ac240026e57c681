import type { Command } from 'commander';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { printList } from '../listing.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
}

/** `mayfly routes`. They are changed by deploys: a manifest names them. */
export function routesCommand({ terminal }: CommandContext): Command {
  return withProject(
    makeCommand('routes', 'List what leads to the functions of a project', ['mayfly routes', 'mayfly routes --json']),
  )
    .option('--json', 'print them as JSON')
    .action(async (flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      await printList(terminal, {
        list: (page) => client.listRoutes(project, page),
        columns: ['HOST', 'PATH', 'FUNCTION'],
        row: (one) => [one.host ?? '(any)', one.path, one.function],
        empty: `Nothing leads to a function of project ${project} yet. Routes are in mayfly.toml: mayfly deploy DIR`,
        json: flags.json,
      });
    });
}
