/** Modules that compilers made, as far as there are some here. `npm run test:modules` takes those of any folder. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { tryRealModule } from './real-module.ts';

const root = join(import.meta.dirname, '..', '..');
const oxc = dirname(createRequire(import.meta.url).resolve('oxc-parser/package.json'));
const paths = [
  ...globSync(['test/guests/*.wasm', 'examples/**/*.wasm'], { cwd: root }).map((path) => join(root, path)),
  // A JavaScript parser in Rust, 1.4 MB.
  ...globSync('*.wasm', { cwd: oxc }).map((path) => join(oxc, path)),
];

describe('real modules do the same rewritten as untouched, and leave nothing behind', () => {
  for (const path of paths) {
    test(path.slice(root.length + 1), async () => {
      const bytes = Uint8Array.from(readFileSync(path));
      const { problems, refused, compared, endings } = await tryRealModule(bytes, {
        goOn: (guests) => guests < 4,
        commands: 'left',
      });
      assert.deepEqual(problems, []);
      assert.equal(refused, undefined);
      assert.ok(compared + (endings.get('out of fuel') ?? 0) > 0, 'something was called');
    });
  }
});
