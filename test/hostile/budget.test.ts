/** What a project's functions may have of memory together, attacked with an engine that has little. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { functionName, kib, mib, projectId } from '../../src/base/mod.ts';
import { defaultLimits } from '../../src/config/mod.ts';
import { buildImage, createEngine, type FunctionSpec, type LoadedFunction, send } from '../../src/engine/mod.ts';
import { hostileGuest } from './guests.ts';

const { bytes, attacks } = hostileGuest('memory');
const limits = { ...defaultLimits, memoryBytes: 16 * mib, cpuMs: 60_000 };

async function specOf(project: string): Promise<FunctionSpec> {
  const image = await buildImage(bytes, { memoryBytesMax: limits.memoryBytes });
  return { project: projectId(project), name: functionName('grower'), image: image.bytes, env: {}, limits };
}

/** What `attack` returns, a number of pages. */
async function pages(target: LoadedFunction, attack: string): Promise<number> {
  const { body } = await send(target, { url: `/?${attacks.indexOf(attack) + 1}` });
  return Number(/returned (\d+)/.exec(new TextDecoder().decode(body))?.[1]);
}

describe('slots that all grow at once', () => {
  const engine = createEngine({ slotBytesMax: 40 * mib });
  after(() => engine.close());

  it('have no more together than one project may, and another project finds room meanwhile', async () => {
    const greedy = await engine.load(await specOf('greedy'));
    const other = await engine.load(await specOf('other'));
    // Two small slots, so that neither has to wait for one.
    await Promise.all([1, 2].map(() => pages(greedy, 'hold')));
    const held = Promise.all([1, 2].map(() => pages(greedy, 'grow-all-and-hold')));
    const grown = await pages(other, 'grow-all');
    assert.ok(grown * 64 * kib >= 4 * mib, `the other project got ${grown} pages`);
    const all = (await held).reduce((sum, each) => sum + each, 0) * 64 * kib;
    assert.ok(all <= 0.8 * 40 * mib, `they have ${all} bytes together`);
  });

  it('leave their room to a project that comes once they are done', async () => {
    const late = await engine.load(await specOf('late'));
    const grown = await pages(late, 'grow-all');
    assert.ok(grown * 64 * kib >= 12 * mib, `it got ${grown} pages`);
  });
});

describe('a large image', () => {
  const engine = createEngine({ slotBytesMax: 200 * mib });
  after(() => engine.close());

  it('has calls wait while a slot is filled, serves them all, and others meanwhile', async () => {
    const large = hostileGuest('image-large');
    const own = { ...limits, memoryBytes: 32 * mib };
    const image = await buildImage(large.bytes, { memoryBytesMax: own.memoryBytes });
    const spec = { project: projectId('large'), name: functionName('large'), image: image.bytes, env: {}, limits: own };
    const target = await engine.load(spec);
    const small = await engine.load(await specOf('small'));
    const ended: string[] = [];
    const calls = Array.from({ length: 8 }, async () => {
      const { status } = await send(target, { url: `/?${large.attacks.indexOf('dirty-all') + 1}` });
      ended.push(`large ${status}`);
    });
    ended.push(`small ${await pages(small, 'grow-all')}`);
    await Promise.all(calls);
    assert.deepEqual(ended.toSorted(), [...Array.from({ length: 8 }, () => 'large 200'), 'small 256']);
  });
});
