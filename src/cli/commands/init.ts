import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { isName, MayflyError, shownText } from '../../base/mod.ts';
import { fileErrorReason } from '../../config/mod.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { listTemplates, type Template, templateFiles } from '../templates.ts';
import { ExitCode, table, type Terminal } from '../terminal.ts';

interface InitFlags {
  readonly template?: string;
  readonly name?: string;
}

/** `mayfly init DIR --template NAME` */
export function initCommand({ terminal, exit }: CommandContext): Command {
  return makeCommand('init', 'Begin a function from a template; without arguments, list the templates', [
    'mayfly init',
    'mayfly init hello --template rust',
  ])
    .argument('[dir]', 'the function’s folder, which is made; it can be there when it is empty')
    .option('--template <name>', 'what to begin with')
    .option('--name <name>', 'the function’s name; that of the folder when absent')
    .action(async (dir: string | undefined, flags: InitFlags) => exit(await init(dir, flags, terminal)));
}

async function init(dir: string | undefined, flags: InitFlags, terminal: Terminal): Promise<ExitCode> {
  const templates = await listTemplates();
  if (dir === undefined && flags.template === undefined && flags.name === undefined) {
    terminal.print(
      `Templates:\n${listText(templates)}\nBegin with:\n  $ mayfly init hello --template ${templates[0]?.name}\n`,
    );
    return ExitCode.ok;
  }
  if (dir === undefined) throw usage('no DIR is given, a folder to begin in is wanted', templates);
  const template = findTemplate(flags.template, templates);
  const name = functionNameOf(dir, flags.name);
  const files = await templateFiles(template, name);
  await makeEmptyFolder(dir);
  for (const file of files) {
    const target = path.join(dir, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    // Whatever somebody else has put there meanwhile stays.
    await writeFile(target, file.text, { flag: 'wx' });
  }
  terminal.print(nextText(dir, name, template));
  if (!isToolchainThere(template)) terminal.say(`\n${template.missing}\n`);
  return ExitCode.ok;
}

/** Templates are only looked up: a name is never part of a path. */
function findTemplate(name: string | undefined, templates: readonly Template[]): Template {
  if (name === undefined) throw usage('no --template is given', templates);
  const found = templates.find((template) => template.name === name);
  if (found === undefined) throw usage(`there is no template ${JSON.stringify(shownText(name))}`, templates);
  return found;
}

function usage(problem: string, templates: readonly Template[]): MayflyError {
  return new MayflyError('bad_usage', {
    message: `Cannot begin a function: ${problem}`,
    hint: `Templates:\n${listText(templates)}  For example: mayfly init hello --template ${templates[0]?.name}`,
  });
}

function functionNameOf(dir: string, asked: string | undefined): string {
  const name = asked ?? path.basename(path.resolve(dir));
  if (isName(name)) return name;
  const message = `Cannot name a function ${JSON.stringify(shownText(name))}: at most 63 lower-case letters, digits and inner hyphens are wanted`;
  const hint = asked === undefined ? 'Name it with --name, or name the folder so' : 'For example --name hello';
  throw new MayflyError('bad_usage', { message, hint });
}

/** @throws MayflyError folder_not_empty */
async function makeEmptyFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    const entries = await readdir(dir);
    if (entries.length === 0) return;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason =
      code === 'EEXIST' || code === 'ENOTDIR' ? 'it, or a part of its path, is a file' : fileErrorReason(error);
    throw new MayflyError('folder_not_empty', { path: dir, reason }, { cause: error });
  }
  throw new MayflyError('folder_not_empty', { path: dir, reason: 'there is something in it' });
}

function isToolchainThere({ probe }: Template): boolean {
  return spawnSync(probe, { shell: true, stdio: 'ignore', timeout: probeDeadlineMs }).status === 0;
}

const probeDeadlineMs = 5000;

function nextText(dir: string, name: string, template: Template): string {
  const steps = [`cd ${dir}`, ...template.steps, 'mayfly dev'];
  return `Began ${name} in ${dir}, from the template ${template.name}\n\nNext:\n${steps.map((step) => `  $ ${step}\n`).join('')}`;
}

function listText(templates: readonly Template[]): string {
  return table(templates.map(({ name, about }) => [name, about]));
}
