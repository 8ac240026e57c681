import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dirtyPageShift, GuestFault, GuestMemory } from './guest-memory.ts';

const pageBytes = 65_536;

describe('GuestMemory', () => {
  test('reads and writes at the guest address, past the dirty map', () => {
    const raw = new WebAssembly.Memory({ initial: 2 });
    const memory = new GuestMemory(raw, pageBytes);
    memory.setU32(8, 0xdead_beef);
    assert.equal(memory.u32(8), 0xdead_beef);
    assert.equal(new DataView(raw.buffer).getUint32(pageBytes + 8, true), 0xdead_beef);
    assert.equal(memory.lengthBytes, pageBytes);
  });

  test('marks every page it writes to, and no other', () => {
    const raw = new WebAssembly.Memory({ initial: 2 });
    const memory = new GuestMemory(raw, pageBytes);
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
    new GuestMemory(raw, 0).setU32(4096, 7);
    assert.equal(new Uint8Array(raw.buffer)[1], 0);
  });

  test('setUint writes all 64 bits of a safe integer', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }), 0);
    for (const value of [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
      memory.setUint(16, value);
      assert.equal(memory.u64(16), BigInt(value));
    }
  });

  test('faults on whatever reaches outside, in whatever form the pointer comes', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 2 }), pageBytes);
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
    const memory = new GuestMemory(raw, 0);
    memory.setU32(100, 5);
    raw.grow(1);
    assert.equal(memory.bytes(0, 0).byteLength, 0);
    assert.equal(memory.u32(100), 5);
    memory.setU8(2 * pageBytes - 1, 9);
    assert.equal(memory.u8(2 * pageBytes - 1), 9);
    raw.grow(0);
    assert.equal(memory.u32(100), 5);
  });

  test('text refuses what is not UTF-8, and keeps a byte order mark', () => {
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }), 0);
    memory.write(0, new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]));
    assert.equal(memory.text(0, 4), '\ufeffa');
    assert.equal(memory.text(0, 5), undefined);
    assert.throws(() => memory.text(0, pageBytes + 1), GuestFault);
  });
});
