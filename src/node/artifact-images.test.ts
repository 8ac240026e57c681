/** Who gets to have artifacts built, and in which order. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { TestClock } from '../../test/support/control-under-test.ts';
import { temporaryFolder, until } from '../../test/support/node-under-test.ts';
import { type Digest, digestOf, isMayflyError, type ProjectId } from '../base/mod.ts';
import { MemoryBlobs } from '../storage/memory/mod.ts';
import { ArtifactImages } from './artifact-images.ts';
import { ImageStore, Notes } from './image-store.ts';
import { ProjectTurns } from './project-turns.ts';

const limits = { memoryBytes: 1 << 20 };
const shop = 'shop' as ProjectId;
const bank = 'bank' as ProjectId;

/** Images that are built one at a time, each when `release` is called. */
async function imagesUnderTest(t: TestContext, waitingMax: number) {
  const store = await ImageStore.open(temporaryFolder(t), Notes.deployed);
  const blobs = new MemoryBlobs(new TestClock());
  const turns = new ProjectTurns('builds', { atOnceMax: 1, waitingMax });
  const built: string[] = [];
  let release = (): void => {};
  let asked = 0;
  const builders = {
    inTurn: <Result>(project: ProjectId, work: () => Promise<Result>) => {
      asked++;
      return turns.run(project, work);
    },
    build: async (artifact: Uint8Array) => {
      built.push(Buffer.from(artifact).toString());
      await new Promise<void>((resolve) => (release = resolve));
      const bytes = Buffer.from(`image of ${Buffer.from(artifact).toString()}`);
      return { bytes, digest: digestOf(bytes), kind: 'WASI command' };
    },
  };
  const images = new ArtifactImages(blobs, store, builders, 'version');
  const upload = async (text: string): Promise<Digest> => {
    const bytes = Buffer.from(text);
    await blobs.put(digestOf(bytes), one(bytes), 1000);
    return digestOf(bytes);
  };
  /** Lets all of them be built, once so many have asked for a turn. */
  const drain = async (all: readonly Promise<unknown>[], askedFor: number): Promise<void> => {
    await until(() => asked === askedFor, 'the turns');
    const timer = setInterval(() => release(), 1);
    await Promise.all(all).finally(() => clearInterval(timer));
  };
  return { images, built, upload, drain };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('a project that has much to build does not keep another waiting, and is told when it has too much', async (t) => {
  const { images, built, upload, drain } = await imagesUnderTest(t, 3);
  const names = ['s1', 's2', 's3', 's4', 's5', 's6'];
  const digests = await Promise.all(names.map(upload));
  const refusals: unknown[] = [];
  const all = digests.map((digest) =>
    images.prepare(digest, limits, shop).catch((error: unknown) => void refusals.push(error)),
  );
  const other = images.prepare(await upload('b1'), limits, bank);
  await drain([...all, other], 7);
  assert.equal(refusals.length, 2);
  assert.ok(refusals.every((error) => isMayflyError(error, 'busy') && error.status === 503));
  assert.ok(built.indexOf('b1') <= 2, built.join());
  // What is there waits for nobody's turn.
  const more = images.prepare(await upload('more'), limits, shop);
  assert.equal((await images.prepare(digestOf(Buffer.from('b1')), limits, bank)).kind, 'WASI command');
  await drain([more], 8);
});

test('one artifact that two projects want is built once, in the turn of either', async (t) => {
  const { images, built, upload, drain } = await imagesUnderTest(t, 10);
  const digests = await Promise.all(['s1', 's2', 'same'].map(upload));
  const all = digests.map((digest) => images.prepare(digest, limits, shop));
  const same = digests[2] ?? digestOf(Buffer.from(''));
  const twice = [images.prepare(same, limits, bank), images.prepare(same, limits, bank)];
  await drain([...all, ...twice], 4);
  assert.deepEqual(built.toSorted(), ['s1', 's2', 'same']);
  assert.deepEqual(await twice[0], await all[2]);
});
