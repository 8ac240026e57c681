/** The guests as they are committed: each source has its program beside it, small, valid, and asking for no more than WASI. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findGuests, Language } from '../../tools/build-guests.ts';

const bytesMax = 160 * 1024;

/** Go's are too big to be committed. */
const committed = findGuests().filter(({ language }) => language !== Language.go);

describe('guests', () => {
  for (const { name, artifact } of committed) {
    it(`${name} is beside its source, small, valid and a command or a reactor`, async () => {
      const bytes = readFileSync(artifact);
      assert.ok(bytes.length <= bytesMax, `${bytes.length} bytes`);
      const module = await WebAssembly.compile(bytes);

      const exported = new Set(WebAssembly.Module.exports(module).map((each) => each.name));
      assert.ok(exported.has('memory'));
      assert.ok(exported.has('_start') || (exported.has('_initialize') && exported.has('handle')));

      const providers = new Set(WebAssembly.Module.imports(module).map((each) => each.module));
      if (name === 'unknown-import') providers.delete('mystery');
      providers.delete('wasi_snapshot_preview1');
      assert.deepEqual([...providers], []);
    });
  }
});
