import type { Command } from 'commander';
import type { CommandContext } from './command.ts';
import { deployCommand } from './commands/deploy.ts';
import { deploymentsCommand } from './commands/deployments.ts';
import { functionsCommand } from './commands/functions.ts';
import { logsCommand } from './commands/logs.ts';
import { projectsCommand } from './commands/projects.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { routesCommand } from './commands/routes.ts';
import { secretsCommand } from './commands/secrets.ts';
import { statusCommand } from './commands/status.ts';
import { tokensCommand } from './commands/tokens.ts';
import { versionsCommand } from './commands/versions.ts';

/** The commands that speak to a node, in the order they are best read. */
export function platformCommands(context: CommandContext): Command[] {
  return [
    deployCommand(context),
    functionsCommand(context),
    versionsCommand(context),
    deploymentsCommand(context),
    rollbackCommand(context),
    routesCommand(context),
    secretsCommand(context),
    logsCommand(context),
    projectsCommand(context),
    tokensCommand(context),
    statusCommand(context),
  ];
}
