/**
 * Writes to a store as fast as it can, and says on stdout what was acknowledged, until it is killed: `RECORDS-FILE BLOBS-FOLDER`.
 */
import { digestOf } from '../../src/base/mod.ts';
import { writeSync } from 'node:fs';
import type { JsonValue } from '../../src/storage/mod.ts';
import { FileBlobs } from '../../src/storage/files/mod.ts';
import { SqliteRecords } from '../../src/storage/sqlite/mod.ts';

const [recordsFile = '', blobsFolder = ''] = process.argv.slice(2);
const records = await SqliteRecords.open(recordsFile);
const blobs = await FileBlobs.open(blobsFolder);

/** Written at once: what is still in a pipe of this process when it is killed would be lost. */
function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function writeRecords(): Promise<void> {
  for (let count = 0; ; count++) {
    const key = `k/${count % 50}`;
    const value: JsonValue = { count, filler: 'x'.repeat(count % 5000) };
    say({ begun: key, count });
    if (count % 7 === 3) {
      await records.delete(key, 'any');
      say({ deleted: key, count });
    } else {
      const revision = await records.put(key, value, 'any');
      say({ put: key, count, revision });
    }
    if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function writeBlobs(): Promise<void> {
  for (let count = 0; ; count++) {
    const bytes = Buffer.alloc(50_000 + count, count);
    const digest = digestOf(bytes);
    await blobs.put(digest, bytes, bytes.byteLength);
    say({ blob: digest });
  }
}

await Promise.all([writeRecords(), writeBlobs()]);
