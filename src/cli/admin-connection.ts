import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { AdminClient } from '../admin/mod.ts';
import { isMayflyError, MayflyError, shownText, userDataFolder } from '../base/mod.ts';
import { readFileWithin } from '../config/mod.ts';
import { adminSocketFolder, adminSocketPath } from '../node/mod.ts';
import { socketFetch } from './socket-fetch.ts';
import type { Terminal } from './terminal.ts';

/** The options of every command that speaks to a node. */
export interface AdminFlags {
  readonly admin?: string;
  readonly tokenFile?: string;
  readonly dataDir?: string;
}

/** Those of a command that is about a project. */
export interface ProjectFlags extends AdminFlags {
  readonly project?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultAdminUrl = 'http://127.0.0.1:8081';
const defaultProject = 'default';
/** A token file has one line. */
const tokenFileBytesMax = 4096;
const tokenPattern = /^mfy_[A-Za-z0-9_-]{43}$/;
const loopbackNames = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Adds the options of AdminFlags. There is none for the token itself: every user of a machine sees the command lines on it. */
export function withAdmin(command: Command): Command {
  return command
    .option(
      '--admin <url>',
      `the node’s admin API; MAYFLY_ADMIN when absent, or that of a node on this machine, ${defaultAdminUrl}`,
    )
    .option('--token-file <file>', 'a file with the token; MAYFLY_TOKEN when absent, or that of a node on this machine')
    .option('--data-dir <dir>', 'the data directory of the node on this machine, which has its token and its socket');
}

/** Adds the options of ProjectFlags. */
export function withProject(command: Command): Command {
  return withAdmin(
    command.option(
      '--project <name>',
      `the project; MAYFLY_PROJECT when absent, or the token’s own, or “${defaultProject}”`,
    ),
  );
}

/** A node, and a project there. */
export interface ProjectConnection {
  readonly client: AdminClient;
  readonly project: string;
}

/** @throws MayflyError bad_usage, artifact_unreadable, node_unreachable @throws AdminProblem */
export async function connectToProject(flags: ProjectFlags, terminal: Terminal): Promise<ProjectConnection> {
  const client = await connect(flags, terminal);
  const named = flags.project ?? process.env['MAYFLY_PROJECT'];
  if (named !== undefined) return { client, project: named };
  const { items } = await client.listProjects({ limit: 2 });
  const [only] = items;
  return { client, project: items.length === 1 && only !== undefined ? only.id : defaultProject };
}

/** @throws MayflyError bad_usage, artifact_unreadable */
export async function connect(flags: AdminFlags, terminal: Terminal): Promise<AdminClient> {
  const given = flags.admin ?? process.env['MAYFLY_ADMIN'];
  const url = parseAdminUrl(given ?? defaultAdminUrl);
  const isLocal = loopbackNames.test(url.hostname);
  if (url.protocol === 'http:' && !isLocal) {
    terminal.say(
      `The token goes to ${url.host} unencrypted: use https, or a tunnel, over networks that others are on\n`,
    );
  }
  const { token, dataDir } = await findToken(flags, process.env, isLocal);
  const socket = given === undefined && dataDir !== undefined ? await findSocket(dataDir) : undefined;
  if (socket === undefined) return new AdminClient({ url: url.origin, token });
  return new AdminClient({ url: 'http://localhost', place: socket, token, fetch: socketFetch(socket) });
}

/**
 * The socket of the node that has `dataDir`; undefined when it has none. Where there is to be one, a token from there is sent nowhere
 * else, also when the node does not run: whoever listens on its port then need not be it.
 */
async function findSocket(dataDir: string): Promise<string | undefined> {
  const isThere = (await stat(adminSocketFolder(dataDir)).catch(() => undefined))?.isDirectory() ?? false;
  return isThere ? adminSocketPath(dataDir) : undefined;
}

/** A token, and the data directory that it was found in, or that was named beside it. */
interface FoundToken {
  readonly token: string;
  readonly dataDir?: string;
}

/** Reads `http://HOST:PORT`, `https://HOST[:PORT]` or `HOST:PORT`. @throws MayflyError bad_usage */
function parseAdminUrl(text: string): URL {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  const isPlain = url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url !== null && isPlain && url.password === '' && !text.includes('@')) return url;
  throw new MayflyError('bad_usage', {
    message: `Cannot reach a node at ${shownText(text)}: an http or https URL without a path is wanted`,
    hint: `For example --admin ${defaultAdminUrl}`,
  });
}

/**
 * The token to send: of a file that was named, of the environment, or of the node on this machine. The last is sent nowhere else.
 * @throws MayflyError bad_usage, artifact_unreadable
 */
async function findToken({ tokenFile, dataDir }: AdminFlags, env: Environment, isLocal: boolean): Promise<FoundToken> {
  if (tokenFile !== undefined)
    return { token: await readToken(tokenFile), ...(dataDir === undefined ? {} : { dataDir }) };
  if (dataDir !== undefined && isLocal) return { token: await readToken(path.join(dataDir, 'admin-token')), dataDir };
  const fromEnv = env['MAYFLY_TOKEN'];
  if (fromEnv !== undefined && fromEnv !== '') return { token: checkToken(fromEnv.trim(), 'MAYFLY_TOKEN') };
  const ownDir = userDataFolder(env);
  const own = path.join(ownDir, 'admin-token');
  if (!isLocal) {
    throw new MayflyError('bad_usage', {
      message: 'Cannot speak to a node on another machine without a token: MAYFLY_TOKEN or --token-file is wanted',
      hint: 'Create one there: mayfly tokens create NAME --scope deploy',
    });
  }
  try {
    return { token: await readToken(own), dataDir: ownDir };
  } catch (error) {
    if (!isMayflyError(error, 'artifact_unreadable')) throw error;
    throw new MayflyError(
      'bad_usage',
      {
        message: `Cannot find a token: MAYFLY_TOKEN is not set, and ${own} is not to be read`,
        hint: 'A node that was started with `mayfly serve` leaves one there; name its --data-dir if it has another',
      },
      { cause: error },
    );
  }
}

async function readToken(file: string): Promise<string> {
  const bytes = await readFileWithin(file, { bytesMax: tokenFileBytesMax });
  return checkToken(new TextDecoder().decode(bytes).trim(), file);
}

function checkToken(text: string, place: string): string {
  if (tokenPattern.test(text)) return text;
  throw new MayflyError('bad_usage', {
    message: `Cannot use the token in ${place}: it is none, mfy_ and 43 characters behind it are wanted`,
  });
}
