import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const codeCacheUrl = pathToFileURL(path.join(import.meta.dirname, 'code-cache.ts')).href;

test('leaveCodeCache keeps the code that was loaded, and takes the permission to change it', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-code-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const cache = path.join(folder, 'code');
  mkdirSync(cache);
  const program = path.join(folder, 'program.mjs');
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs';
    import { codeCacheEnv, codeCacheFlags, leaveCodeCache } from ${JSON.stringify(codeCacheUrl)};
    const attempt = () => {
      try {
        writeFileSync(${JSON.stringify(path.join(cache, 'file'))}, '');
        return 'written';
      } catch (error) {
        return error.code;
      }
    };
    const handedOn = [codeCacheEnv(), codeCacheFlags()];
    const before = attempt();
    leaveCodeCache();
    console.log(JSON.stringify({ handedOn, before, after: attempt() }));`,
  );
  const root = path.resolve(import.meta.dirname, '../..');
  const flags = [`--allow-fs-read=${root}`, `--allow-fs-read=${folder}`, `--allow-fs-write=${cache}`];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--permission', ...flags, `--allow-fs-read=${cache}`, program],
    {
      env: { NODE_COMPILE_CACHE: cache },
      encoding: 'utf8',
    },
  );
  assert.notEqual(stdout, '', stderr);
  assert.deepEqual(JSON.parse(stdout), {
    handedOn: [{ NODE_COMPILE_CACHE: cache }, [`--allow-fs-read=${cache}`, `--allow-fs-write=${cache}`]],
    before: 'written',
    after: 'ERR_ACCESS_DENIED',
  });
  assert.equal(readdirSync(cache).filter((name) => name.startsWith('v')).length, 1);
});
