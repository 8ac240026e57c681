import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import type { AdminUnderTest } from '../../test/support/admin-under-test.ts';
import { fileLifetime, until } from '../../test/support/node-under-test.ts';
import { rawHead, rawRequest } from '../../test/support/raw-admin.ts';
import { codeOf, rawExchange, statusOf } from '../../test/support/raw-http.ts';
import { endpoints } from './endpoints/mod.ts';

const lifetime = fileLifetime();
const shared = startAdminUnderTest(lifetime, { lingerMs: 50 });
const zeros = `sha256:${'0'.repeat(64)}`;

/** The parameters of paths, with values that are right. */
const right: Readonly<Record<string, string>> = {
  project: 'shop',
  function: 'cart',
  version: '1',
  digest: zeros,
  secret: 'KEY',
  token: 't1',
};

const hostile: readonly string[] = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2f..%2fetc%2fpasswd',
  '..%5c..%5cwindows',
  '%00',
  'cart%00',
  'cart%2f..',
  'cart%0d%0aX-Evil:1',
  '%E2%80%AE',
  'CART',
  '*',
  '-',
  '__proto__',
  'constructor',
  "'%20or%201=1--",
  '%7b%7d',
  '0',
  '-1',
  '1e3',
  '99999999999999999999',
  'a'.repeat(300),
];

test('no path parameter takes what is not a name of its kind', async () => {
  const admin = await shared;
  for (const { method, path } of endpoints) {
    for (const [braced, name = ''] of path.matchAll(/\{(\w+)\}/g)) {
      for (const value of hostile) {
        const filled = path.replace(braced, value).replace(/\{(\w+)\}/g, (_, each: string) => right[each] ?? '');
        const hasBody = method === 'POST' || method === 'PUT';
        const answer = await rawRequest(admin, { method, path: filled, ...(hasBody ? { body: '{}' } : {}) });
        assert.ok(
          [400, 404, 415].includes(answer.status),
          `${method} ${filled} (${name}): ${answer.status} ${answer.text}`,
        );
        assert.doesNotMatch(answer.text, /stack|node:|\.ts|sqlite|passwd:/i);
        assert.equal(answer.headers['x-evil'], undefined);
      }
    }
  }
  assert.deepEqual(await projectsOf(admin), ['bank', 'default', 'shop']);
});

test('paths that mean another path in some programs lead nowhere', async () => {
  const admin = await shared;
  for (const path of [
    '/v1//projects',
    '//v1/projects',
    '/v1/projects/',
    '/v1/./projects',
    '/v1/x/../projects',
    '/V1/projects',
    '/v1/projects;a=b',
    '/v1/projects%2fshop',
    '/',
    '/v1',
    '/v2/projects',
  ]) {
    assert.equal((await rawRequest(admin, { path })).code, 'no_endpoint', path);
  }
  assert.equal((await rawRequest(admin, { path: '/v1/%zz' })).code, 'bad_request');
  assert.equal((await rawRequest(admin, { path: '/v1/%c3' })).code, 'bad_request');
  assert.equal((await rawRequest(admin, { path: '/v1/projects?a=%zz&limit=1' })).code, 'bad_input');
  assert.equal((await rawRequest(admin, { path: '/v1/projects?limit=1&limit=2' })).code, 'bad_input');
  assert.equal((await rawRequest(admin, { path: '/v1/projects?__proto__=1' })).code, 'bad_input');
});

test('methods that a path does not have are refused, with those that it has', async () => {
  const admin = await shared;
  for (const method of ['OPTIONS', 'TRACE', 'PATCH', 'PURGE', 'PROPFIND']) {
    const answer = await rawRequest(admin, { method, path: '/v1/projects' });
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, POST, HEAD'], method);
  }
  const head = await rawRequest(admin, { method: 'HEAD', path: '/v1/projects' });
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 0);
  assert.match(await rawExchange(admin.port, rawHead(admin, 'CONNECT example.org:443')), /^HTTP\/1\.1 400/);
  assert.match(await rawExchange(admin.port, rawHead(admin, 'BREW /v1/projects')), /^HTTP\/1\.1 400/);
});

