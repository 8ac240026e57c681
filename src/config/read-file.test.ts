import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { isMayflyError } from '../base/mod.ts';
import { readFileWithin } from './read-file.ts';

/** A folder with a file in it, and a file beside it that is nobody's business. */
function make(t: TestContext): string {
  const base = mkdtempSync(path.join(tmpdir(), 'mayfly-read-'));
  t.after(() => rmSync(base, { recursive: true }));
  const folder = path.join(base, 'function');
  mkdirSync(folder);
  writeFileSync(path.join(base, 'private-key'), 'secret');
  writeFileSync(path.join(folder, 'a.wasm'), 'artifact');
  return folder;
}

async function refused(filePath: string, inside: string, says: RegExp): Promise<void> {
  await assert.rejects(readFileWithin(filePath, { bytesMax: 100, inside }), (error) => {
    assert.ok(isMayflyError(error, 'artifact_unreadable'));
    assert.match(error.message, says);
    return true;
  });
}

test('readFileWithin reads a file of the folder, also behind a link that stays in it', async (t) => {
  const folder = make(t);
  symlinkSync('a.wasm', path.join(folder, 'link.wasm'));
  for (const name of ['a.wasm', 'link.wasm']) {
    const bytes = await readFileWithin(path.join(folder, name), { bytesMax: 8, inside: folder });
    assert.equal(Buffer.from(bytes).toString(), 'artifact');
  }
});

test('readFileWithin follows no link out of the folder', async (t) => {
  const folder = make(t);
  symlinkSync('../private-key', path.join(folder, 'main.wasm'));
  symlinkSync('..', path.join(folder, 'up'));
  await refused(path.join(folder, 'main.wasm'), folder, /it is a link out of the function's folder/);
  await refused(path.join(folder, 'up/private-key'), folder, /it is a link out of the function's folder/);
});

test('readFileWithin reads nothing that has no end, and nothing too large', async (t) => {
  const folder = make(t);
  writeFileSync(path.join(folder, 'large'), Buffer.alloc(101));
  await refused(path.join(folder, 'large'), folder, /it has 101 bytes, at most 100B are wanted/);
  await refused(folder, folder, /it is a folder/);
  symlinkSync('loop', path.join(folder, 'loop'));
  await refused(path.join(folder, 'loop'), folder, /links in its path go in a circle/);
  if (process.platform === 'win32') return;
  execFileSync('mkfifo', [path.join(folder, 'pipe')]);
  await refused(path.join(folder, 'pipe'), folder, /a pipe or a socket/);
  await refused('/dev/zero', folder, /a device/);
});
