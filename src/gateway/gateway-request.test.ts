import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { MayflyError } from '../base/mod.ts';
import { answering, echoing, failing, fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { codeOf, rawExchange, statusOf } from '../../test/support/raw-http.ts';
import { start } from '../../test/support/gateway-under-test.ts';
import { bodyGatherBytes } from './limits.ts';

const close = 'Host: x\r\nConnection: close\r\n';

test('Gateway answers a small response in one piece, with its length', async (t) => {
  const { port } = await start(t, answering('hello'));
  const answer = await rawExchange(port, `GET / HTTP/1.1\r\n${close}\r\n`);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\nContent-Length: 5\r\nDate: /);
  assert.match(answer, /\r\n\r\nhello$/);
});

test('Gateway hands the request over as it came', async (t) => {
  const seen: string[] = [];
  const loaded = fakeFunction(({ request: got, sink }) => {
    seen.push(
      got.method,
      got.path,
      got.query,
      got.serverName,
      got.remoteAddress,
      String(got.bodyBytes),
      got.headers.join('|'),
    );
    sink.head(204, [], fakeTiming);
    sink.end(fakeTiming);
  });
  const { port } = await start(t, loaded);
  const answer = await rawExchange(
    port,
    `DELETE /a%20b?x=1?2 HTTP/1.1\r\nHost: Example.org:80\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(statusOf(answer), 204);
  assert.doesNotMatch(answer, /content-length|transfer-encoding/i);
  assert.deepEqual(seen, [
    'DELETE',
    '/a%20b',
    'x=1?2',
    'example.org',
    '127.0.0.1',
    '0',
    'Host|Example.org:80|X-A|1|X-A|2|Connection|close',
  ]);
});

test('Gateway keeps a connection alive, also after a problem', async (t) => {
  const loaded = fakeFunction(({ request: got, sink }) => {
    if (got.path === '/trap') return sink.fail(new MayflyError('guest_trap', { reason: 'secret inside' }), fakeTiming);
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.from(got.path));
    sink.end(fakeTiming);
  });
  const { port } = await start(t, loaded);
  const answer = await rawExchange(
    port,
    `GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /trap HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n${close}\r\n`,
  );
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 500', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  assert.match(answer, /\/1HTTP/);
  assert.match(answer, /\/3$/);
  assert.doesNotMatch(answer, /secret/);
});

const problems: readonly (readonly [MayflyError, number])[] = [
  [new MayflyError('guest_trap', { reason: 'inside' }), 500],
  [new MayflyError('no_response', {}), 500],
  [new MayflyError('bad_guest_response', { reason: 'inside' }), 502],
  [new MayflyError('memory_limit', { limitBytes: 1 }), 503],
  [new MayflyError('cpu_limit', { limitMs: 1 }), 503],
  [new MayflyError('overloaded', {}), 503],
  [new MayflyError('wall_limit', { limitMs: 1 }), 504],
  [new MayflyError('internal', {}), 500],
];
for (const [error, status] of problems) {
  test(`Gateway tells ${error.code} as problem+json, and nothing of the inside`, async (t) => {
    const { url, failures } = await start(t, failing(error));
    const response = await fetch(url);
    assert.equal(response.status, status);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('retry-after'), error.code === 'overloaded' ? '1' : null);
    const body = await response.text();
    assert.doesNotMatch(body, /inside/);
    const problem: unknown = JSON.parse(body);
    assert.ok(typeof problem === 'object' && problem !== null);
    assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'code', 'detail']);
    assert.equal(codeOf(body), error.code);
    assert.deepEqual(failures, [error]);
  });
}

test('Gateway answers no_route where nothing is deployed', async (t) => {
  const { gateway, url } = await start(t, answering('x'));
  gateway.publish([]);
  const response = await fetch(`${url}/x`, { method: 'POST', body: 'abc' });
  assert.equal(response.status, 404);
  assert.equal(codeOf(await response.text()), 'no_route');
});

const refusals: readonly (readonly [name: string, request: string, status: number, code: string])[] = [
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'bad_request'],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'bad_request'],
  ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'bad_request'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'bad_request'],
  [
    'both lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'bad_request',
  ],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    400,
    'bad_request',
  ],
  ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc', 400, 'bad_request'],
  [
    'an unknown coding',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    400,
    'bad_request',
  ],
  [
    'a coding with a tail',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    400,
    'bad_request',
  ],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n', 400, 'bad_request'],
  ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n', 400, 'bad_request'],
  ['a null in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\0\r\n\r\n', 400, 'bad_request'],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n', 400, 'bad_request'],
  ['a dot segment', 'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a hidden dot segment', 'GET /a/.%2E/b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a broken escape', 'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a byte above ASCII', 'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['a target without a slash', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00', 400, 'bad_request'],
  [
    'a head that is too long',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
  ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(100)}\r\n`, 431, 'headers_too_large'],
];
for (const [name, bytes, status, code] of refusals) {
  test(`Gateway refuses a request with ${name}, and closes`, async (t) => {
    let calls = 0;
    const { port } = await start(
      t,
      fakeFunction(() => calls++),
    );
    const answer = await rawExchange(port, bytes);
    assert.equal(statusOf(answer), status, answer);
    assert.equal(codeOf(answer), code);
    assert.match(answer, /Connection: close/i);
    assert.equal(calls, 0);
  });
}

test('Gateway takes a whole URL as the target, and its host before the header', async (t) => {
  const loaded = fakeFunction(({ request: got, sink }) => {
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.from(`${got.serverName} ${got.path} ${got.query}`));
    sink.end(fakeTiming);
  });
  const { port } = await start(t, loaded);
  assert.match(await rawExchange(port, `GET http://real.example/p?q HTTP/1.1\r\n${close}\r\n`), /real\.example \/p q$/);
  assert.match(await rawExchange(port, `GET http://real.example HTTP/1.1\r\n${close}\r\n`), /real\.example \/ $/);
});

