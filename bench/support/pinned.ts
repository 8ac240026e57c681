import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The core a process is held to; undefined where that cannot be had. */
export type Core = number | undefined;

/** Whether processes can be held to a core here. */
export const canPin: boolean = spawnSync('taskset', ['-V']).status === 0 && availableParallelism() > 1;

/** The core of what is measured, and the one of what measures it. */
export const serverCore: Core = canPin ? 0 : undefined;
export const generatorCore: Core = canPin ? 1 : undefined;

/** A process that was started here. */
export interface PinnedProcess {
  readonly child: ChildProcess;
  /** The end of what it has said on stderr. */
  lastWords(): string;
}

const lastWordsMax = 4096;

/** Starts a process, held to `core`. */
export function startPinned(command: string, args: readonly string[], core: Core): PinnedProcess {
  const [file, ...rest] = core === undefined ? [command, ...args] : ['taskset', '-c', String(core), command, ...args];
  const child = spawn(file ?? command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-lastWordsMax)));
  return { child, lastWords: () => said };
}

/** All that a process prints until it ends. @throws Error when it fails */
export async function collectOutput(started: PinnedProcess): Promise<string> {
  const { child } = started;
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  // The arguments of ChildProcess's close event.
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with exit code ${code}:\n${started.lastWords()}`);
  return output;
}

/** CPU time of processes with all their threads, ms; NaN where the system does not tell. */
export function totalCpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
}

function cpuMs(pid: number): number {
  try {
    const tasks = `/proc/${pid}/task`;
    const nanoseconds = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** What a process has of memory, bytes; NaN where the system does not tell. */
export function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
