import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestOf, isMayflyError } from '../base/mod.ts';
import { ImageStore, readImage, shareImage } from './image-store.ts';

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
