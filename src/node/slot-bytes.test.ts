import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { mib } from '../base/mod.ts';
import { slotBytesFor, usableMemoryBytes } from './slot-bytes.ts';

const gib = 1024 * mib;

test('slotBytesFor shares half of the memory between the workers, within bounds', () => {
  const cases: readonly (readonly [memoryBytes: number, workers: number, wanted: number])[] = [
    [1 * gib, 4, 128 * mib],
    [2 * gib, 1, 1 * gib],
    [64 * gib, 64, 512 * mib],
    // A worker's other memory grows with its slots.
    [1024 * gib, 8, 2 * gib],
    // Less would serve nobody.
    [256 * mib, 16, 64 * mib],
  ];
  for (const [memoryBytes, workers, wanted] of cases)
    assert.equal(slotBytesFor(workers, memoryBytes), wanted, `${memoryBytes} bytes, ${workers} workers`);
});

test('usableMemoryBytes is no more than the machine has', () => {
  assert.ok(usableMemoryBytes() > 0 && usableMemoryBytes() <= totalmem());
});
