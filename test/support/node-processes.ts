import { readdirSync, readFileSync } from 'node:fs';

/** A process of a node, by what it does there. */
export interface NodeProcess {
  readonly pid: number;
  readonly role: 'supervisor' | 'worker' | 'builder';
}

/** Whether the system tells what processes there are. */
export const canListProcesses: boolean = process.platform === 'linux';

/** The processes that a node has started, at this moment; those that have ended and are only waited for are not among them. */
export function processesOf(guardianPid: number): NodeProcess[] {
  const children = Map.groupBy(allProcesses(), ({ parentPid }) => parentPid);
  const found: NodeProcess[] = [];
  const parents = [guardianPid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const { pid } of children.get(parent) ?? []) {
      parents.push(pid);
      const role = roleOf(pid);
      if (role !== undefined) found.push({ pid, role });
    }
  }
  return found;
}

/** The ids of the processes of one role. */
export function pidsOf(guardianPid: number, role: NodeProcess['role']): number[] {
  return processesOf(guardianPid)
    .filter((each) => each.role === role)
    .map(({ pid }) => pid);
}

/** Whether a process is there and has not ended. */
export function isAlive(pid: number): boolean {
  if (canListProcesses) return statOf(pid) !== undefined;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Stat {
  readonly pid: number;
  readonly parentPid: number;
}

function allProcesses(): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function statOf(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name in parentheses may have any character in it.
  const [state, parentPid] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === undefined || state === '' || state === 'Z' || state === 'X'
    ? undefined
    : { pid, parentPid: Number(parentPid) };
}

function roleOf(pid: number): NodeProcess['role'] | undefined {
  const match = /\b(supervisor|worker|builder)-main\.[tj]s/.exec(read(`/proc/${pid}/cmdline`));
  // The pattern has no other names.
  return match?.[1] as NodeProcess['role'] | undefined;
}

/** Empty when the process has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
