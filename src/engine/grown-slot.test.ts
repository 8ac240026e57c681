import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '../../test/support/wasm-text.ts';
import { answer, specOf } from './engine-under-test.ts';
import { createEngine } from './engine.ts';

/** Asks the host to write behind its one page, before and after it has grown, and answers with both errnos as letters. */
const guest = assemble(`(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\1c\\00\\00\\00")
  (data (i32.const 16) "Content-Type: text/plain\\n\\n??")
  (func (export "_start")
    (i32.store8 (i32.const 42) (i32.add (i32.const 65) (call $random (i32.const 65536) (i32.const 8))))
    (drop (memory.grow (i32.const 1)))
    (i32.store8 (i32.const 43) (i32.add (i32.const 65) (call $random (i32.const 65536) (i32.const 8))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);

test('a host call ends where the guest was told, also in a slot that another guest has grown', async () => {
  const engine = createEngine({ slotsPerFunctionMax: 1 });
  const loaded = await engine.load(await specOf(guest));
  for (let request = 1; request <= 3; request++) {
    // EFAULT is 21.
    assert.equal(await answer(loaded, '/'), 'VA', `request ${request}`);
  }
  await engine.close();
});