test('a browser gets no leave to read from or to ask for another origin', async () => {
  const admin = await shared;
  for (const method of ['GET', 'OPTIONS', 'POST']) {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const answer = await rawRequest(admin, { method, path: '/v1/projects', headers });
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
      [],
    );
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
});

test('on loopback only its own names are answered, so that no web page reaches it by a name of its own', async () => {
  const admin = await shared;
  for (const host of [
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '0.0.0.0',
    '10.0.0.1',
    '[::]',
  ]) {
    const answer = await rawRequest(admin, { path: '/v1/health', headers: { host: `${host}:${admin.port}` } });
    assert.deepEqual([answer.status, answer.code], [421, 'wrong_host'], host);
  }
  for (const host of [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.1.2.3',
    '[::1]',
    `localhost:${admin.port}`,
    'localhost:1',
  ]) {
    assert.equal((await rawRequest(admin, { path: '/v1/health', headers: { host } })).status, 200, host);
  }
  const answer = await rawExchange(
    admin.port,
    `GET http://evil.example/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(codeOf(answer), 'wrong_host');
});

async function projectsOf(admin: AdminUnderTest): Promise<string[]> {
  return (await admin.client().listProjects()).items.map(({ id }) => id);
}

const smuggled = 'DELETE /v1/projects/shop';

const broken: readonly (readonly [name: string, lines: readonly string[], body: string])[] = [
  ['two lengths', ['Content-Length: 2', 'Content-Length: 60'], '{}'],
  ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'],
  ['a list of lengths', ['Content-Length: 2, 2'], '{}'],
  ['a negative length', ['Content-Length: -1'], ''],
  ['a length with a sign', ['Content-Length: +2'], '{}'],
  ['a length in hexadecimal', ['Content-Length: 0x2'], '{}'],
  ['an encoding that is not chunked', ['Transfer-Encoding: identity'], '{}'],
  ['chunked not last', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'],
  ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['chunked in disguise', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
  ['a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
  ['a folded line', ['X-A: a\r\n b'], ''],
  ['a bare line feed', ['X-A: a\nTransfer-Encoding: chunked'], '0\r\n\r\n'],
  ['a bare carriage return', ['X-A: a\rTransfer-Encoding: chunked'], '0\r\n\r\n'],
  ['NUL in a header', ['X-A: a\0b'], ''],
  ['a header without a name', [': x'], ''],
  ['a header without a colon', ['X-A'], ''],
  ['a chunk size that is none', ['Transfer-Encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'],
  ['a chunk size that overflows', ['Transfer-Encoding: chunked'], 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
  ['a chunk that is longer than it says', ['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n'],
  ['a second Host', ['Host: evil.example'], ''],
  ['a second Authorization', ['Authorization: Bearer x'], ''],
];

for (const [name, lines, body] of broken) {
  test(`a request with ${name} is refused, and what stands behind it is not taken for another`, async () => {
    const admin = await shared;
    const type = body === '' ? [] : ['Content-Type: application/json'];
    const head = rawHead(admin, 'POST /v1/projects/shop/functions/cart/rollback', ...type, ...lines);
    const answer = await rawExchange(admin.port, `${head}${body}${rawHead(admin, smuggled, 'Connection: close')}`);
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    assert.ok(statuses.length <= 1, answer);
    assert.ok(['400', '413', undefined].includes(statuses[0]), answer);
    assert.ok((await projectsOf(admin)).includes('shop'));
  });
}

test('a request that is sent before the answer to the last one is not done', async (t) => {
  const admin = await startAdminUnderTest(t);
  const get = rawHead(admin, 'GET /v1/projects');
  await rawExchange(admin.port, `${get}${rawHead(admin, smuggled)}`);
  assert.ok((await projectsOf(admin)).includes('shop'));
});

test('bodies where none is wanted, and none where one is, are refused', async () => {
  const admin = await shared;
  for (const method of ['GET', 'DELETE']) {
    const path = '/v1/projects/shop/functions/cart';
    assert.equal((await rawRequest(admin, { method, path, body: '{}' })).code, 'bad_request', method);
  }
  const headers = { 'content-type': 'application/json' };
  assert.equal((await rawRequest(admin, { method: 'POST', path: '/v1/projects', headers })).code, 'bad_json');
});

test('a head that is too large is refused', async () => {
  const admin = await shared;
  const answer = await rawExchange(admin.port, rawHead(admin, 'GET /v1/health', `X-A: ${'a'.repeat(20_000)}`));
  assert.deepEqual([statusOf(answer), codeOf(answer)], [431, 'headers_too_large']);
});

test('clients that are slow with their head or their body are told so and cut', async (t) => {
  const admin = await startAdminUnderTest(t, {
    headTimeoutMs: 200,
    timeoutCheckMs: 50,
    jsonTimeoutMs: 200,
    lingerMs: 50,
  });
  const head = await rawExchange(admin.port, ['GET /v1/health HT', 'TP/1.1\r\nX-A', ': b\r\nX-', 'B: c\r\n'], 40);
  assert.deepEqual([statusOf(head), codeOf(head)], [408, 'request_timeout']);
  const put = rawHead(admin, 'POST /v1/projects', 'Content-Type: application/json', 'Content-Length: 1000');
  const body = await rawExchange(admin.port, [put, ...Array.from({ length: 20 }, () => ' ')], 40);
  assert.deepEqual([statusOf(body), codeOf(body)], [408, 'request_timeout']);
});

test('an upload that stalls is cut, and nothing of it is kept', async (t) => {
  const admin = await startAdminUnderTest(t, { stalledMs: 200 });
  const path = `/v1/projects/shop/artifacts/${zeros}`;
  const head = rawHead(admin, `PUT ${path}`, 'Content-Type: application/wasm', 'Content-Length: 1000');
  assert.equal(await rawExchange(admin.port, `${head}begun`), '');
  assert.equal((await rawRequest(admin, { method: 'HEAD', path })).status, 404);
});

test('who thinks for long on the node’s side is not the client’s fault: a deploy outlasts the idle timeout', async (t) => {
  const admin = await startAdminUnderTest(t, { stalledMs: 100 });
  admin.control.publisher.onWarm = () => new Promise((resolve) => setTimeout(resolve, 500));
  const client = admin.client();
  await client.putArtifact('shop', emptyDigest, new Uint8Array());
  const body = JSON.stringify({ artifact: emptyDigest, settings: {} });
  const answer = await rawRequest(admin, {
    method: 'POST',
    path: '/v1/projects/shop/functions/slow/deployments',
    body,
  });
  assert.equal(answer.status, 200, answer.text);
});

const emptyDigest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('uploads: another digest, too large by their word and in fact, and cut half-way leave nothing', async (t) => {
  const admin = await startAdminUnderTest(t, { artifactBytesMax: 1000, lingerMs: 50 });
  const path = `/v1/projects/shop/artifacts/${zeros}`;
  const headers = { 'content-type': 'application/wasm' };
  const put = { method: 'PUT', path, headers };
  assert.equal((await rawRequest(admin, { ...put, body: 'other bytes' })).code, 'blob_mismatch');
  const large = await rawRequest(admin, { ...put, body: 'a'.repeat(1001) });
  assert.deepEqual([large.status, large.code], [413, 'body_too_large']);
  const wasm = 'Content-Type: application/wasm';
  const chunked = rawHead(admin, `PUT ${path}`, wasm, 'Transfer-Encoding: chunked', 'Connection: close');
  const inFact = await rawExchange(admin.port, `${chunked}${`1f4\r\n${'a'.repeat(500)}\r\n`.repeat(3)}0\r\n\r\n`);
  assert.equal(codeOf(inFact), 'body_too_large');
  const cut = rawHead(admin, `PUT ${path}`, 'Content-Type: application/wasm', 'Content-Length: 500');
  const socket = connect(admin.port, '127.0.0.1', () => socket.write(`${cut}half`, () => socket.destroy()));
  await until(() => socket.destroyed, 'the client to go');
  assert.equal((await rawRequest(admin, { method: 'HEAD', path })).status, 404);
});

test('who may not send a body is told before it is sent', async (t) => {
  const admin = await startAdminUnderTest(t, { lingerMs: 50 });
  const path = `/v1/projects/shop/artifacts/${emptyDigest}`;
  const more = ['Content-Type: application/wasm', 'Content-Length: 1000000', 'Expect: 100-continue'];
  const refused = `PUT ${path} HTTP/1.1\r\nHost: localhost\r\n${more.join('\r\n')}\r\n\r\n`;
  assert.deepEqual(statusOf(await rawExchange(admin.port, refused)), 401);
  const taken = rawHead(
    admin,
    `PUT ${path}`,
    'Content-Type: application/wasm',
    'Content-Length: 0',
    more[2] ?? '',
    'Connection: close',
  );
  assert.match(await rawExchange(admin.port, taken), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204/);
});

test('what goes wrong inside is in the operator’s log and not in the answer', async (t) => {
  const admin = await startAdminUnderTest(t);
  admin.control.plane.projects.list = async () => {
    throw new Error('SQLITE_FULL: /var/lib/mayfly/control.sqlite at insert into records');
  };
  const answer = await rawRequest(admin, { path: '/v1/projects' });
  assert.deepEqual([answer.status, answer.code], [500, 'internal']);
  assert.doesNotMatch(answer.text, /sqlite|mayfly|insert|at /i);
  const fields: { err?: unknown } = admin.logged[0]?.fields ?? {};
  assert.match(String(fields.err), /SQLITE_FULL/);
  assert.doesNotMatch(JSON.stringify(admin.logged), /mfy_/);
});

test('streams are so many and no more, and end with their clients', async (t) => {
  const admin = await startAdminUnderTest(t, { streamsMax: 2, streamIdleMs: 20 });
  const path = '/v1/projects/shop/functions/cart/logs?follow=1';
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${admin.nodeToken}` };
  const open = () => fetch(`${admin.url}${path}`, { headers, signal: stop.signal });
  const streams = await Promise.all([open(), open()]);
  assert.deepEqual(
    streams.map(({ status }) => status),
    [200, 200],
  );
  const third = await rawRequest(admin, { path });
  assert.deepEqual([third.status, third.code, third.headers['retry-after']], [503, 'busy', '1']);
  stop.abort();
  await until(async () => {
    const again = new AbortController();
    const response = await fetch(`${admin.url}${path}`, { headers, signal: again.signal });
    again.abort();
    return response.status === 200;
  }, 'a stream to be free');
});

