import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering } from '../../test/support/fake-function.ts';
import { functionName, isMayflyError, MayflyError, projectId } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import type { DeployedVersion } from './protocol.ts';
import type { VersionShelf } from './version-shelf.ts';
import { makeVersionShelf } from './version-shelf-under-test.ts';

function version(image: string, more: Partial<DeployedVersion> = {}): DeployedVersion {
  const digest = image as DeployedVersion['image'];
  return { project: projectId('p'), name: functionName('f'), image: digest, env: {}, limits: defaultLimits, ...more };
}

/** A shelf that notes what it loads and closes; images that begin with `bad` cannot be loaded. */
function make(): { shelf: VersionShelf; events: string[] } {
  const events: string[] = [];
  const shelf = makeVersionShelf(events, async (image) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (image.startsWith('bad')) throw new MayflyError('image_corrupt', { reason: image });
    return answering(image);
  });
  return { shelf, events };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('VersionShelf.hold loads a version once, however many hold it, and closes it when nobody does', async () => {
  const { shelf, events } = make();
  const [first, second] = await Promise.all([shelf.hold([version('a'), version('b')]), shelf.hold([version('b')])]);
  assert.equal(first.versions[1], second.versions[0]);
  assert.deepEqual(events.toSorted(), ['load a', 'load b']);
  first.release();
  await settle();
  assert.deepEqual(events.slice(2), ['close a']);
  const third = await shelf.hold([version('b'), version('b')]);
  assert.equal(third.versions.length, 2);
  second.release();
  await settle();
  assert.deepEqual(events.slice(3), []);
  third.release();
  await settle();
  assert.deepEqual(events.slice(3), ['close b']);
  await shelf.hold([version('b')]);
  assert.deepEqual(events.slice(4), ['load b']);
});

test('VersionShelf.hold tells versions apart by all that makes them differ to the engine', async () => {
  const { shelf, events } = make();
  await shelf.hold([
    version('a'),
    version('a', { env: { A: '1' } }),
    version('a', { limits: { ...defaultLimits, cpuMs: 1 } }),
    version('a', { name: functionName('g') }),
    version('a', { project: projectId('q') }),
  ]);
  assert.equal(events.length, 5);
});

test('VersionShelf.hold keeps nothing of a list with one that cannot be loaded, and tries that again', async () => {
  const { shelf, events } = make();
  const kept = await shelf.hold([version('a')]);
  const corrupt = (error: unknown): boolean => isMayflyError(error, 'image_corrupt');
  await assert.rejects(shelf.hold([version('a'), version('b'), version('bad')]), corrupt);
  await settle();
  assert.deepEqual(events, ['load a', 'load b', 'load bad', 'close b']);
  await assert.rejects(shelf.hold([version('bad')]), corrupt);
  assert.equal(events.filter((event) => event === 'load bad').length, 2);
  kept.release();
  await settle();
  assert.equal(events.at(-1), 'close a');
});
