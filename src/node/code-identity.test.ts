import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { codeIdentity } from './code-identity.ts';

test('codeIdentity changes when code does, and not when something else does', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-code-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node'));
  const file = path.join(folder, 'node', 'worker.js');
  writeFileSync(file, 'a');
  utimesSync(file, 1, 1);
  const first = codeIdentity(folder);
  writeFileSync(path.join(folder, 'node', 'worker.test.ts'), 'test');
  writeFileSync(path.join(folder, 'README.md'), 'text');
  assert.equal(codeIdentity(folder), first);
  // Of the same size.
  writeFileSync(file, 'b');
  const second = codeIdentity(folder);
  assert.notEqual(second, first);
  rmSync(file);
  assert.notEqual(codeIdentity(folder), second);
});

test('codeIdentity of the same code is the same', () => {
  assert.equal(codeIdentity(), codeIdentity());
});
