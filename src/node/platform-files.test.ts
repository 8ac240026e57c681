/** The files that a node keeps beside its records. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openControl } from '../../test/support/control-under-test.ts';
import { temporaryFolder } from '../../test/support/node-under-test.ts';
import { isMayflyError } from '../base/mod.ts';
import { readNodeKey } from './node-key.ts';
import { ensureOperatorToken } from './operator-token.ts';

const unusable = (error: unknown): boolean => isMayflyError(error, 'data_dir_unusable');

test('readNodeKey makes a key once, for its user alone', async (t) => {
  const file = path.join(temporaryFolder(t), 'node.key');
  const first = await readNodeKey(file);
  assert.deepEqual([first.origin, first.key.byteLength], ['new', 32]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const second = await readNodeKey(file);
  assert.equal(second.origin, 'kept');
  assert.deepEqual(Buffer.from(second.key), Buffer.from(first.key));
});

test('readNodeKey takes nothing else for a key, and overwrites nothing', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'node.key');
  for (const text of ['', 'a'.repeat(63), 'g'.repeat(64), 'A'.repeat(64), `${'a'.repeat(64)}\n\n`, 'a'.repeat(65)]) {
    writeFileSync(file, text);
    await assert.rejects(readNodeKey(file), unusable);
    assert.equal(readFileSync(file, 'utf8'), text);
  }
  await assert.rejects(readNodeKey(folder), unusable);
  await assert.rejects(readNodeKey(path.join(folder, 'none', 'node.key')), unusable);
});

test('ensureOperatorToken keeps a token that is good for everything, and replaces any other', async (t) => {
  const file = path.join(temporaryFolder(t), 'admin-token');
  const { plane } = await openControl();
  const token = await ensureOperatorToken(plane, file);
  assert.equal(readFileSync(file, 'utf8'), `${token}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(await ensureOperatorToken(plane, file), undefined);
  const weak = await plane.tokens.create(
    { name: 'ci', project: '*', scopes: ['deploy'] },
    (await plane.tokens.authenticate(token ?? '')) ?? assert.fail(),
  );
  for (const text of [weak.text, 'mfy_wrong', '']) {
    writeFileSync(file, `${text}\n`);
    const another = await ensureOperatorToken(plane, file);
    assert.ok(another !== undefined && another !== token);
    assert.deepEqual((await plane.tokens.authenticate(readFileSync(file, 'utf8').trim()))?.scopes, ['admin']);
  }
});
