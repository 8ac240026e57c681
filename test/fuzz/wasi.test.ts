/** A short run of the fuzzer of preview1 calls with seeds that stay the same, and all that it ever found. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { p1Signatures } from '../../src/wasi/mod.ts';
import { Prng } from './prng.ts';
import { SessionMutator } from './wasi-mutate.ts';
import { makeMemory, tryPacked, WasiSlot } from './wasi-session.ts';
import { misfits } from './wasi-values.ts';

const regressions = join(import.meta.dirname, 'regressions');

describe('sessions with the preview1 host', () => {
  test('what the fuzzer found once', () => {
    for (const name of globSync('*.session', { cwd: regressions })) {
      assert.deepEqual(tryPacked(readFileSync(join(regressions, name))), [], name);
    }
  });

  test('the values of every call fit its parameters', () => assert.deepEqual(misfits(), []));

  test('never throw, never write outside, never tell one guest of another', () => {
    const mutator = new SessionMutator(new Prng(3));
    for (let round = 0; round < 1500; round++) assert.deepEqual(mutator.next().problems, [], `round ${round}`);
    assert.ok(mutator.ways > 1000, `${mutator.ways} ways`);
  });

  test('are told apart by what a guest is given, and go the same when that is the same', () => {
    const slot = new WasiSlot(makeMemory());
    const environGet = Uint8Array.from([[...p1Signatures.keys()].indexOf('environ_get'), 0, 0, 0, 1]);
    const first = slot.serve(environGet, 'one secret');
    assert.deepEqual(slot.serve(environGet, 'one secret'), first);
    assert.notDeepEqual(slot.serve(environGet, 'two secret'), first);
    assert.deepEqual(slot.problems, []);
  });
});
