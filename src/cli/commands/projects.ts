import type { Command } from 'commander';
import { countText } from '../../base/mod.ts';
import { parseLimits } from '../../config/mod.ts';
import { type AdminFlags, connect, withAdmin } from '../admin-connection.ts';
import { collect, type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { printJson, printList, timeText } from '../listing.ts';

interface Flags extends AdminFlags {
  readonly json?: true;
  readonly limit?: readonly string[];
}

/** `mayfly projects`: the tenants of a node. */
export function projectsCommand({ terminal }: CommandContext): Command {
  const list = withAdmin(makeCommand('list', 'List the projects that the token is good for', ['mayfly projects list']))
    .option('--json', 'print them as JSON')
    .action(async (flags: Flags) => {
      const client = await connect(flags, terminal);
      await printList(terminal, {
        list: (page) => client.listProjects(page),
        columns: ['PROJECT', 'CREATED', 'WORKERS', 'LIMITS'],
        row: ({ id, createdAt, workers, limits }) => [
          id,
          timeText(createdAt),
          workersText(workers),
          limitsText(limits),
        ],
        empty: 'There is no project yet. Create one: mayfly projects create NAME',
        json: flags.json,
      });
    });
  const create = withAdmin(
    makeCommand('create', 'Create a project', [
      'mayfly projects create shop',
      'mayfly projects create shop --limit cpuMs=100 --limit memoryBytes=64MiB',
    ]),
  )
    .argument('<name>', 'what it is called')
    .option('--limit <name=value>', 'what its functions may ask for at most; can be repeated', collect)
    .option('--json', 'print it as JSON')
    .action(async (id: string, flags: Flags) => {
      const limits = parseLimits(flags.limit ?? []);
      const client = await connect(flags, terminal);
      const project = await client.createProject({ id, limits });
      if (flags.json === true) printJson(terminal, project);
      else terminal.print(`Created project ${project.id}\n`);
    });
  const remove = withAdmin(
    makeCommand('delete', 'Delete a project that has no functions, with its secrets and tokens', [
      'mayfly projects delete shop',
    ]),
  )
    .argument('<name>', 'the project')
    .action(async (id: string, flags: Flags) => {
      const client = await connect(flags, terminal);
      await client.deleteProject(id);
      terminal.print(`Deleted project ${id}\n`);
    });
  return makeCommand('projects', 'List, create, change and delete projects', [
    'mayfly projects',
    'mayfly projects create shop',
    'mayfly projects workers shop 2',
  ])
    .helpCommand(false)
    .addCommand(list, { isDefault: true })
    .addCommand(create)
    .addCommand(workersCommand(terminal))
    .addCommand(remove);
}

function workersCommand(terminal: CommandContext['terminal']): Command {
  return withAdmin(
    makeCommand('workers', 'Give a project workers of its own, which serve nothing else', [
      'mayfly projects workers shop 2',
      'mayfly projects workers shop 0',
    ]),
  )
    .argument('<name>', 'the project')
    .argument('<count>', 'how many; 0 has it share the node’s with the others', wholeNumber(0, 9999))
    .option('--json', 'print the project as JSON')
    .action(async (id: string, count: number, flags: Flags) => {
      const client = await connect(flags, terminal);
      const project = await client.changeProject(id, { workers: count });
      if (flags.json === true) printJson(terminal, project);
      else if (count === 0) terminal.print(`Project ${id} shares the node’s workers\n`);
      else terminal.print(`Project ${id} has ${countText(count, 'worker')} of its own\n`);
    });
}

function limitsText(limits: object): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function workersText(workers: number): string {
  return workers === 0 ? 'shared' : String(workers);
}
