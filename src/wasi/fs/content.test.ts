import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Budget } from './budget.ts';
import { chunkBytes, Content } from './content.ts';

type Step =
  | { kind: 'write'; position: number; bytes: Uint8Array }
  | { kind: 'resize'; size: number }
  | { kind: 'allocate'; position: number; length: number };

const near = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: chunkBytes - 100, max: chunkBytes + 100 }),
  fc.integer({ min: 3 * chunkBytes - 20, max: 3 * chunkBytes + 20 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), position: near, bytes: fc.uint8Array({ maxLength: 400 }) }),
  fc.record({ kind: fc.constant('resize' as const), size: near }),
  fc.record({ kind: fc.constant('allocate' as const), position: near, length: fc.integer({ min: 1, max: 500 }) }),
);

/** What a file is: an array that grows with zeros. */
function applied(before: Uint8Array, each: Step): Uint8Array {
  const end =
    each.kind === 'resize' ? each.size : each.position + (each.kind === 'write' ? each.bytes.length : each.length);
  const size =
    each.kind === 'resize' ? end : Math.max(before.length, each.kind === 'write' && each.bytes.length === 0 ? 0 : end);
  const after = new Uint8Array(size);
  after.set(before.subarray(0, size));
  if (each.kind === 'write' && each.bytes.length > 0) after.set(each.bytes, each.position);
  return after;
}

function contentOf(content: Content): Uint8Array {
  const bytes = new Uint8Array(content.sizeBytes).fill(0xaa);
  assert.equal(content.read(0, bytes), bytes.length);
  return bytes;
}

describe('Content', () => {
  test('is the same as an array that grows with zeros, and leaves its base alone', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        fc.array(step, { maxLength: 12 }),
        (start, isLarge, steps) => {
          const base = isLarge ? new Uint8Array(2 * chunkBytes + 50).map((_, index) => index % 251) : start;
          const pristine = base.slice();
          const budget = new Budget(64 * chunkBytes);
          const content = new Content(budget, base);
          let model: Uint8Array = base.slice();
          for (const each of steps) {
            if (each.kind === 'write') assert.equal(content.write(each.position, each.bytes), each.bytes.length);
            else if (each.kind === 'resize') content.resize(each.size);
            else assert.ok(content.allocate(each.position, each.length));
            model = applied(model, each);
            assert.deepEqual(contentOf(content), model);
          }
          assert.deepEqual(base, pristine);
          content.release();
          assert.equal(budget.usedBytes, 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('never takes more than the budget, and keeps what it took whatever happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * chunkBytes }), fc.array(step, { maxLength: 12 }), (limit, steps) => {
        const budget = new Budget(limit);
        const content = new Content(budget, new Uint8Array(100).fill(7));
        let model: Uint8Array = new Uint8Array(100).fill(7);
        for (const each of steps) {
          if (each.kind === 'write') {
            const taken = content.write(each.position, each.bytes);
            assert.ok(taken <= each.bytes.length);
            model = applied(model, { ...each, bytes: each.bytes.subarray(0, taken) });
          } else if (each.kind === 'resize') {
            content.resize(each.size);
            model = applied(model, each);
          } else if (content.allocate(each.position, each.length)) {
            model = applied(model, each);
          }
          assert.ok(budget.usedBytes <= limit);
          assert.deepEqual(contentOf(content), model);
        }
        content.release();
        assert.equal(budget.usedBytes, 0);
      }),
      { numRuns: 300 },
    );
  });

  test('what was allocated can be written, however full the rest is', () => {
    const budget = new Budget(3 * chunkBytes);
    const content = new Content(budget);
    assert.ok(content.allocate(10, chunkBytes));
    assert.ok(budget.take(budget.freeBytes));
    assert.equal(content.write(10, new Uint8Array(chunkBytes)), chunkBytes);
    assert.equal(content.allocate(0, 100 * chunkBytes), false);
    assert.equal(content.allocate(0, 2 ** 39), false);
  });

  test('a hole costs nothing, however large', () => {
    const budget = new Budget(1000);
    const content = new Content(budget);
    content.resize(2 ** 40);
    assert.equal(budget.usedBytes, 0);
    assert.equal(content.write(2 ** 40 - 1, new Uint8Array([5])), 0, 'a byte at the end of a chunk needs all of it');
    assert.equal(content.write(2 ** 39, new Uint8Array([5])), 1);
    const bytes = new Uint8Array(3).fill(9);
    assert.equal(content.read(2 ** 39 - 1, bytes), 3);
    assert.deepEqual([...bytes], [0, 5, 0]);
    content.resize(0);
    assert.equal(budget.usedBytes, 0);
  });
});
