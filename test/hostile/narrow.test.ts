/** An engine on a machine whose processes have few addresses, as those of an ARM gateway have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import type { NarrowReport } from './narrow-engine.ts';

/** Room for about 75 memories. */
const addressKib = 640_000_000;

/** What a shell on this machine cannot do. */
const skip = process.platform === 'linux' ? false : 'only Linux limits the addresses of a process';

function count(ends: readonly string[], which: string): number {
  return ends.filter((end) => end === which).length;
}

it('serves more functions than it has room for, and refuses as overloaded what it has none for', { skip }, () => {
  const script = join(import.meta.dirname, 'narrow-engine.ts');
  const command = `ulimit -v ${addressKib}; exec "$0" "$1"`;
  const output = execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8', timeout: 120_000 });
  // Printed by narrow-engine.ts.
  const { inTurn, atOnce, afterwards } = JSON.parse(output) as NarrowReport;
  assert.equal(count(inTurn, '200'), inTurn.length, 'idle slots of the others are given up');
  assert.ok(count(atOnce, '200') > 10, `${count(atOnce, '200')} are served`);
  assert.ok(count(atOnce, 'overloaded') > 10, `${count(atOnce, 'overloaded')} are refused`);
  assert.equal(count(atOnce, '200') + count(atOnce, 'overloaded'), atOnce.length);
  assert.equal(count(afterwards, '200'), afterwards.length);
});
