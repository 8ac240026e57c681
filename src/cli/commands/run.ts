import path from 'node:path';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { MayflyError } from '../../base/mod.ts';
import { parseEnv } from '../../config/mod.ts';
import type { MountedFolder } from '../../engine/mod.ts';
import { collect, type CommandContext, loadEngine, makeCommand, readArtifactFile } from '../command.ts';
import { ReadableInput, WritableOutput } from '../stdio.ts';

interface RunFlags {
  readonly env?: readonly string[];
  readonly dir?: readonly string[];
}

export function commandRunner({ exit }: CommandContext): Command {
  return (
    makeCommand('run', 'Run a WASI command once: stdin, stdout, stderr and the exit code pass through', [
      'mayfly run tool.wasm --flag-of-the-tool input.txt',
      'echo hello | mayfly run cat.wasm',
      'mayfly run --dir ./data::/data --env LEVEL=9 zip.wasm /data',
    ])
      .argument('<file>', 'the command, a .wasm file')
      .argument('[args...]', 'its arguments')
      .option('--env <k=v>', 'a variable; can be repeated', collect)
      .option(
        '--dir <host[::guest]>',
        'load a folder into the command’s own memory; what it writes there is discarded',
        collect,
      )
      // Whatever stands after FILE is the command's own, also what looks like an option.
      .passThroughOptions()
      .action(async (file: string, args: string[], flags: RunFlags) => exit(await run(file, args, flags)))
  );
}

async function run(file: string, args: readonly string[], flags: RunFlags): Promise<number> {
  const env = parseEnv(flags.env ?? []);
  const folders = (flags.dir ?? []).map(parseFolder);
  const artifact = await readArtifactFile(file);
  const { runCommand } = await loadEngine();
  // As a shell's pipe does it: a command whose output nobody reads any more ends.
  const endQuietly = (): never => process.exit(128 + 13);
  const stdin = new ReadableInput(process.stdin);
  const stdout = new WritableOutput(process.stdout, endQuietly);
  const stderr = new WritableOutput(process.stderr, endQuietly);
  try {
    const streams = { stdin, stdout, stderr, terminals: terminals() };
    return await runCommand({ artifact, args: [path.basename(file), ...args], env, folders, ...streams });
  } finally {
    stdin.close();
    await Promise.all([stdout.flush(), stderr.flush()]);
  }
}

/** Which of the three streams are a terminal: C programs then write line by line. */
function terminals(): (0 | 1 | 2)[] {
  return ([0, 1, 2] as const).filter((fd) => isatty(fd));
}

/** `HOST[::GUEST]`; the guest sees it under the same name when that is all that is given. @throws MayflyError bad_usage */
export function parseFolder(text: string): MountedFolder {
  const [hostPath = '', guestPath = hostPath, ...rest] = text.split('::');
  if (hostPath === '' || guestPath === '' || rest.length > 0) {
    throw new MayflyError('bad_usage', {
      message: `Cannot load the folder ${text}: HOST or HOST::GUEST is wanted`,
      hint: 'For example --dir ./data or --dir ./data::/data',
    });
  }
  return { hostPath, guestPath };
}
