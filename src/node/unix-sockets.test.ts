import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/node-under-test.ts';
import { UnixSockets } from './unix-sockets.ts';

test('UnixSockets.of opens a socket once, for this user alone, and closeOne removes it', (t) => {
  const socket = path.join(temporaryFolder(t), '0');
  // What a guardian that was killed has left.
  writeFileSync(socket, '');
  const sockets = new UnixSockets();
  t.after(() => sockets.close());
  const handle = sockets.of(socket);
  assert.ok(!(handle instanceof Error));
  assert.equal(sockets.of(socket), handle);
  assert.ok(statSync(socket).isSocket());
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  sockets.closeOne(socket);
  sockets.closeOne(socket);
  assert.ok(!existsSync(socket));
});

test('UnixSockets.of says so when a socket cannot be opened', (t) => {
  const sockets = new UnixSockets();
  t.after(() => sockets.close());
  assert.ok(sockets.of('/nowhere/at/all') instanceof Error);
});
