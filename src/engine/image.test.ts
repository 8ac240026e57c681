import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as assertProperty, integer, property, uint8Array } from 'fast-check';
import { isMayflyError } from '../base/mod.ts';
import { decodeImage, encodeImage, type Image, snapshotRuns } from './image.ts';

const image: Image = {
  abi: 'wasi-p1-cgi',
  reset: 'rewind',
  passes: { preemption: 'checks', dirty: 'marks' },
  memories: [
    {
      shiftBytes: 65_536,
      engineWords: 65_472,
      guestPagesMax: 16,
      initialPages: 2,
      runs: [
        { address: 4096, bytes: new Uint8Array(4096).fill(7) },
        { address: 65_536, bytes: new Uint8Array(8192).fill(9) },
      ],
    },
  ],
  instanceBytes: 12_345,
  imports: ['fd_write'],
  module: Uint8Array.of(0, 97, 115, 109),
  trapMap: Uint8Array.of(1, 2, 3),
};

describe('image', () => {
  it('is after decoding what it was before encoding', () => {
    assert.deepEqual(decodeImage(encodeImage(image)), image);
  });

  it('is refused as image_corrupt wherever it is cut', () => {
    const bytes = encodeImage(image);
    for (let length = 0; length < bytes.byteLength; length += 7) {
      assert.throws(
        () => decodeImage(bytes.subarray(0, length)),
        (error) => isMayflyError(error, 'image_corrupt'),
        `${length} bytes`,
      );
    }
  });

  it('is refused when another version wrote it', () => {
    const bytes = encodeImage(image);
    bytes[6] = 250;
    assert.throws(() => decodeImage(bytes), { code: 'image_corrupt', message: /format/ });
  });
});

describe('snapshotRuns', () => {
  it('holds every byte that is not zero, whatever the memory', () => {
    const pages = array(integer({ min: 0, max: 9 }), { maxLength: 8 });
    assertProperty(
      property(pages, uint8Array({ minLength: 1, maxLength: 40 }), (places, bytes) => {
        const memory = new Uint8Array(10 * 4096);
        for (const place of places) memory.set(bytes, place * 4096 + 4000);
        const restored = new Uint8Array(memory.byteLength);
        for (const run of snapshotRuns(memory)) restored.set(run.bytes, run.address);
        assert.deepEqual(restored, memory);
      }),
    );
  });
});
