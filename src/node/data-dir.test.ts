import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { defaultDataDir } from './data-dir.ts';

test("defaultDataDir is in the user's cache", async (t) => {
  const cache = mkdtempSync(path.join(tmpdir(), 'mayfly-cache-'));
  t.after(() => rmSync(cache, { recursive: true }));
  assert.deepEqual(await defaultDataDir({ XDG_CACHE_HOME: cache }), {
    path: path.join(cache, 'mayfly'),
    lifetime: 'kept',
  });
});

test('defaultDataDir is temporary where the cache cannot be written to', async (t) => {
  const { path: made, lifetime } = await defaultDataDir({ XDG_CACHE_HOME: '/dev/null/nowhere' });
  t.after(() => rmSync(made, { recursive: true, force: true }));
  assert.equal(lifetime, 'temporary');
  assert.ok(existsSync(made));
});
