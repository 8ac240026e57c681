import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import { FailureLog } from './failure-log.ts';
import type { FunctionLine } from './function-log.ts';
import { failureLinesPerSecond } from './limits.ts';
import { createLog, LogStyle } from './log.ts';

test('FailureLog logs so many of a kind each second, and how many it did not', () => {
  let now = 0;
  const lines: { readonly level: string; readonly fields: object }[] = [];
  const log = createLog(LogStyle.json, {});
  log.warn = (fields: object) => lines.push({ level: 'warn', fields });
  log.error = (fields: object) => lines.push({ level: 'error', fields });
  const said: FunctionLine[] = [];
  const failures = new FailureLog(
    log,
    { push: (line) => said.push(line) },
    { monotonicMs: () => now, wallMs: () => now },
  );
  const name = { project: 'default' as ProjectId, name: 'f' as FunctionName };
  const trap = new MayflyError('guest_trap', { reason: 'trapped' });
  for (let count = 0; count < 100; count++) failures.failed(name, trap);
  assert.equal(lines.length, failureLinesPerSecond);
  assert.equal(said.length, failureLinesPerSecond);
  assert.equal(said[0]?.code, 'guest_trap');
  assert.deepEqual(lines[0], { level: 'warn', fields: { function: 'f', project: 'default', code: 'guest_trap' } });
  failures.failed(name, new MayflyError('internal', {}));
  assert.equal(lines.at(-1)?.level, 'error');
  now += 1000;
  failures.failed(name, trap);
  assert.deepEqual(lines.at(-1)?.fields, {
    function: 'f',
    project: 'default',
    code: 'guest_trap',
    notLogged: 100 - failureLinesPerSecond,
  });
  assert.match(said.at(-1)?.text ?? '', new RegExp(`and ${100 - failureLinesPerSecond} more before`));
});
