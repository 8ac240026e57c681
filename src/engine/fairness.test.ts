/** What one project can take from the others: turns, slots, places. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { functionName, mib, projectId } from '../base/mod.ts';
import { answer, guestBytes, specOf } from './engine-under-test.ts';
import { createEngine } from './engine.ts';
import type { LoadedFunction } from './types.ts';

describe('fairness between projects', () => {
  const engine = createEngine({ slotBytesMax: 64 * mib });
  after(() => engine.close());

  it('a call is served before the many calls of a project that has had more of the thread', async () => {
    const hog = await specOf(guestBytes('hog'), { cpuMs: 5, wallMs: 120_000 });
    const hogs: LoadedFunction[] = [];
    for (let index = 0; index < 20; index++)
      hogs.push(await engine.load({ ...hog, project: projectId('greedy'), name: functionName(`hog-${index}`) }));
    const neighbour = await engine.load({ ...(await specOf(guestBytes('env'))), project: projectId('neighbour') });
    const ended: string[] = [];
    const all = hogs.flatMap((each) =>
      Array.from({ length: 10 }, () => answer(each, '/?empty').then((text) => ended.push(text))),
    );
    for (let call = 0; call < 10; call++) {
      assert.match(await answer(neighbour, '/'), /REQUEST_METHOD=GET/);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Each of the hogs takes 5 ms, and each of the neighbour's calls waits for a slice or two.
    const served = ended.filter((text) => text === 'cpu_limit').length;
    assert.ok(served < 100, `${served} of the hogs were served before ten calls of the neighbour`);
    await Promise.all(all);
    assert.ok(ended.every((text) => text === 'cpu_limit' || text === 'overloaded'));
  });

  it('room that guests grew into is there again, however they ended', async () => {
    const limits = { memoryBytes: 16 * mib, cpuMs: 60_000 };
    const spec = await specOf(guestBytes('grower'), limits);
    const grower = await engine.load({ ...spec, project: projectId('grower') });
    const grownBy = async (target: LoadedFunction): Promise<number> =>
      Number(/grown=(\d+) /.exec(await answer(target, '/?step=1'))?.[1]);
    const first = await grownBy(grower);
    for (let round = 0; round < 20; round++) {
      await Promise.all(['abort', 'exit', 'trap'].map((then) => answer(grower, `/?max=64&then=${then}`)));
    }
    assert.equal(await grownBy(grower), first);
    await grower.close();
    const next = await engine.load({ ...spec, project: projectId('next') });
    assert.equal(await grownBy(next), first);
  });
});
