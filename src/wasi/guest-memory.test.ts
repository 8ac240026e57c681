import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dirtyPageShift, GuestFault, GuestMemory } from './guest-memory.ts';

const pageBytes = 65_536;
const grownBytesAt: number = pageBytes - 60;

/** A memory of `pages` for the guest behind one for the engine. */
function rewritten(pages: number, maximumPages = pages): { raw: WebAssembly.Memory; memory: GuestMemory } {
  const raw = new WebAssembly.Memory({ initial: 1 + pages, maximum: 1 + maximumPages });
  const layout = { baseBytes: pageBytes, initialBytes: pages * pageBytes, grownBytesAt };
  return { raw, memory: new GuestMemory(raw, layout) };
}

/** What the rewritten module tells when its guest has grown. */
function tellGrown(raw: WebAssembly.Memory, bytes: number): void {
  new DataView(raw.buffer).setUint32(grownBytesAt, bytes, true);
}

describe('GuestMemory', () => {
  test('reads and writes at the guest address, past the dirty map', () => {
    const { raw, memory } = rewritten(1);
    memory.setU32(8, 0xdead_beef);
    assert.equal(memory.u32(8), 0xdead_beef);
    assert.equal(new DataView(raw.buffer).getUint32(pageBytes + 8, true), 0xdead_beef);
    assert.equal(memory.lengthBytes, pageBytes);
  });

  test('marks every page it writes to, and no other', () => {
    const { raw, memory } = rewritten(1);
    const page = 1 << dirtyPageShift;
    memory.setU8(0, 1);
    memory.setU64(2 * page - 4, 1n);
    memory.write(5 * page, new Uint8Array(2 * page));
    memory.write(9 * page, new Uint8Array(0));
    memory.bytes(11 * page, page);
    const marks = [...new Uint8Array(raw.buffer, 0, 16)];
    assert.deepEqual(marks, [1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('marks nothing for a module that was not rewritten', () => {
    const raw = new WebAssembly.Memory({ initial: 1 });
    new GuestMemory(raw).setU32(4096, 7);
    assert.equal(new Uint8Array(raw.buffer)[1], 0);
  });

  test('setUint writes all 64 bits of a safe integer', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }));
    for (const value of [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
      memory.setUint(16, value);
      assert.equal(memory.u64(16), BigInt(value));
    }
  });

  test('faults on whatever reaches outside, in whatever form the pointer comes', () => {
    const { memory } = rewritten(1);
    for (const [pointer, length] of [
      [pageBytes, 1],
      [pageBytes - 3, 4],
      [-1, 1],
      [0xffff_ffff, 1],
      [0, pageBytes + 1],
      [-4, 0],
      [0, -1],
    ] as const) {
      assert.equal(memory.has(pointer, length), false);
      assert.throws(() => memory.bytes(pointer, length), GuestFault);
      assert.throws(() => memory.writable(pointer, length), GuestFault);
    }
    assert.throws(() => memory.u32(pageBytes - 3), GuestFault);
    assert.throws(() => memory.setU64(-8, 0n), GuestFault);
    assert.equal(memory.bytes(pageBytes, 0).byteLength, 0);
    assert.equal(memory.u32(pageBytes - 4), 0);
  });

  test('follows the memory as it grows', () => {
    const raw = new WebAssembly.Memory({ initial: 1 });
    const memory = new GuestMemory(raw);
    memory.setU32(100, 5);
    raw.grow(1);
    assert.equal(memory.bytes(0, 0).byteLength, 0);
    assert.equal(memory.u32(100), 5);
    memory.setU8(2 * pageBytes - 1, 9);
    assert.equal(memory.u8(2 * pageBytes - 1), 9);
    raw.grow(0);
    assert.equal(memory.u32(100), 5);
  });

  test('ends where the guest was told, also in a slot that has grown before', () => {
    const { raw, memory } = rewritten(1, 8);
    raw.grow(4);
    assert.equal(memory.lengthBytes, pageBytes);
    assert.equal(memory.has(pageBytes - 4, 5), false);
    assert.throws(() => memory.setU32(pageBytes - 3, 1), GuestFault);
    assert.throws(() => memory.bytes(pageBytes, 1), GuestFault);
    tellGrown(raw, 2 * pageBytes);
    memory.setU32(3 * pageBytes - 4, 7);
    assert.equal(memory.u32(3 * pageBytes - 4), 7);
    assert.throws(() => memory.setU32(3 * pageBytes - 3, 1), GuestFault);
    raw.grow(3);
    tellGrown(raw, 7 * pageBytes);
    memory.setU8(8 * pageBytes - 1, 5);
    assert.equal(memory.lengthBytes, 8 * pageBytes);
    tellGrown(raw, 0);
    memory.rewound();
    assert.equal(memory.has(pageBytes - 1, 2), false);
    assert.throws(() => memory.u8(pageBytes), GuestFault);
  });

  test('text refuses what is not UTF-8, and keeps a byte order mark', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }));
    memory.write(0, new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]));
    assert.equal(memory.text(0, 4), '\ufeffa');
    assert.equal(memory.text(0, 5), undefined);
    assert.throws(() => memory.text(0, pageBytes + 1), GuestFault);
  });
});
