import { join } from 'node:path';
import type { GroupResult, LoadPlan } from './load-plan.ts';
import { collectOutput, type Core, startPinned } from './pinned.ts';

const program = join(import.meta.dirname, 'load-main.ts');

/** Runs a plan from a process of its own, on a core of its own where there is one. @returns a result for each group */
export async function runLoad(plan: LoadPlan, core: Core): Promise<GroupResult[]> {
  const child = startPinned(process.execPath, [program, JSON.stringify(plan)], core);
  // Nothing but load-main.ts prints there.
  return JSON.parse(await collectOutput(child)) as GroupResult[];
}
