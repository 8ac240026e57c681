import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { wasmPageBytes } from '../../base/mod.ts';
import { dirtyPageBytes, engineWordsBytes, memoryLayout, physicalPagesMax } from './layout.ts';

test('memoryLayout has room for a mark for every page that the guest can have', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 }), (guestBytesMax) => {
      const { shiftBytes, engineWords, guestPagesMax } = memoryLayout(guestBytesMax);
      assert.equal(shiftBytes % wasmPageBytes, 0);
      assert.equal(engineWords + engineWordsBytes, shiftBytes);
      assert.ok((guestPagesMax * wasmPageBytes) / dirtyPageBytes <= engineWords);
      assert.ok(guestPagesMax * wasmPageBytes <= guestBytesMax);
      assert.ok(shiftBytes / wasmPageBytes + guestPagesMax <= physicalPagesMax);
      // No more is given away than there is no room for.
      const lost = Math.floor(guestBytesMax / wasmPageBytes) - guestPagesMax;
      assert.ok(lost === 0 || lost <= 18, `${lost} pages`);
    }),
  );
});
