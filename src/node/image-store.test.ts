import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { TestClock } from '../../test/support/control-under-test.ts';
import { type Digest, digestOf, isMayflyError } from '../base/mod.ts';
import { ImageStore, Notes, readImage, shareImage } from './image-store.ts';
import { imageUnusedMs } from './limits.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'mayfly-store-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('ImageStore keeps an image under its digest, for its user alone', async (t) => {
  const dataDir = path.join(folder(t), 'new', 'data');
  const store = await ImageStore.open(dataDir);
  const bytes = Buffer.from('an image');
  const digest = await store.put(bytes);
  assert.equal(digest, digestOf(bytes));
  assert.deepEqual(Buffer.from(await readImage(store.imagesFolder, digest)), bytes);
  assert.deepEqual(readdirSync(store.imagesFolder), [`${digest.slice('sha256:'.length)}.image`]);
  assert.equal(statSync(store.imagesFolder).mode & 0o077, 0);
});

test('ImageStore.prepared gives what was noted, only while the image is whole', async (t) => {
  const store = await ImageStore.open(folder(t));
  const digest = await store.put(Buffer.from('an image'));
  assert.equal(await store.prepared('key'), undefined);
  await store.notePrepared('key', { digest, kind: 'WASI command' });
  assert.deepEqual(await store.prepared('key'), { digest, kind: 'WASI command' });
  writeFileSync(path.join(store.imagesFolder, `${digest.slice('sha256:'.length)}.image`), 'another');
  assert.equal(await store.prepared('key'), undefined);
  await store.put(Buffer.from('an image'));
  assert.deepEqual(await store.prepared('key'), { digest, kind: 'WASI command' });
});

test('readImage refuses other content than was asked for, and none', async (t) => {
  const store = await ImageStore.open(folder(t));
  const digest = await store.put(Buffer.from('an image'));
  writeFileSync(path.join(store.imagesFolder, `${digest.slice('sha256:'.length)}.image`), 'another');
  await assert.rejects(readImage(store.imagesFolder, digest), (error) => isMayflyError(error, 'image_corrupt'));
  await assert.rejects(readImage(store.imagesFolder, digestOf(Buffer.from('x'))), (error) =>
    isMayflyError(error, 'image_corrupt'),
  );
});

test('ImageStore.open refuses a folder that cannot be one', async (t) => {
  const file = path.join(folder(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(ImageStore.open(file), (error) => isMayflyError(error, 'data_dir_unusable'));
});

test('two stores share a folder', async (t) => {
  const shared = folder(t);
  const [first, second] = await Promise.all([ImageStore.open(shared), ImageStore.open(shared)]);
  const digests = await Promise.all([first.put(Buffer.from('same')), second.put(Buffer.from('same'))]);
  assert.equal(digests[0], digests[1]);
  assert.equal(readdirSync(first.imagesFolder).length, 1);
});

test('shareImage makes an image readable in another folder, once or again, and no image that is not there', async (t) => {
  const store = await ImageStore.open(folder(t));
  const other = folder(t);
  const digest = await store.put(Buffer.from('an image'));
  await shareImage(store.imagesFolder, other, digest);
  await shareImage(store.imagesFolder, other, digest);
  assert.equal(Buffer.from(await readImage(other, digest)).toString(), 'an image');
  const missing = digestOf(Buffer.from('no image'));
  await assert.rejects(shareImage(store.imagesFolder, other, missing), (error) =>
    isMayflyError(error, 'image_corrupt'),
  );
  assert.equal(readdirSync(other).length, 1);
});

/** A store of a node that takes deploys, with images that were made and asked for long ago. */
async function deployedStore(
  t: TestContext,
  keys: readonly string[],
): Promise<{
  readonly dataDir: string;
  readonly store: ImageStore;
  readonly clock: TestClock;
  readonly has: (text: string) => boolean;
}> {
  const dataDir = folder(t);
  const clock = new TestClock();
  const store = await ImageStore.open(dataDir, Notes.deployed, clock);
  for (const key of keys) await store.notePrepared(key, { digest: await store.put(Buffer.from(key)), kind: '' });
  age(store);
  clock.nowMs += imageUnusedMs;
  return { dataDir, store, clock, has: (text) => existsSync(fileOf(store, digestOf(Buffer.from(text)))) };
}

function fileOf(store: ImageStore, digest: Digest): string {
  return path.join(store.imagesFolder, `${digest.slice('sha256:'.length)}.image`);
}

function age(store: ImageStore): void {
  for (const name of readdirSync(store.imagesFolder)) utimesSync(path.join(store.imagesFolder, name), 0, 0);
}

test('ImageStore.sweep removes the images that nobody keeps', async (t) => {
  const { store, dataDir, has } = await deployedStore(t, ['kept', 'dropped']);
  assert.equal(await store.sweep(new Set(['kept'])), 1);
  assert.deepEqual([has('kept'), has('dropped')], [true, false]);
  assert.deepEqual(readdirSync(path.join(dataDir, 'deployed')), ['kept']);
  assert.equal(await store.prepared('dropped'), undefined);
  assert.equal(await store.sweep(new Set(['kept'])), 0);
});

test('ImageStore.sweep leaves what was made or asked for of late: a deploy may be about to load it', async (t) => {
  const { store, clock, has } = await deployedStore(t, ['asked', 'dropped']);
  await store.prepared('asked');
  await store.put(Buffer.from('being deployed'));
  age(store);
  await store.sweep(new Set());
  assert.deepEqual([has('asked'), has('being deployed'), has('dropped')], [true, true, false]);
  clock.nowMs += imageUnusedMs;
  await store.sweep(new Set());
  assert.deepEqual([has('asked'), has('being deployed')], [false, false]);
});

test('ImageStore.sweep leaves what is another node’s, or may be about to be', async (t) => {
  const { store, dataDir, has } = await deployedStore(t, ['same', 'dropped']);
  const other = await ImageStore.open(dataDir);
  const digest = await other.put(Buffer.from('same'));
  await other.notePrepared('its own', { digest, kind: '' });
  age(store);
  // Put by a process that has not come to its note yet.
  writeFileSync(path.join(store.imagesFolder, '.half'), 'x');
  await store.sweep(new Set());
  assert.deepEqual([has('same'), has('dropped')], [true, false]);
  assert.ok(existsSync(path.join(store.imagesFolder, '.half')));
  assert.notEqual(await other.prepared('its own'), undefined);
});

test('ImageStore.sweep goes on where a crash has ended it', async (t) => {
  const { store, dataDir, has } = await deployedStore(t, ['one', 'two']);
  // A note without its image, and an image without a note; what is left of a write goes as well.
  rmSync(path.join(dataDir, 'deployed/one'));
  rmSync(fileOf(store, digestOf(Buffer.from('two'))));
  writeFileSync(path.join(store.imagesFolder, '.temporary'), 'x');
  age(store);
  await store.sweep(new Set(['two']));
  assert.deepEqual([has('one'), readdirSync(store.imagesFolder)], [false, []]);
  assert.equal(await store.prepared('two'), undefined);
});
