import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { MayflyError } from '../base/mod.ts';
import { answering, fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { codeOf, rawExchange, statusOf } from '../../test/support/raw-http.ts';
import { start } from '../../test/support/gateway-under-test.ts';
import { ServerTiming } from './mod.ts';

const close = 'Host: x\r\nConnection: close\r\n';

test('Gateway streams what a waiting guest has written', async (t) => {
  let finish = (): void => {};
  const loaded = fakeFunction(({ sink }) => {
    sink.head(200, ['Content-Type', 'text/event-stream'], fakeTiming);
    sink.write(Buffer.from('data: 1\n\n'));
    finish = () => {
      sink.write(Buffer.from('data: 2\n\n'));
      sink.end(fakeTiming);
    };
  });
  const { url } = await start(t, loaded);
  const response = await fetch(url);
  assert.ok(response.body !== null);
  const reader = response.body.getReader();
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'data: 1\n\n');
  finish();
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'data: 2\n\n');
  assert.equal((await reader.read()).done, true);
});

test('Gateway makes a guest wait for a slow reader, and cuts nothing', async (t) => {
  const total = 4_000_000;
  let waits = 0;
  const loaded = fakeFunction(({ sink }) => {
    sink.head(200, [], fakeTiming);
    let left = total;
    const step = (): void => {
      while (left > 0) {
        const taken = sink.write(Buffer.alloc(Math.min(left, 100_000), 120));
        if (taken < 0) {
          waits++;
          return sink.onReady(step);
        }
        left -= taken;
      }
      sink.end(fakeTiming);
    };
    step();
  });
  const { port } = await start(t, loaded);
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET / HTTP/1.0\r\n\r\n`);
  socket.pause();
  await sleep(200);
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.byteLength));
  socket.resume();
  await new Promise((resolve) => socket.on('close', resolve));
  assert.ok(waits > 0);
  assert.ok(received > total);
});

test('Gateway turns a trap after a small head into a clean 500', async (t) => {
  const loaded = fakeFunction(({ sink }) => {
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.from('half'));
    sink.fail(new MayflyError('guest_trap', { reason: 'x' }), fakeTiming);
  });
  const { url } = await start(t, loaded);
  const response = await fetch(url);
  assert.equal(response.status, 500);
  assert.equal(codeOf(await response.text()), 'guest_trap');
});

test('Gateway cuts the connection when a streamed response fails', async (t) => {
  const loaded = fakeFunction(({ sink }) => {
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.alloc(100_000));
    setTimeout(() => sink.fail(new MayflyError('guest_trap', { reason: 'x' }), fakeTiming), 20);
  });
  const { url } = await start(t, loaded);
  await assert.rejects(async () => (await fetch(url)).arrayBuffer());
});

const badResponses: readonly (readonly [name: string, status: number, headers: readonly string[], body: string])[] = [
  ['a status below 200', 101, [], ''],
  ['a status above 599', 600, [], ''],
  ['a header that splits', 200, ['X', 'a\r\nB: c'], ''],
  ['a header name with a space', 200, ['X Y', 'a'], ''],
  ['a header above a byte', 200, ['X', '\u{20ac}'], ''],
  ['a length that is no number', 200, ['Content-Length', 'x'], ''],
  ['two lengths', 200, ['Content-Length', '1', 'Content-Length', '2'], 'a'],
  ['a body that is too short', 200, ['Content-Length', '3'], 'ab'],
  ['a body that is too long', 200, ['Content-Length', '1'], 'ab'],
];
for (const [name, status, headers, body] of badResponses) {
  test(`Gateway answers bad_guest_response to ${name}`, async (t) => {
    const { url, failures } = await start(t, answering(body, headers, status));
    const response = await fetch(url);
    assert.equal(response.status, 502);
    assert.equal(codeOf(await response.text()), 'bad_guest_response');
    assert.equal(failures.length, 1);
  });
}

test('Gateway refuses a response above responseBodyBytes, and aborts the call', async (t) => {
  let aborted = 0;
  const loaded = fakeFunction((call) => {
    call.onAbort = () => aborted++;
    call.sink.head(200, [], fakeTiming);
    call.sink.write(Buffer.alloc(11));
  });
  const { url } = await start(t, loaded, { responseBodyBytes: 10 });
  assert.equal((await fetch(url)).status, 502);
  assert.equal(aborted, 1);
});

test('Gateway leaves out what a function says about the connection', async (t) => {
  const headers = [
    'Connection',
    'close',
    'Transfer-Encoding',
    'chunked',
    'keep-alive',
    '1',
    'Upgrade',
    'h2c',
    'X-Mine',
    '1',
  ];
  const { url } = await start(t, answering('x', headers));
  const response = await fetch(url);
  assert.equal(response.headers.get('connection'), 'keep-alive');
  assert.equal(response.headers.get('upgrade'), null);
  assert.equal(response.headers.get('transfer-encoding'), null);
  assert.equal(response.headers.get('x-mine'), '1');
  assert.equal(await response.text(), 'x');
});

const bodiless: readonly (readonly [
  name: string,
  method: string,
  status: number,
  headers: readonly string[],
  length: RegExp | undefined,
])[] = [
  ['HEAD', 'HEAD', 200, [], /\r\nContent-Length: 4\r\n/],
  ['HEAD with a length', 'HEAD', 200, ['Content-Length', '9'], /\r\nContent-Length: 9\r\n/],
  ['204', 'GET', 204, ['Content-Length', '4'], undefined],
  ['304', 'GET', 304, ['Content-Length', '4', 'ETag', '"a"'], /\r\nContent-Length: 4\r\n/],
];
for (const [name, method, status, headers, length] of bodiless) {
  test(`Gateway sends no body for ${name}`, async (t) => {
    const { port } = await start(t, answering('body', headers, status));
    const answer = await rawExchange(port, `${method} / HTTP/1.1\r\n${close}\r\n`);
    assert.equal(statusOf(answer), status);
    assert.match(answer, /\r\n\r\n$/);
    if (length === undefined) assert.doesNotMatch(answer, /content-length/i);
    else assert.match(answer, length);
  });
}

test('Gateway aborts the call when its client leaves', async (t) => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const { promise: called, resolve: onCall } = Promise.withResolvers<void>();
  const loaded = fakeFunction((call) => {
    call.onAbort = () => {
      call.sink.fail(new MayflyError('client_gone', {}), fakeTiming);
      resolve();
    };
    onCall();
  });
  const { port, failures } = await start(t, loaded);
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await called;
  socket.destroy();
  await aborted;
  assert.deepEqual(failures, []);
});

test('Gateway shows start and guest times when asked to, and only the start when it streams', async (t) => {
  const { url } = await start(t, answering('x'), {}, ServerTiming.shown);
  assert.equal((await fetch(url)).headers.get('server-timing'), 'start;dur=0.013, guest;dur=1.500');
  const streaming = fakeFunction(({ sink }) => {
    sink.head(200, [], fakeTiming);
    sink.write(Buffer.alloc(100_000));
    sink.end(fakeTiming);
  });
  const second = await start(t, streaming, {}, ServerTiming.shown);
  assert.equal((await fetch(second.url)).headers.get('server-timing'), 'start;dur=0.013');
});

test('Gateway.stop lets requests finish, tells their connections to close, and takes no new ones', async (t) => {
  let finish = (): void => {};
  const { promise: called, resolve: onCall } = Promise.withResolvers<void>();
  const loaded = fakeFunction(({ sink }) => {
    finish = () => {
      sink.head(200, [], fakeTiming);
      sink.write(Buffer.from('done'));
      sink.end(fakeTiming);
    };
    onCall();
  });
  const { url, port, gateway } = await start(t, loaded);
  const pending = fetch(url);
  await called;
  const stopped = gateway.stop(5000);
  await sleep(50);
  await assert.rejects(fetch(url));
  finish();
  const response = await pending;
  assert.equal(response.headers.get('connection'), 'close');
  assert.equal(await response.text(), 'done');
  assert.equal(await stopped, 0);
  assert.equal(await rawExchange(port, 'x').catch(() => 'refused'), 'refused');
});

test('Gateway.stop answers a request that an idle connection has just sent', async (t) => {
  const { port, gateway } = await start(t, answering('x'));
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const ask = (): Promise<string | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.headers.connection));
    }).on('error', reject);
    return promise;
  };
  assert.equal(await ask(), 'keep-alive');
  const stopped = gateway.stop(5000);
  await sleep(10);
  assert.equal(await ask(), 'close');
  await stopped;
});

test('Gateway.stop cuts what is not done by the deadline', async (t) => {
  const { promise: called, resolve: onCall } = Promise.withResolvers<void>();
  const { url, gateway } = await start(
    t,
    fakeFunction(() => onCall()),
  );
  const pending = assert.rejects(fetch(url));
  await called;
  assert.equal(await gateway.stop(300), 1);
  await pending;
});

test('Gateway answers internal, and lives on, when the engine breaks its word', async (t) => {
  const loaded = fakeFunction(() => {
    throw new Error('a bug');
  });
  const { url, failures } = await start(t, loaded);
  for (let count = 0; count < 2; count++) {
    const response = await fetch(url);
    assert.equal(response.status, 500);
    assert.equal(codeOf(await response.text()), 'internal');
  }
  assert.equal(failures.length, 2);
});
