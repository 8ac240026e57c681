import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryGiver, type ProcessMemory } from './give-back.ts';
import { giveBackAboveBytes, giveBackAgainMs, giveBackEveryMs, giveBackQuietMs } from './limits.ts';

/** A process that has so much in use, and so much besides. */
class FakeMemory implements ProcessMemory {
  usedBytes = 100_000_000;
  garbageBytes = 0;
  busy = 0;
  collections = 0;

  residentBytes(): number {
    return this.usedBytes + this.garbageBytes;
  }

  utilization(): number {
    return this.busy;
  }

  collect(): void {
    this.garbageBytes = 0;
    this.collections += 1;
  }
}

/** Checks as often as in so many milliseconds. */
function pass(giver: MemoryGiver, ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += giveBackEveryMs) giver.check();
}

test('MemoryGiver collects what a burst has left, once it has been quiet for a while', () => {
  const memory = new FakeMemory();
  const giver = new MemoryGiver(memory);
  pass(giver, giveBackQuietMs);
  memory.garbageBytes = giveBackAboveBytes + 1;
  memory.busy = 0.9;
  giver.check();
  assert.equal(memory.collections, 0, 'not while it is busy');
  memory.busy = 0.01;
  pass(giver, giveBackQuietMs - giveBackEveryMs);
  assert.equal(memory.collections, 0, 'nor in a short pause');
  giver.check();
  assert.equal(memory.collections, 1);
});

test('MemoryGiver collects once more after a while, and then no more', () => {
  const memory = new FakeMemory();
  const giver = new MemoryGiver(memory);
  giver.check();
  memory.garbageBytes = giveBackAboveBytes + 1;
  pass(giver, 2 * giveBackAgainMs + giveBackQuietMs);
  assert.equal(memory.collections, 2);
});

test('MemoryGiver leaves alone what grows and is in use', () => {
  const memory = new FakeMemory();
  const giver = new MemoryGiver(memory);
  giver.check();
  memory.usedBytes += 10 * giveBackAboveBytes;
  for (let count = 0; count < 100; count++) giver.check();
  assert.equal(memory.collections, 2);
});

test('MemoryGiver does nothing where there is nothing to give', () => {
  const memory = new FakeMemory();
  const giver = new MemoryGiver(memory);
  for (let count = 0; count < 100; count++) {
    memory.garbageBytes = (count % 2) * (giveBackAboveBytes - 1);
    giver.check();
  }
  assert.equal(memory.collections, 0);
});
