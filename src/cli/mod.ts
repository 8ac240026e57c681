/**
 * The command line: each command in its own file under commands/. A command reads its flags, calls what does the work, and says what
 * came of it; every failure is told as what failed, why, and what to do.
 */
import { Command, CommanderError } from 'commander';
import { AdminProblem } from '../admin/mod.ts';
import { isMayflyError, MayflyError } from '../base/mod.ts';
import { packageVersion } from '../node/mod.ts';
import type { CommandContext } from './command.ts';
import { benchCommand } from './commands/bench.ts';
import { buildCommand } from './commands/build.ts';
import { devCommand } from './commands/dev.ts';
import { initCommand } from './commands/init.ts';
import { inspectCommand } from './commands/inspect.ts';
import { commandRunner } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { testCommand } from './commands/test.ts';
import { platformCommands } from './platform-commands.ts';
import { errorText, ExitCode, processTerminal, type Terminal } from './terminal.ts';

/**
 * Runs one command line, without the program's own name.
 * @returns the exit code: 0, 1 when it failed, 2 when the command line itself is wrong; `run` passes its command's through
 */
export async function runCli(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let exitCode: number = ExitCode.ok;
  const program = makeProgram({ terminal, exit: (code) => void (exitCode = code) });
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and the version were asked for, and are out already.
      if (error.exitCode === 0) return ExitCode.ok;
      terminal.say(errorText(usageError(error, args, program)));
      return ExitCode.badUsage;
    }
    if (error instanceof AdminProblem) {
      terminal.say(errorText(error));
      return ExitCode.failed;
    }
    if (!isMayflyError(error)) throw error;
    terminal.say(errorText(error));
    return usageCodes.has(error.code) ? ExitCode.badUsage : ExitCode.failed;
  }
}

/** What is wrong with the command line itself, not with what it is about. */
const usageCodes: ReadonlySet<string> = new Set(['bad_usage', 'bad_limit', 'unknown_limit']);

function makeProgram(context: CommandContext): Command {
  const program = new Command('mayfly')
    .description('A self-hosted edge serverless platform: every request gets a brand-new sandbox, in microseconds')
    .version(packageVersion, '-V, --version', 'Show the version')
    .helpOption('-h, --help', 'Show this')
    .helpCommand('help [command]', 'Show a command’s help')
    .addHelpText('after', '\nBegin with:\n  $ mayfly serve examples\n  $ mayfly help serve\n')
    // `run` passes on what stands behind its FILE.
    .enablePositionalOptions();
  for (const command of [
    serveCommand(context),
    commandRunner(context),
    inspectCommand(context),
    benchCommand(context),
    initCommand(context),
    devCommand(context),
    buildCommand(context),
    testCommand(context),
    ...platformCommands(context),
  ]) {
    program.addCommand(command);
  }
  for (const command of withSubcommands(program)) {
    command.exitOverride();
    // Errors are told by runCli alone.
    command.configureOutput({
      writeOut: (text) => context.terminal.print(text),
      writeErr: () => {},
      outputError: () => {},
    });
    command.showSuggestionAfterError(true);
  }
  return program;
}

/** A command, and all that stand below it. */
function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** `functions show` */
function nameWithin(command: Command, program: Command | undefined): string {
  const { parent } = command;
  return parent === null || parent === program ? command.name() : `${nameWithin(parent, program)} ${command.name()}`;
}

/** The help of every command, for the reference. */
export function commandManual(): { readonly name: string; readonly help: string }[] {
  const terminal: Terminal = { print: () => {}, say: () => {}, reader: 'program' };
  const [program, ...commands] = withSubcommands(makeProgram({ terminal, exit: () => {} }));
  return commands.map((command) => {
    // Help is as wide as the terminal; a page is not.
    command.configureOutput({ getOutHelpWidth: () => 100 });
    let after = '';
    command.configureOutput({ writeOut: (text) => (after += text) });
    command.outputHelp();
    return { name: nameWithin(command, program), help: after };
  });
}

/** Commander's own words, in the shape of all others. */
function usageError(error: CommanderError, args: readonly string[], program: Command): MayflyError {
  const [what = '', ...guess] = error.message.replace(/^error: /, '').split('\n');
  const names = ['mayfly'];
  let at: Command | undefined = program;
  for (const arg of args) {
    at = at.commands.find((each) => each.name() === arg);
    if (at === undefined) break;
    names.push(arg);
  }
  const command = names.join(' ');
  const suggestion = guess.join(' ').replace(/^\(|\)$/g, '');
  const hint = `${suggestion === '' ? '' : `${suggestion} `}See ${command} --help`;
  return new MayflyError('bad_usage', { message: `Cannot run ${command}: ${what}`, hint });
}
