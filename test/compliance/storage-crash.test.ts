/** What is left of a store whose process was killed in the middle of writing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { digestOf, isDigest, isMayflyError } from '../../src/base/mod.ts';
import { FileBlobs } from '../../src/storage/files/mod.ts';
import { SqliteRecords } from '../../src/storage/sqlite/mod.ts';
import { temporaryFolder } from '../support/node-under-test.ts';

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;

/** One line of storage-writer-main.ts. */
interface Said {
  readonly begun?: string;
  readonly put?: string;
  readonly deleted?: string;
  readonly blob?: string;
  readonly count: number;
  readonly revision?: number;
}

/** Lets the writer write until it has said `lines` lines, and kills it. @returns what it said */
async function writeAndKill(args: readonly string[], lines: number): Promise<Said[]> {
  const writer = path.join(import.meta.dirname, 'storage-writer-main.ts');
  const child = spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    seen += chunk.split('\n').length - 1;
    if (seen >= lines) child.kill('SIGKILL');
  });
  await once(child, 'close');
  // The last line may be cut.
  const whole = text.slice(0, text.lastIndexOf('\n')).split('\n');
  return whole.map((line) => JSON.parse(line) as Said);
}

test('a store that is killed again and again while it writes loses nothing that was acknowledged', async (t) => {
  const folder = temporaryFolder(t);
  const recordsFile = path.join(folder, 'control.sqlite');
  const blobsFolder = path.join(folder, 'artifacts');
  const expected = new Map<string, number | undefined>();
  const blobs = new Set<string>();
  let lastRevision = 0;
  for (const lines of [1, 37, 200, 411, 903]) {
    const said = await writeAndKill([recordsFile, blobsFolder], lines);
    // Of the write that was begun and not acknowledged, both outcomes are right.
    let open: Said | undefined;
    for (const line of said) {
      if (line.begun !== undefined) open = line;
      if (line.put !== undefined) expected.set(line.put, line.count);
      if (line.deleted !== undefined) expected.set(line.deleted, undefined);
      if (line.put !== undefined || line.deleted !== undefined) open = undefined;
      if (line.blob !== undefined) blobs.add(line.blob);
      lastRevision = Math.max(lastRevision, line.revision ?? 0);
    }
    const records = await SqliteRecords.open(recordsFile);
    for (const [key, count] of expected) {
      const found = (await records.get(key))?.value as { count: number } | undefined;
      const right = [count, ...(open?.begun === key ? [open.count, undefined] : [])];
      assert.ok(right.includes(found?.count), `${key} is ${found?.count}, ${right.join(' or ')} is wanted`);
      expected.set(key, found?.count);
    }
    if (open?.begun !== undefined && !expected.has(open.begun)) {
      const found = (await records.get(open.begun))?.value as { count: number } | undefined;
      expected.set(open.begun, found?.count);
    }
    assert.ok((await records.latest()) >= lastRevision, 'revisions go on');
    await records.close();

    const files = await FileBlobs.open(blobsFolder);
    for (const digest of blobs) {
      assert.ok(isDigest(digest));
      assert.equal(digestOf(await files.get(digest)), digest);
    }
    for (const name of readdirSync(blobsFolder)) assert.match(name, /^[0-9a-f]{64}$/, 'nothing half-written is left');
  }
});

test('SqliteRecords.open refuses a file that another process has, and one that is no database', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'control.sqlite');
  const first = await SqliteRecords.open(file);
  await first.put('a', 1, 'any');
  await assert.rejects(SqliteRecords.open(file), code('data_dir_in_use'));
  await first.close();
  const second = await SqliteRecords.open(file);
  assert.equal((await second.get('a'))?.value, 1);
  await second.close();

  const other = path.join(folder, 'other.sqlite');
  writeFileSync(other, 'this is no database, and long enough to be looked at as one. '.repeat(100));
  await assert.rejects(SqliteRecords.open(other), code('data_dir_unusable'));
  await assert.rejects(SqliteRecords.open(path.join(other, 'below')), code('data_dir_unusable'));
});

test('nobody but the owner can read what a store keeps', async (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  const records = await SqliteRecords.open(path.join(folder, 'data', 'control.sqlite'));
  t.after(() => records.close());
  const blobs = await FileBlobs.open(path.join(folder, 'data', 'artifacts'));
  const bytes = Buffer.from('a secret');
  await blobs.put(digestOf(bytes), bytes, 100);
  await records.put('a', 1, 'any');
  assert.equal(statSync(path.join(folder, 'data')).mode & 0o777, 0o700);
  for (const name of readdirSync(path.join(folder, 'data'), { recursive: true })) {
    const { mode } = statSync(path.join(folder, 'data', String(name)));
    assert.equal(mode & 0o077, 0, `${String(name)} is ${(mode & 0o777).toString(8)}`);
  }
});

test('FileBlobs.get takes a damaged file away, so that it can be sent again', async (t) => {
  const folder = temporaryFolder(t);
  const blobs = await FileBlobs.open(folder);
  const bytes = Buffer.from('whole');
  const digest = digestOf(bytes);
  await blobs.put(digest, bytes, 100);
  writeFileSync(path.join(folder, digest.slice('sha256:'.length)), 'dam');
  await assert.rejects(blobs.get(digest), code('blob_missing'));
  assert.equal(await blobs.has(digest), false);
  await blobs.put(digest, bytes, 100);
  assert.deepEqual(Buffer.from(await blobs.get(digest)), bytes);
});
