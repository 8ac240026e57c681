/** Every backend of storage, and what it promises. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/base/mod.ts';
import { FileBlobs } from '../../src/storage/files/mod.ts';
import { MemoryBlobs, MemoryRecords } from '../../src/storage/memory/mod.ts';
import { SqliteRecords } from '../../src/storage/sqlite/mod.ts';
import { blobsCompliance } from './blobs.ts';
import { recordsCompliance } from './records.ts';

/** Gone after the test. */
function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'mayfly-storage-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

recordsCompliance('MemoryRecords', async (_t, bounds) => new MemoryRecords(bounds));
recordsCompliance('SqliteRecords', async (t, bounds) => {
  const records = await SqliteRecords.open(path.join(folder(t), 'control.sqlite'), bounds);
  t.after(() => records.close());
  return records;
});
blobsCompliance('MemoryBlobs', async () => new MemoryBlobs(systemClock));
blobsCompliance('FileBlobs', async (t) => FileBlobs.open(path.join(folder(t), 'artifacts')));