test('one project’s streams are not taken from another’s', async (t) => {
  const admin = await startAdminUnderTest(t, { streamsMax: 1 });
  const open = async (project: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${await admin.addToken(project, ['read'])}` };
    return fetch(`${admin.url}/v1/projects/${project}/functions/cart/logs?follow=1`, { headers });
  };
  const [first, second, other] = [await open('shop'), await open('shop'), await open('bank')];
  assert.deepEqual([first.status, second.status, other.status], [200, 503, 200]);
  await Promise.all([first.body?.cancel(), other.body?.cancel()]);
});

test('a follower that reads nothing is cut', { timeout: 20_000 }, async (t) => {
  const admin = await startAdminUnderTest(t, { streamsMax: 1, stalledMs: 200 });
  for (let index = 0; index < 2000; index++) admin.log('shop', 'cart', 'x'.repeat(5000));
  const path = '/v1/projects/shop/functions/cart/logs?follow=1';
  const socket = connect(admin.port, '127.0.0.1', () => socket.write(rawHead(admin, `GET ${path}`)));
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'data');
  socket.pause();
  const head = { method: 'HEAD', path };
  assert.equal((await rawRequest(admin, head)).status, 503);
  await until(async () => (await rawRequest(admin, head)).status === 200, 'the stream to be given back');
  // What was asked for with HEAD is over by now.
  assert.equal((await rawRequest(admin, head)).status, 200);
});

test('stopping ends streams, and answers what is under way', async (t) => {
  const admin = await startAdminUnderTest(t);
  const path = '/v1/projects/shop/functions/cart/logs?follow=1';
  const stream = await fetch(`${admin.url}${path}`, { headers: { authorization: `Bearer ${admin.nodeToken}` } });
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: go, resolve: finish } = Promise.withResolvers<void>();
  admin.control.publisher.onWarm = () => (begin(), go);
  const client = admin.client();
  await client.putArtifact('shop', emptyDigest, new Uint8Array());
  const deploy = client.deploy('shop', 'late', { artifact: emptyDigest, settings: {} });
  await begun;
  const stopped = admin.server.stop();
  assert.match(await stream.text(), /a line of shop/);
  finish();
  assert.equal((await deploy).version.version, 1);
  await stopped;
});
