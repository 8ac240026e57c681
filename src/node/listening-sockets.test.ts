import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { isMayflyError } from '../base/mod.ts';
import { ListeningSockets } from './listening-sockets.ts';

const loopback = { host: '127.0.0.1', port: 0 };

/** A connection to a port, once it is made. */
function connected(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
}

test('ListeningSockets has one socket for each place, all on one port', async (t) => {
  const sockets = await ListeningSockets.open(loopback, 3);
  t.after(() => sockets.close());
  assert.notEqual(sockets.address.port, 0);
  const servers = [0, 1, 2].map((place) => net.createServer().listen(sockets.of(place)));
  t.after(() => servers.map((server) => server.close()));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port); // a TCP server that listens has one
  assert.deepEqual(new Set(ports), new Set([sockets.address.port]));
});

test('ListeningSockets refuses an address that is in use', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo; // a TCP server that listens has one
  await assert.rejects(ListeningSockets.open({ host: '127.0.0.1', port }, 2), (error) =>
    isMayflyError(error, 'listen_failed'),
  );
});

test('ListeningSockets takes no connection itself', async (t) => {
  const sockets = await ListeningSockets.open(loopback, 1);
  t.after(() => sockets.close());
  await assert.rejects(connected(sockets.address.port), /ECONNREFUSED/);
});
