import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { digestOf, type ErrorCode, isMayflyError, mib } from '../base/mod.ts';
import { buildInChild } from './builder.ts';
import { createLog, LogStyle } from './log.ts';
import { packageRoot } from './paths.ts';

const log = createLog(LogStyle.json, {});
log.level = 'silent';
const settings = { memoryBytesMax: 16 * mib };
const good = readFileSync(path.join(packageRoot, 'test/guests/env.wasm'));

test('buildInChild makes an image, the same one each time', async () => {
  const [first, second] = await Promise.all([
    buildInChild(good, settings, { log }),
    buildInChild(good, settings, { log }),
  ]);
  assert.equal(first.digest, digestOf(first.bytes));
  assert.equal(second.digest, first.digest);
});

const refused: readonly (readonly [name: string, artifact: Uint8Array, code: ErrorCode])[] = [
  ['text', Buffer.from('hello'), 'not_wasm'],
  ['a truncated module', good.subarray(0, 3000), 'malformed_module'],
];
for (const [name, artifact, code] of refused) {
  test(`buildInChild refuses ${name} with ${code}`, async () => {
    await assert.rejects(buildInChild(artifact, settings, { log }), (error) => isMayflyError(error, code));
  });
}

/** `(module (memory 1) (func $spin (loop (br 0))) (start $spin) (func (export "_start")))` */
const endless = Buffer.from(
  '0061736d0100000001040160000003030200000503010001070a01065f737461727400010801000a0c02070003400c000b0b02000b',
  'hex',
);

test('buildInChild gives up on an initialiser that does not end', async () => {
  const startMs = performance.now();
  await assert.rejects(buildInChild(endless, settings, { log, deadlineMs: 3000 }), (error) => {
    assert.ok(isMayflyError(error, 'builder_failed'), String(error));
    assert.match(error.message, /took longer than 3 s/);
    return true;
  });
  assert.ok(performance.now() - startMs < 6000);
});
