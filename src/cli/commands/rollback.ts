import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand, wholeNumber } from '../command.ts';
import { printJson } from '../listing.ts';
import { weightsText } from '../weights-text.ts';

interface Flags extends ProjectFlags {
  readonly to?: number;
  readonly json?: true;
}

/** `mayfly rollback`. */
export function rollbackCommand({ terminal }: CommandContext): Command {
  return withProject(
    makeCommand('rollback', 'Give a function’s traffic back to what was deployed before', [
      'mayfly rollback hello',
      'mayfly rollback hello --to 3',
    ]),
  )
    .argument('<name>', 'the function')
    .option('--to <version>', 'the version that takes all traffic', wholeNumber(1, 999_999_999))
    .option('--json', 'print what is deployed as JSON')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      const to = flags.to === undefined ? {} : { to: flags.to };
      const changed = await client.rollback(project, name, to, { idempotencyKey: randomUUID() });
      if (flags.json === true) printJson(terminal, changed);
      else terminal.print(`Traffic of ${name}: ${weightsText(changed.deployment.weights)}\n`);
    });
}
