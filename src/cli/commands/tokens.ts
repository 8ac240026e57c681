import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { MayflyError, shownText } from '../../base/mod.ts';
import { type ProjectFlags, connect, connectToProject, withAdmin, withProject } from '../admin-connection.ts';
import { collect, type CommandContext, makeCommand } from '../command.ts';
import { durationMs } from '../duration.ts';
import { printJson, printList, timeText } from '../listing.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly allProjects?: true;
}

const scopes = ['read', 'deploy', 'admin'] as const;

/** `mayfly tokens`. */
export function tokensCommand({ terminal }: CommandContext): Command {
  const list = withAdmin(makeCommand('list', 'List tokens, without what authenticates them', ['mayfly tokens list']))
    .option('--json', 'print them as JSON')
    .action(async (flags: Flags) => {
      const client = await connect(flags, terminal);
      await printList(terminal, {
        list: (page) => client.listTokens(page),
        columns: ['ID', 'NAME', 'PROJECT', 'SCOPES', 'CREATED', 'EXPIRES'],
        row: (one) => [
          one.id,
          one.name,
          one.project === '*' ? '(all)' : one.project,
          one.scopes.join(' '),
          timeText(one.createdAt),
          one.expiresAt === undefined ? 'never' : timeText(one.expiresAt),
        ],
        empty: 'There is no token',
        json: flags.json,
      });
    });
  const create = withProject(
    makeCommand('create', 'Create a token; it is printed this once', [
      'mayfly tokens create ci --scope deploy --expires 90d > ci.token',
      'mayfly tokens create operator --scope admin --all-projects',
    ]),
  )
    .argument('<name>', 'what people call it')
    .option('--scope <scope>', `${scopes.join(', ')}; each includes those before it; read when absent`, collect)
    .option('--expires <duration>', 'after which it is good for nothing, such as 12h or 90d; never when absent')
    .option('--all-projects', 'good for every project and the node itself')
    .option('--json', 'print it as JSON')
    .action(async (name: string, flags: Flags) => {
      const wanted = parseScopes(flags.scope ?? ['read']);
      const expiry = flags.expires === undefined ? {} : { expiresAt: timeAfter(flags.expires, Date.now()) };
      const isWide = flags.allProjects === true;
      const target = isWide
        ? { client: await connect(flags, terminal), project: '*' }
        : await connectToProject(flags, terminal);
      const { client, project } = target;
      const input = { name, project, scopes: wanted, ...expiry };
      const created = await client.createToken(input, { idempotencyKey: randomUUID() });
      if (flags.json === true) {
        printJson(terminal, created);
        return;
      }
      const where = isWide ? 'every project and the node' : `project ${project}`;
      terminal.say(`Token ${created.id}, for ${where}: ${created.scopes.join(', ')}. It is not shown again\n`);
      terminal.print(`${shownText(created.token)}\n`);
    });
  const revoke = withAdmin(
    makeCommand('revoke', 'Revoke a token: it authenticates nobody from now on', ['mayfly tokens revoke t4x2']),
  )
    .argument('<id>', 'its id, as `mayfly tokens list` has it')
    .action(async (id: string, flags: Flags) => {
      const client = await connect(flags, terminal);
      await client.revokeToken(id);
      terminal.print(`Revoked token ${id}\n`);
    });
  return makeCommand('tokens', 'List, create and revoke tokens', [
    'mayfly tokens',
    'mayfly tokens create ci --scope deploy',
  ])
    .helpCommand(false)
    .addCommand(list, { isDefault: true })
    .addCommand(create)
    .addCommand(revoke);
}

function parseScopes(texts: readonly string[]): (typeof scopes)[number][] {
  return texts.map((text) => {
    const found = scopes.find((scope) => scope === text);
    if (found !== undefined) return found;
    throw new MayflyError('bad_usage', {
      message: `Cannot create a token for the scope ${text}: ${scopes.join(', ')} is wanted`,
    });
  });
}

/** The time so long after `nowMs`. @throws MayflyError bad_usage */
function timeAfter(text: string, nowMs: number): string {
  const ms = durationMs(text);
  if (ms !== undefined && ms > 0 && ms <= 100 * 365 * 86_400_000) return new Date(nowMs + ms).toISOString();
  throw new MayflyError('bad_usage', {
    message: `Cannot create a token that expires after ${text}: a duration such as 12h or 90d is wanted`,
  });
}
