import type { Command } from 'commander';
import { MayflyError } from '../../base/mod.ts';
import { readFileWithin } from '../../config/mod.ts';
import { connectToProject, type ProjectFlags, withProject } from '../admin-connection.ts';
import { type CommandContext, makeCommand } from '../command.ts';
import { printJson, printList, timeText } from '../listing.ts';

interface Flags extends ProjectFlags {
  readonly json?: true;
  readonly fromFile?: string;
}

/** Of a secret's value, as the admin API takes it. */
const valueBytesMax = 32_768;

/** `mayfly secrets`. A value never stands on a command line, where every user of the machine would see it. */
export function secretsCommand({ terminal }: CommandContext): Command {
  const list = withProject(
    makeCommand('list', 'List the secrets of a project, without their values', ['mayfly secrets list']),
  )
    .option('--json', 'print them as JSON')
    .action(async (flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      await printList(terminal, {
        list: (page) => client.listSecrets(project, page),
        columns: ['SECRET', 'SET'],
        row: ({ name, updatedAt }) => [name, timeText(updatedAt)],
        empty: `There is no secret in project ${project} yet. Set one: mayfly secrets set NAME < FILE`,
        json: flags.json,
      });
    });
  const set = withProject(
    makeCommand('set', 'Set a secret to what comes on stdin, or to what is in a file', [
      'mayfly secrets set API_KEY < key.txt',
      'pass show api-key | mayfly secrets set API_KEY',
      'mayfly secrets set TLS_KEY --from-file key.pem',
    ]),
  )
    .argument('<name>', 'the variable that functions see it as')
    .option('--from-file <file>', 'the file with the value, which is taken as it is')
    .option('--json', 'print what is known of it as JSON')
    .action(async (name: string, flags: Flags) => {
      const value = flags.fromFile === undefined ? await readStdin() : await readValueFile(flags.fromFile);
      const { client, project } = await connectToProject(flags, terminal);
      const secret = await client.putSecret(project, name, value);
      if (flags.json === true) printJson(terminal, secret);
      else terminal.print(`Set secret ${secret.name} of project ${project}\n`);
    });
  const remove = withProject(
    makeCommand('delete', 'Delete a secret that no function has in use', ['mayfly secrets delete API_KEY']),
  )
    .argument('<name>', 'the secret')
    .action(async (name: string, flags: Flags) => {
      const { client, project } = await connectToProject(flags, terminal);
      await client.deleteSecret(project, name);
      terminal.print(`Deleted secret ${name} of project ${project}\n`);
    });
  return makeCommand('secrets', 'List, set and delete secrets; values go in and never come out', [
    'mayfly secrets',
    'mayfly secrets set API_KEY < key.txt',
  ])
    .helpCommand(false)
    .addCommand(list, { isDefault: true })
    .addCommand(set)
    .addCommand(remove);
}

/** All of stdin; a line end that stands last is not part of it, as a terminal and `echo` add one. */
async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new MayflyError('bad_usage', {
      message: 'Cannot read the secret: stdin is a terminal, where it would be seen, a pipe or a file is wanted',
      hint: 'For example: mayfly secrets set API_KEY < key.txt, or --from-file key.txt',
    });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // stdin without an encoding yields buffers.
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > valueBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return readText(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

async function readValueFile(file: string): Promise<string> {
  return readText(await readFileWithin(file, { bytesMax: valueBytesMax }));
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MayflyError('bad_usage', {
      message: 'Cannot set the secret: its value is not UTF-8, text is wanted',
      hint: 'Encode bytes as base64 first',
    });
  }
}

function tooLarge(): MayflyError {
  return new MayflyError('bad_usage', {
    message: `Cannot set the secret: its value is too large, at most ${valueBytesMax} bytes are wanted`,
  });
}
