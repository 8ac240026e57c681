import type { Command } from 'commander';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { listText, printJson, timeText } from '../listing.ts';
import { parseSticky, parseWeights, stickyText, weightsText } from '../weights-text.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
  readonly stickyBy?: string;
}

/** `mayfly deployments`: which versions of a function take traffic. */
export function deploymentsCommand({ terminal }: CommandContext): Command {
  const list = withProject(
    makeCommand('list', 'List what is deployed of a function, and what was before', ['mayfly deployments list hello']),
  )
    .argument('<name>', 'the function')
    .option('--json', 'print them as JSON')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      const { deployment, before } = await client.getFunction(project, name);
      if (flags.json === true) {
        printJson(terminal, [deployment, ...before]);
        return;
      }
      const rows = [deployment, ...before].map((one, index) => [
        index === 0 ? 'now' : `${index} before`,
        weightsText(one.weights),
        stickyText(one.stickyBy),
        timeText(one.at),
        one.by,
      ]);
      terminal.print(listText(['DEPLOYMENT', 'TRAFFIC', 'STICKY BY', 'SINCE', 'BY TOKEN'], rows));
    });
  const set = withProject(
    makeCommand('set', 'Split the traffic of a function between its versions', [
      'mayfly deployments set hello 3=90 4=10',
      'mayfly deployments set hello 3=50 4=50 --sticky-by cookie:session',
      'mayfly deployments set hello 4=100',
    ]),
  )
    .argument('<name>', 'the function')
    .argument('<version=percent...>', 'the versions that take traffic; percents add up to 100')
    .option('--sticky-by <key>', 'keep a client at one version: header:NAME or cookie:NAME; none ends that')
    .option('--json', 'print what is deployed as JSON')
    .action(async (name: string, pairs: string[], flags: Flags) => {
      const weights = parseWeights(pairs);
      const sticky = flags.stickyBy === undefined ? {} : { stickyBy: parseSticky(flags.stickyBy) };
      const { client, project } = await connectToProject(flags, terminal);
      const changed = await client.setWeights(project, name, { weights, ...sticky });
      if (flags.json === true) printJson(terminal, changed);
      else terminal.print(`Traffic of ${name}: ${weightsText(changed.deployment.weights)}\n`);
    });
  return makeCommand('deployments', 'See and change which versions of a function take traffic', [
    'mayfly deployments list hello',
    'mayfly deployments set hello 3=90 4=10',
  ])
    .helpCommand(false)
    .addCommand(list)
    .addCommand(set);
}
