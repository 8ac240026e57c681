import { totalmem } from 'node:os';
import { slotBytesLeast, slotBytesMost, slotBytesShare } from './limits.ts';

/** The memory that the processes of a node may use together: the machine's, or what a container leaves of it. */
export function usableMemoryBytes(): number {
  // 0, or more than there is, where nothing is laid down: https://nodejs.org/api/process.html#processconstrainedmemory
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

/**
 * What the slots of one of `workers` may hold together. Processes have no way to lend each other memory: were each to count on more than
 * its part, the system would end one of them when several have much to do.
 */
export function slotBytesFor(workers: number, memoryBytes: number = usableMemoryBytes()): number {
  const part = Math.floor((memoryBytes * slotBytesShare) / Math.max(1, workers));
  return Math.min(slotBytesMost, Math.max(slotBytesLeast, part));
}
