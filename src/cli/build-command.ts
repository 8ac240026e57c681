import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import path from 'node:path';
import { MayflyError } from '../base/mod.ts';
import type { FunctionBuild } from '../config/mod.ts';

/** What a build that was told to stop has to do so before it is killed. */
const stopGraceMs = 2000;

/** A build command that runs. */
export interface RunningBuild {
  /**
   * When it has ended well.
   * @throws MayflyError build_failed
   */
  readonly done: Promise<void>;
  /** Ends it, and all that it has started. Resolves when it is gone; `done` rejects. */
  stop(): Promise<void>;
}

/**
 * Runs a function's build command in its folder. What it prints goes to this process's stderr as it comes, in its own colours.
 *
 * It is a process group of its own: a shell that is killed would leave the compiler that it has started, and that would write its
 * artifact over the next one's.
 */
export function startBuild(name: string, build: FunctionBuild): RunningBuild {
  const { command, folder } = build;
  const isWindows = process.platform === 'win32';
  const stdio: StdioOptions = ['ignore', process.stderr, process.stderr];
  const options = { cwd: folder, env: buildEnv(folder), stdio };
  const child = isWindows
    ? spawn(command, { ...options, shell: true })
    : spawn('/bin/sh', ['-c', command], { ...options, detached: true });
  const kill = (signal: NodeJS.Signals): void => killGroup(child, isWindows, signal);
  // Whoever ends this process ends its build.
  const onExit = (): void => kill('SIGKILL');
  process.once('exit', onExit);
  const ended = Promise.withResolvers<string | undefined>();
  child.once('error', (error) => ended.resolve(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => ended.resolve(endText(code, signal)));
  const gone = ended.promise.finally(() => process.off('exit', onExit));
  const succeed = async (): Promise<void> => {
    const reason = await gone;
    if (reason !== undefined)
      throw new MayflyError('build_failed', { name, command, reason, ...hintOf(child.exitCode) });
  };
  return {
    done: succeed(),
    stop: async () => {
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), stopGraceMs);
      await gone;
      clearTimeout(timer);
      // What it has left behind goes, too.
      kill('SIGKILL');
    },
  };
}

/** Programs that the folder's own packages bring, such as asc, are found as npm's scripts find them. */
function buildEnv(folder: string): NodeJS.ProcessEnv {
  const own = path.resolve(folder, 'node_modules', '.bin');
  return { ...process.env, PATH: [own, process.env['PATH']].join(path.delimiter) };
}

function killGroup(child: ChildProcess, isWindows: boolean, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // There is nothing left of it.
  }
}

/** @returns undefined when it ended well */
function endText(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (code === 0) return undefined;
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/** What a shell says of a program that is not there: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02 */
function hintOf(code: number | null): { hint?: string } {
  return code === 127 || code === 126
    ? { hint: 'A program of it is not there: install its toolchain, README.md beside the manifest may say which' }
    : {};
}
