/** What the processes of a node have of the machine: memory, and how long they wait for a core. Linux alone tells. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes resident of each process; 0 for one that is gone. */
export function residentBytes(pids: readonly number[]): number[] {
  return pids.map((pid) => {
    try {
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
}

/** Waits until processes have no more than `wantedBytes` together, or `timeoutMs` is over. @returns what they have then */
export async function settled(pids: readonly number[], wantedBytes: number, timeoutMs: number): Promise<number[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const resident = residentBytes(pids);
    if (sum(resident) <= wantedBytes || performance.now() > deadline) return resident;
    await sleep(500);
  }
}

/** All of them together. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * How long the main threads of processes were ready to run and had no core, in milliseconds since they began: on a busy machine the
 * victim waits for that, whatever the node does. https://docs.kernel.org/scheduler/sched-stats.html
 */
export function coreWaitMs(pids: readonly number[]): number {
  return sum(
    pids.map((pid) => {
      try {
        return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1] ?? 0) / 1e6;
      } catch {
        return 0;
      }
    }),
  );
}
