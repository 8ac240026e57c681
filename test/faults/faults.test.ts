/** A short run of `npm run test:faults`: who is killed is given, and when is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canListProcesses } from '../support/node-processes.ts';
import { FaultRun, Victim } from './fault-run.ts';

const skip = canListProcesses ? false : 'needs /proc to find the processes of a node';

for (const changedBy of ['restarts', 'deploys'] as const)
  test(
    `a node survives that any of its processes is killed while ${changedBy} change what it serves`,
    { skip },
    async (t) => {
      const run = new FaultRun(t, 1, changedBy);
      for (const victim of [Victim.worker, Victim.supervisor, Victim.builder, Victim.everybody]) {
        const report = await run.round(victim);
        assert.deepEqual(report.problems, [], `when ${victim} was killed`);
        assert.ok(report.answered > 0);
      }
      assert.deepEqual(await run.end(), []);
    },
  );
