/** Who may have how many connections to the admin API, and over which way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { Agent, type AgentOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import { temporaryFolder, until } from '../../test/support/node-under-test.ts';
import { codeOf, statusOf } from '../../test/support/raw-http.ts';
import { AddressQuota } from './address-quota.ts';

async function open(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** All that comes on a connection until it ends. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', () => {});
  await once(socket, 'close');
  return text;
}

const isPosix = process.platform !== 'win32';

test('an address that has all the connections it may have is turned away, and leaves others theirs', async (t) => {
  const admin = await startAdminUnderTest(t, { connectionsPerAddressMax: 3 });
  const held = await Promise.all([1, 2, 3].map(() => open(t, admin.port)));
  await once(await exchange(held[0]), 'data');
  const socket = await open(t, admin.port);
  socket.write('GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const answer = await readAll(socket);
  // It may be cut before it is read.
  if (answer !== '') {
    assert.equal(statusOf(answer), 503);
    assert.equal(codeOf(answer), 'busy');
    assert.match(answer, /\r\nRetry-After: 1\r\n/);
    assert.doesNotMatch(answer, /"status":"ok"/);
  }
  // A flood of those that are turned away takes no place of anybody.
  for (let count = 0; count < 50; count++) await readAll(await open(t, admin.port));
  held[1]?.destroy();
  await until(async () => (await fetch(`${admin.url}/v1/health`).catch(() => undefined))?.status === 200, 'a place');
});

async function exchange(socket: Socket | undefined): Promise<Socket> {
  assert.ok(socket !== undefined);
  socket.write('GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

/** Asks over a socket in the file system. @returns the status */
async function askLocally(socketPath: string, token: string | undefined, host = 'localhost'): Promise<number> {
  const options: AgentOptions & { readonly socketPath: string } = { socketPath };
  const headers = { Host: host, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
  const sent = request({ agent: new Agent(options), path: '/v1/projects/shop', headers });
  const answered = once(sent, 'response');
  sent.end();
  // The argument of ClientRequest's response event.
  const [response] = (await answered) as [{ readonly statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

test(
  'on its socket the API is for its user alone, asks for a token as everywhere, and answers however many others there are',
  { skip: isPosix ? false : 'no sockets in the file system' },
  async (t) => {
    const admin = await startAdminUnderTest(t, { connectionsPerAddressMax: 1, connectionsMax: 1 });
    const socketPath = path.join(temporaryFolder(t), 'admin.sock');
    await admin.server.listenLocally(socketPath);
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    await once(await exchange(await open(t, admin.port)), 'data');
    assert.equal(await askLocally(socketPath, admin.nodeToken), 200);
    assert.equal(await askLocally(socketPath, undefined), 401);
    assert.equal(await askLocally(socketPath, admin.nodeToken, 'evil.example'), 421);
    const denied = async (): Promise<readonly (string | undefined)[]> =>
      (await admin.control.plane.audit.list('*')).items
        .filter(({ action }) => action === 'denied')
        .map(({ address }) => address);
    await until(async () => (await denied()).length === 1, 'the audit record');
    assert.deepEqual(await denied(), ['local']);
    await admin.server.stop(0);
    await assert.rejects(askLocally(socketPath, admin.nodeToken));
  },
);

test('AddressQuota counts a network of IPv6 as one address, and IPv4 the same however it is written', () => {
  const groups: readonly (readonly string[])[] = [
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:0db8:0001:0002:0:0:0:3'],
    ['2001:db8:1:3::1'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['10.0.0.2'],
  ];
  for (const [index, group] of groups.entries()) {
    for (const address of group) {
      const quota = new AddressQuota(1);
      for (const [other, addresses] of groups.entries()) if (other !== index) quota.take(addresses[0]);
      const giveBack = quota.take(address);
      assert.ok(giveBack !== undefined, `${address} has its own`);
      for (const same of group) assert.equal(quota.take(same), undefined, `${same} is ${address}`);
      giveBack();
      assert.ok(quota.take(group[0]) !== undefined);
    }
  }
  const none = new AddressQuota(0);
  assert.ok(none.take(undefined) !== undefined, 'a socket in the file system is not counted');
});
