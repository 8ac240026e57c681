import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEngine } from './engine.ts';
import { answer, guestBytes, specOf } from './engine-under-test.ts';
import type { Engine } from './types.ts';

setFlagsFromString('--expose-gc');
// It is a function of V8's own, which takes nothing.
const collect = runInNewContext('gc') as () => void;

/** Serves a function once, for each of these ways to end, and lets go of it. */
async function serveAndForget(engine: Engine): Promise<WeakRef<object>> {
  const loaded = await engine.load(await specOf(guestBytes('canary')));
  for (const ending of ['return', 'trap', 'exit', 'return']) await answer(loaded, `/?then=${ending}`);
  await loaded.close();
  return new WeakRef(loaded);
}

test('nothing stays of a function that is closed: a parked stack would hold its slot and its memory', async () => {
  const engine = createEngine();
  const forgotten = await serveAndForget(engine);
  for (let round = 0; round < 10 && forgotten.deref() !== undefined; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.equal(forgotten.deref(), undefined);
  await engine.close();
});
