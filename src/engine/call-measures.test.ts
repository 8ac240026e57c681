import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionName, projectId } from '../base/mod.ts';
import { createEngine } from './engine.ts';
import { answer, guestBytes, loadGuest, specOf } from './engine-under-test.ts';

test('CallMeasures counts what each call took and how it ended', async (t) => {
  const engine = createEngine();
  t.after(() => engine.close());
  const loaded = await loadGuest(engine, 'crash', { cpuMs: 20 });
  for (const url of ['/?status-only', '/?abort', '/?silent', '/?garbage', '/%ff']) await answer(loaded, url);
  const { measures } = loaded;
  const each = { ok: 1, guest_trap: 1, no_response: 1, bad_guest_response: 1, bad_request: 1 };
  assert.deepEqual(Object.fromEntries(measures.outcomes()), each);
  // The one that was refused never had a guest.
  for (const step of ['start', 'queue', 'guest', 'rewind'] as const) assert.equal(measures[step].count, 4, step);
  assert.ok(measures.cpuMs > 0 && measures.cpuMs <= measures.guest.sumMs + 1);
});

test('CallMeasures of a hog has all of its CPU time', async (t) => {
  const engine = createEngine();
  t.after(() => engine.close());
  const hog = await loadGuest(engine, 'hog', { cpuMs: 20 });
  assert.equal(await answer(hog, '/?empty'), 'cpu_limit');
  assert.equal(hog.measures.outcomes().get('cpu_limit'), 1);
  assert.ok(hog.measures.cpuMs >= 20, `${hog.measures.cpuMs} ms`);
});

test('CallMeasures of a project has those of all its functions, also of closed ones, and of no other project', async (t) => {
  const engine = createEngine();
  t.after(() => engine.close());
  const spec = await specOf(guestBytes('env'));
  const loaded = await Promise.all(
    (['a', 'b', 'a'] as const).map((project, at) =>
      engine.load({ ...spec, project: projectId(project), name: functionName(`f${at}`) }),
    ),
  );
  for (const one of loaded) await answer(one, '/');
  await loaded[0]?.close();
  const counts = [...engine.measures()].map(([project, measures]) => [project, measures.outcomes().get('ok')]);
  assert.deepEqual(Object.fromEntries(counts), { a: 2, b: 1 });
});

test('CallMeasures that are handed in go on counting', async (t) => {
  const engine = createEngine();
  t.after(() => engine.close());
  const spec = await specOf(guestBytes('env'));
  const first = await engine.load(spec);
  await answer(first, '/');
  await first.close();
  const second = await engine.load({ ...spec, measures: first.measures });
  await answer(second, '/');
  assert.equal(second.measures.outcomes().get('ok'), 2);
  assert.equal(engine.measures().get(spec.project)?.outcomes().get('ok'), 2);
});
