import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { MayflyError } from '../base/mod.ts';
import { answering, fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { rawExchange } from '../../test/support/raw-http.ts';
import { start } from '../../test/support/gateway-under-test.ts';
import { headStart, Outbox } from './outbox.ts';
import type { WholeResponse } from './whole-response.ts';

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const last = 'Connection: close\r\n';

/** Keeps what it is to send. */
class FakeResponse {
  readonly sent: string[] = [];
  endWhole(): void {}
  sendWhole(text: string): void {
    this.sent.push(text);
  }
}

// Of a response the outbox uses these two methods.
const asResponse = (fake: FakeResponse): WholeResponse => fake as unknown as WholeResponse;

test('Outbox writes what is ready in one turn together at its end, in order, or when it is told to', async () => {
  const outbox = new Outbox(() => 0);
  const res = new FakeResponse();
  for (const body of ['a', 'b']) outbox.send(asResponse(res), headStart(200, []), '', body);
  assert.equal(res.sent.length, 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    res.sent.map((text) => text.at(-1)),
    ['a', 'b'],
  );
  outbox.send(asResponse(res), headStart(200, []), '', 'c');
  outbox.flush();
  assert.equal(res.sent.length, 3);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(res.sent.length, 3);
});

test('Outbox says the date of the second it is in, also when the clock is set back', () => {
  let now = Date.parse('2026-11-25T10:00:00.900Z');
  const outbox = new Outbox(() => now);
  const dateAt = (ms: number): string | undefined => {
    now = ms;
    const res = new FakeResponse();
    outbox.send(asResponse(res), headStart(200, []), '', '');
    outbox.flush();
    return /Date: (.*)\r\n/.exec(res.sent[0] ?? '')?.[1];
  };
  assert.equal(dateAt(now), 'Wed, 25 Nov 2026 10:00:00 GMT');
  assert.equal(dateAt(now + 99), 'Wed, 25 Nov 2026 10:00:00 GMT');
  assert.equal(dateAt(now + 1), 'Wed, 25 Nov 2026 10:00:01 GMT');
  assert.equal(dateAt(now - 3_600_000), 'Wed, 25 Nov 2026 09:00:01 GMT');
});

test('Gateway sends a small response as node would: head, length, date, what the connection does, body', async (t) => {
  const { port } = await start(t, answering('hello', ['Content-Type', 'text/plain', 'X-Bytes', 'gr\xfc\xdf']));
  const answer = await rawExchange(port, [get('/'), get('/', last)], 100);
  const [first = '', second = ''] = answer.split(/(?<=hello)(?=HTTP)/);
  assert.match(
    first,
    /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\nX-Bytes: gr\xfc\xdf\r\nContent-Length: 5\r\nDate: .* GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\nhello$/,
  );
  // The one that closes the connection takes node's own way.
  assert.match(second, /\r\nConnection: close\r\n\r\nhello$/);
});

test("Gateway says one Date: the function's, when it has one", async (t) => {
  const { port } = await start(t, answering('x', ['date', 'Thu, 01 Jan 1970 00:00:00 GMT']));
  const answer = await rawExchange(port, [get('/'), get('/', last)], 100);
  assert.deepEqual(answer.match(/^date: .*$/gim), Array(2).fill('date: Thu, 01 Jan 1970 00:00:00 GMT'));
});

test('Gateway answers pipelined requests in order, whichever way their responses take', async (t) => {
  const loaded = fakeFunction(({ request, sink }) => {
    const end = (): void => {
      sink.head(200, [], fakeTiming);
      // Longer ones are not kept as text.
      sink.write(Buffer.from(`[${request.path}]${request.path === '/3' ? '.'.repeat(20_000) : ''}`));
      sink.end(fakeTiming);
    };
    if (request.path === '/2') setTimeout(end, 20);
    else if (request.path === '/4') sink.fail(new MayflyError('guest_trap', { reason: 'x' }), fakeTiming);
    else end();
  });
  const { port } = await start(t, loaded);
  const paths = ['/1', '/2', '/3', '/4', '/5'];
  const answer = await rawExchange(port, paths.map((path) => get(path, path === '/5' ? last : '')).join(''));
  assert.deepEqual(answer.match(/\[\/\d\]|guest_trap/g), ['[/1]', '[/2]', '[/3]', 'guest_trap', '[/5]']);
  assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 5);
});

test('Gateway leaves out the body that answers a HEAD, and goes on with the connection', async (t) => {
  const { port } = await start(t, answering('hello'));
  const answer = await rawExchange(port, ['HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', get('/', last)], 100);
  const [head = '', whole = ''] = answer.split(/(?<=\r\n\r\n)(?=HTTP)/);
  assert.match(head, /\r\nContent-Length: 5\r\n/);
  assert.ok(whole.endsWith('hello'));
});

test('Gateway tells of a refusal with its length and Retry-After, and goes on with the connection', async (t) => {
  const refusing = fakeFunction(({ sink }) => sink.fail(new MayflyError('overloaded', {}), fakeTiming));
  const { port } = await start(t, refusing);
  const answer = await rawExchange(port, [get('/'), get('/', last)], 100);
  assert.equal(answer.match(/^HTTP\/1\.1 503 /gm)?.length, 2);
  assert.equal(answer.match(/\r\nRetry-After: 1\r\n/g)?.length, 2);
});

test('Gateway answers what came before bytes that are no request, and then refuses those', async (t) => {
  const { port } = await start(t, answering('hello'));
  for (const bad of ['no request\r\n\r\n', 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n']) {
    const answer = await rawExchange(port, get('/') + bad);
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400'], bad);
  }
});

test('Gateway answers a client that closes its side right behind its request', async (t) => {
  const { port } = await start(t, answering('hello'));
  const socket = connect(port, '127.0.0.1');
  socket.end(get('/'));
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
});

test('Gateway survives clients that leave between their request and its answer', async (t) => {
  const { port, url } = await start(t, answering('hello'));
  for (let round = 0; round < 20; round++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(get('/').repeat(3), () => socket.resetAndDestroy());
    await new Promise((resolve) => socket.on('close', resolve));
  }
  assert.equal(await (await fetch(url)).text(), 'hello');
});
