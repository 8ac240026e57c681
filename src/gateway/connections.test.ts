import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Connections } from './connections.ts';
import { keepAliveMs, stallCheckMs, stalledMs } from './limits.ts';

/** A socket that is connected to nothing, with as many bytes waiting as a test wants. */
class FakeSocket extends Socket {
  waitingBytes = 0;

  constructor() {
    super();
    Object.defineProperty(this, 'writableLength', { get: () => this.waitingBytes });
  }
}

interface Made {
  readonly connections: Connections;
  readonly busy: Set<Socket>;
  readonly socket: FakeSocket;
  /** Looks as often as in so many milliseconds. */
  readonly pass: (ms: number) => void;
}

function make(t: TestContext): Made {
  const busy = new Set<Socket>();
  const connections = new Connections(() => busy);
  t.after(() => connections.end());
  const socket = new FakeSocket();
  connections.add(socket);
  const pass = (ms: number): void => {
    for (let passedMs = 0; passedMs < ms; passedMs += stallCheckMs) connections.look();
  };
  return { connections, busy, socket, pass };
}

test('an idle connection is kept for as long as the client was told, and closed soon after', (t) => {
  const { socket, pass } = make(t);
  pass(keepAliveMs);
  assert.equal(socket.destroyed, false);
  pass(3 * stallCheckMs);
  assert.equal(socket.destroyed, true);
});

test('a connection is idle from its last request on, and from the end of one that takes long', (t) => {
  const { connections, busy, socket, pass } = make(t);
  pass(keepAliveMs);
  connections.use(socket);
  pass(keepAliveMs);
  assert.equal(socket.destroyed, false);
  busy.add(socket);
  pass(10 * keepAliveMs);
  busy.delete(socket);
  pass(keepAliveMs);
  assert.equal(socket.destroyed, false);
  pass(3 * stallCheckMs);
  assert.equal(socket.destroyed, true);
});

test('a timer watches a connection while bytes are waiting for its client, and only then', (t) => {
  const { socket, pass } = make(t);
  socket.waitingBytes = 1;
  pass(2 * keepAliveMs);
  assert.equal(socket.destroyed, false, 'that is for the timer, which knows whether some of them go out');
  assert.equal(socket.timeout, stalledMs);
  socket.waitingBytes = 0;
  pass(stallCheckMs);
  assert.equal(socket.timeout || 0, 0);
});

test('a connection that is closed is forgotten, and the end closes those that are left', async (t) => {
  const { connections, socket } = make(t);
  const other = new FakeSocket();
  connections.add(other);
  socket.destroy();
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal(connections.size, 1);
  assert.equal(connections.accepted, 2);
  assert.equal(connections.end(), 1);
  assert.equal(other.destroyed, true);
});
