import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Digest, digestOf, isMayflyError } from '../../src/base/mod.ts';
import type { Blobs } from '../../src/storage/mod.ts';

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;
const bytesMax = 4 * 1024 * 1024;

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** All digests there are. */
async function listed(blobs: Blobs): Promise<Digest[]> {
  const found: Digest[] = [];
  for await (const { digest } of blobs.list()) found.push(digest);
  return found.toSorted();
}

/** What every backend of Blobs promises. */
export function blobsCompliance(name: string, open: (t: TestContext) => Promise<Blobs>): void {
  test(`${name}: a blob is read as it was written, in one piece or in many`, async (t) => {
    const blobs = await open(t);
    const bytes = Buffer.from('one piece and many');
    const digest = digestOf(bytes);
    assert.equal(await blobs.has(digest), false);
    const before = Date.now();
    const info = await blobs.put(digest, chunks(bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3)), 100);
    assert.deepEqual([info.digest, info.sizeBytes], [digest, bytes.byteLength]);
    assert.ok(info.storedAtMs >= before - 1000);
    assert.ok(await blobs.has(digest));
    assert.deepEqual(Buffer.from(await blobs.get(digest)), bytes);
    const empty = digestOf(new Uint8Array());
    await blobs.put(empty, new Uint8Array(), 0);
    assert.equal((await blobs.get(empty)).byteLength, 0);
    assert.deepEqual(await listed(blobs), [digest, empty].toSorted());
  });

  test(`${name}: large blobs are kept, whatever is done with the memory they came in`, async (t) => {
    const blobs = await open(t);
    const chunk = Buffer.alloc(64 * 1024);
    const whole = Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.alloc(chunk.byteLength, index)));
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 40; index++) {
        chunk.fill(index);
        yield chunk;
      }
    }
    await blobs.put(digestOf(whole), reusing(), bytesMax);
    assert.ok(whole.equals(await blobs.get(digestOf(whole))));
  });

  test(`${name}: what is not as its digest says, too large, or cut short leaves nothing`, async (t) => {
    const blobs = await open(t);
    const bytes = Buffer.from('right');
    const digest = digestOf(bytes);
    await assert.rejects(blobs.put(digest, Buffer.from('wrong'), 100), code('blob_mismatch'));
    await assert.rejects(blobs.put(digest, chunks(bytes.subarray(0, 4)), 100), code('blob_mismatch'));
    await assert.rejects(blobs.put(digest, chunks(bytes), 4), code('blob_too_large'));
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 2);
      throw new RangeError('the client has gone');
    }
    await assert.rejects(blobs.put(digest, broken(), 100), RangeError);
    assert.equal(await blobs.has(digest), false);
    assert.deepEqual(await listed(blobs), []);
    await assert.rejects(blobs.get(digest), code('blob_missing'));
  });

  test(`${name}: who knows a digest still has to have the bytes`, async (t) => {
    const blobs = await open(t);
    const bytes = Buffer.from('somebody’s own');
    const digest = digestOf(bytes);
    await blobs.put(digest, bytes, 100);
    await assert.rejects(blobs.put(digest, Buffer.from('guess'), 100), code('blob_mismatch'));
    await blobs.put(digest, bytes, 100);
    assert.deepEqual(Buffer.from(await blobs.get(digest)), bytes);
    assert.deepEqual(await listed(blobs), [digest]);
  });

  test(`${name}: two puts of one blob at once are both right`, async (t) => {
    const blobs = await open(t);
    const bytes = Buffer.alloc(200_000, 7);
    const digest = digestOf(bytes);
    await Promise.all(Array.from({ length: 8 }, () => blobs.put(digest, chunks(bytes), bytesMax)));
    assert.ok(bytes.equals(await blobs.get(digest)));
    assert.deepEqual(await listed(blobs), [digest]);
  });

  test(`${name}: delete removes a blob, and one that is not there`, async (t) => {
    const blobs = await open(t);
    const bytes = Buffer.from('short-lived');
    const digest = digestOf(bytes);
    await blobs.put(digest, bytes, 100);
    await blobs.delete(digest);
    await blobs.delete(digest);
    assert.equal(await blobs.has(digest), false);
    await assert.rejects(blobs.get(digest), code('blob_missing'));
  });

  const noDigests = ['', 'sha256:', `sha256:${'g'.repeat(64)}`, `sha256:${'A'.repeat(64)}`, '../../etc/passwd'];
  for (const text of [...noDigests, `sha256:../${'a'.repeat(61)}`, `sha256:${'a'.repeat(64)}/..`]) {
    test(`${name}: ${JSON.stringify(text)} names no blob`, async (t) => {
      const blobs = await open(t);
      const digest = text as Digest;
      assert.equal(await blobs.has(digest), false);
      await assert.rejects(blobs.get(digest), code('blob_missing'));
      await assert.rejects(blobs.put(digest, Buffer.from('x'), 100));
      assert.deepEqual(await listed(blobs), []);
    });
  }
}