test('Gateway refuses a declared body above requestBodyBytes before it is sent', async (t) => {
  const { port } = await start(t, echoing(), { requestBodyBytes: 10 });
  const answer = await rawExchange(
    port,
    `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n`,
  );
  assert.equal(statusOf(answer), 413);
  assert.equal(codeOf(answer), 'request_too_large');
  assert.match(answer, /Connection: close/i);
});

test('Gateway refuses a chunked body once it is above requestBodyBytes', async (t) => {
  const { port } = await start(t, echoing(), { requestBodyBytes: 10 });
  const answer = await rawExchange(
    port,
    `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n`,
  );
  assert.equal(statusOf(answer), 413);
});

test('Gateway aborts the call when a streamed body gets above requestBodyBytes', async (t) => {
  let aborted = 0;
  const loaded = fakeFunction((call) => {
    call.onAbort = () => aborted++;
    const drain = (): void => {
      while (call.request.body.read(new Uint8Array(1000)) > 0);
      call.request.body.onReady(drain);
    };
    call.request.body.onReady(drain);
  });
  const { port } = await start(t, loaded, { requestBodyBytes: 100_000 });
  const chunk = `${(50_000).toString(16)}\r\n${'x'.repeat(50_000)}\r\n`;
  const answer = await rawExchange(
    port,
    [`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`, chunk, chunk],
    20,
  );
  assert.equal(statusOf(answer), 413);
  assert.equal(aborted, 1);
});

test('Gateway does not lose an answer that is ready to a body that goes on above requestBodyBytes, and closes', async (t) => {
  const [gathered, further] = [60_000, 6000];
  assert.ok(gathered < bodyGatherBytes && gathered + further >= bodyGatherBytes);
  const { port, failures } = await start(t, answering('early'), { requestBodyBytes: gathered + further });
  const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
  // The second packet has the call made, answered and its body found too large, all in one turn; the body never ends.
  const answer = await rawExchange(
    port,
    [
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(gathered)}`,
      chunk(further) + chunk(1),
      chunk(gathered),
    ],
    20,
  );
  assert.equal(statusOf(answer), 200, answer);
  assert.match(answer, /early$/);
  assert.deepEqual(failures, []);
});

test('Gateway tells a client that waits for 100-continue to go on', async (t) => {
  const { port } = await start(t, echoing());
  const answer = await rawExchange(
    port,
    [`POST / HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`, 'body'],
    50,
  );
  assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*body$/);
});

test('Gateway calls a function only once a small body is there', async (t) => {
  const calledAt: number[] = [];
  const loaded = fakeFunction(({ request: got, sink }) => {
    calledAt.push(got.body.available());
    sink.head(200, [], fakeTiming);
    sink.end(fakeTiming);
  });
  const { port } = await start(t, loaded);
  await rawExchange(port, [`POST / HTTP/1.1\r\n${close}Content-Length: 6\r\n\r\nab`, 'cd', 'ef'], 150);
  assert.deepEqual(calledAt, [6]);
});

test('Gateway echoes a large body with backpressure, whole', async (t) => {
  const { url } = await start(t, echoing());
  const sent = Buffer.alloc(5_000_000, 'abcdefghij');
  const response = await fetch(url, { method: 'POST', body: sent });
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), sent);
});

test('Gateway echoes a chunked body as it comes', async (t) => {
  const { port } = await start(t, echoing());
  const outgoing = request({ port, host: '127.0.0.1', method: 'POST' });
  outgoing.write('first');
  const { promise, resolve } = Promise.withResolvers<string>();
  outgoing.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      // The second part is sent only once the first has come back.
      if (text === 'first') outgoing.end(' second');
    });
    response.on('end', () => resolve(text));
  });
  assert.equal(await promise, 'first second');
});

test('Gateway answers pipelined requests in order, each in a turn of its own', async (t) => {
  let turn = 0;
  let calls = 0;
  const turns = new Set<number>();
  const loaded = fakeFunction(({ request: got, sink }) => {
    calls++;
    turns.add(turn);
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.from(`[${got.query}]`));
    sink.end(fakeTiming);
  });
  const { port } = await start(t, loaded);
  const ticker = setInterval(() => turn++, 0);
  const each = Array.from({ length: 50 }, (_, index) => `GET /?${index} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const answer = await rawExchange(port, `${each.join('')}GET /?last HTTP/1.1\r\n${close}\r\n`);
  clearInterval(ticker);
  const order = [...answer.matchAll(/\[(\w+)\]/g)].map((found) => found[1]);
  assert.deepEqual(order, [...each.keys().map(String), 'last']);
  assert.equal(calls, 51);
  assert.ok(turns.size > 1);
});

test('Gateway cuts a client that sends too many requests ahead', async (t) => {
  let calls = 0;
  const { port } = await start(
    t,
    fakeFunction(() => calls++),
  );
  await rawExchange(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
  assert.equal(calls, 1);
});
