import type { Command } from 'commander';
import type { FunctionResource } from '../../admin/mod.ts';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { listText, printJson, printList, timeText } from '../listing.ts';
import { ExitCode } from '../terminal.ts';
import { stickyText, weightsText } from '../weights-text.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
}

/** `mayfly functions`. */
export function functionsCommand({ terminal, exit }: CommandContext): Command {
  const list = withProject(makeCommand('list', 'List the functions of a project', ['mayfly functions list --json']))
    .option('--json', 'print them as JSON')
    .action(async (flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      await printList(terminal, {
        list: (page) => client.listFunctions(project, page),
        columns: ['FUNCTION', 'TRAFFIC', 'VERSIONS', 'DEPLOYED', 'URL'],
        row: (one) => [
          one.name,
          weightsText(one.deployment.weights),
          String(one.versions.length),
          timeText(one.deployment.at),
          one.urls[0] ?? '',
        ],
        empty: `There is no function in project ${project} yet. Deploy one: mayfly deploy DIR`,
        json: flags.json,
      });
    });
  const show = withProject(makeCommand('show', 'Show one function', ['mayfly functions show hello']))
    .argument('<name>', 'the function')
    .option('--json', 'print it as JSON')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      const found = await client.getFunction(project, name);
      if (flags.json === true) printJson(terminal, found);
      else terminal.print(functionText(found));
    });
  const remove = withProject(
    makeCommand('delete', 'Delete a function with all of its versions', ['mayfly functions delete hello']),
  )
    .argument('<name>', 'the function')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      await client.deleteFunction(project, name);
      terminal.print(`Deleted function ${name} of project ${project}\n`);
      exit(ExitCode.ok);
    });
  return makeCommand('functions', 'List, show and delete functions', [
    'mayfly functions',
    'mayfly functions show hello',
  ])
    .helpCommand(false)
    .addCommand(list, { isDefault: true })
    .addCommand(show)
    .addCommand(remove);
}

/** One function, for people. */
function functionText(one: FunctionResource): string {
  const sticky = stickyText(one.deployment.stickyBy);
  return listText(
    ['function', `${one.name}, of project ${one.project}`],
    [
      ['traffic', weightsText(one.deployment.weights)],
      ...(sticky === '' ? [] : [['sticky by', sticky]]),
      ['deployed', timeText(one.deployment.at)],
      ['versions', one.versions.map((version) => `v${version}`).join(' ')],
      ...one.urls.map((url) => ['reached at', url]),
    ],
  );
}
