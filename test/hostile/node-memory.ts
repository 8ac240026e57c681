/** What the processes of a node have resident. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes resident of each process; 0 for one that is gone. Linux alone tells. */
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
