import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { answering, echoing, fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { start, type Started } from '../../test/support/gateway-under-test.ts';
import { temporaryFolder, until } from '../../test/support/node-under-test.ts';
import { functionName, MayflyError, projectId } from '../base/mod.ts';
import { defaultLimits, type Limits } from '../config/mod.ts';
import { CallMeasures, type LoadedFunction } from '../engine/mod.ts';
import { Gateway, ServerTiming } from '../gateway/mod.ts';
import { ForwardedFunction } from './forwarded-function.ts';
import { forwardedCallsMax, forwardedHeadBytesMax } from './limits.ts';
import { OwnFunction } from './own-function.ts';
import { OwnWorkerPool } from './own-worker-pool.ts';
import { UnixSockets } from './unix-sockets.ts';

/** A shared worker's gateway that sends everything to whoever listens on these sockets. */
async function shared(
  t: TestContext,
  sockets: readonly string[],
  limits: Partial<Limits> = {},
): Promise<Started & { readonly measures: CallMeasures }> {
  const pool = new OwnWorkerPool(sockets);
  t.after(() => pool.destroy());
  const measures = new CallMeasures();
  const all = { ...defaultLimits, ...limits };
  const forward = { project: projectId('shop'), name: functionName('cart'), limits: all, sockets };
  const started = await start(t, new ForwardedFunction(forward, { pool }, measures), limits);
  return { ...started, measures };
}

/** An own worker's gateway with this function, and a shared one in front of it. */
async function pair(t: TestContext, loaded: LoadedFunction, limits: Partial<Limits> = {}): Promise<Started> {
  const folder = temporaryFolder(t);
  const socket = path.join(folder, '0');
  const unix = new UnixSockets();
  t.after(() => unix.close());
  const own = new Gateway({ serverTiming: ServerTiming.shown }, { failed: () => {} });
  const version = { loaded: new OwnFunction(loaded), limits: { ...defaultLimits, ...limits }, percent: 100 };
  own.publish([{ versions: [version], routes: [{ path: '/*', mountPath: '' }] }]);
  await own.listen({ host: '127.0.0.1', port: 80 }, unix.of(socket));
  t.after(() => own.stop(0));
  return shared(t, [socket], limits);
}

/** Whoever sits in an own worker's place by now: answers every connection with `answer`. */
async function hostile(t: TestContext, answer: (socket: Socket, request: string) => void): Promise<string> {
  const socketPath = path.join(temporaryFolder(t), '0');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', (bytes) => answer(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return socketPath;
}

async function codeOf(response: Response): Promise<string> {
  // What a gateway says when something is wrong.
  const problem = (await response.json()) as { code: string };
  return `${response.status} ${problem.code}`;
}

test('ForwardedFunction.call passes on what the own worker answers, and what that took', async (t) => {
  const { url } = await pair(
    t,
    answering('hello', ['Content-Type', 'text/x', 'Set-Cookie', 'a', 'Set-Cookie', 'b'], 201),
  );
  const response = await fetch(`${url}/x`);
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(response.headers.get('content-type'), 'text/x');
  assert.deepEqual(response.headers.getSetCookie(), ['a', 'b']);
  assert.equal(response.headers.get('server-timing'), 'start;dur=0.013, guest;dur=1.500');
  assert.equal(await response.text(), 'hello');
  const head = await fetch(`${url}/x`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '5');
});

test('ForwardedFunction.call streams bodies both ways, of known and of unknown length', async (t) => {
  const { url } = await pair(t, echoing());
  for (const size of [0, 1, 65_536, 65_537, 5_000_000]) {
    const body = Buffer.alloc(size, 'mayfly ');
    const whole = await fetch(url, { method: 'POST', body });
    assert.ok(Buffer.from(await whole.arrayBuffer()).equals(body), `${size} bytes`);
    const stream = new Blob([body]).stream();
    const chunked = await fetch(url, { method: 'POST', body: stream, duplex: 'half' });
    assert.ok(Buffer.from(await chunked.arrayBuffer()).equals(body), `${size} bytes in chunks`);
  }
});

test('ForwardedFunction.call has a guest wait for a client that does not read', async (t) => {
  let written = 0;
  const long = fakeFunction(({ sink }) => {
    sink.head(200, [], fakeTiming);
    const chunk = Buffer.alloc(65_536);
    const step = (): void => {
      for (let taken = 0; taken >= 0 && written < 100_000_000; written += Math.max(0, taken)) taken = sink.write(chunk);
      if (written < 100_000_000) sink.onReady(step);
    };
    step();
  });
  const { url } = await pair(t, long, { responseBodyBytes: 1_000_000_000 });
  const leave = new AbortController();
  const response = await fetch(url, { signal: leave.signal });
  assert.equal(response.status, 200);
  let before = -1;
  await until(async () => {
    const same = written === before;
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return same;
  }, 'the guest to wait');
  assert.ok(written < 20_000_000, `${written} bytes were written that nobody read`);
  leave.abort();
});

test('ForwardedFunction.call tells the guest’s end of it when the client is gone', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const waiting = fakeFunction((call) => {
    begun.resolve();
    call.onAbort = () => {
      aborted.resolve();
      call.sink.fail(new MayflyError('client_gone', {}), fakeTiming);
    };
  });
  const { url } = await pair(t, waiting);
  const leave = new AbortController();
  const asked = fetch(url, { signal: leave.signal });
  await begun.promise;
  leave.abort();
  await assert.rejects(asked);
  await aborted.promise;
});

test('ForwardedFunction.call never gives a guest a body for whole that its client cut short', async (t) => {
  const ended: string[] = [];
  const begun = Promise.withResolvers<void>();
  const reader = fakeFunction((call) => {
    begun.resolve();
    const buffer = new Uint8Array(65_536);
    const { body } = call.request;
    call.onAbort = () => ended.push('aborted');
    const step = (): void => {
      for (;;) {
        const count = body.read(buffer);
        if (count < 0) return body.onReady(step);
        if (count === 0) return void (ended.length === 0 && ended.push('whole'));
      }
    };
    step();
  });
  const { port } = await pair(t, reader);
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const part = `20000\r\n${'x'.repeat(0x20000)}\r\n`;
  const client = connect(port, '127.0.0.1');
  client.write(`${head}${part}`);
  await begun.promise;
  client.destroy();
  await until(() => ended.length > 0, 'the end of the call');
  assert.equal(ended[0], 'aborted');
});

test('ForwardedFunction.call passes on how a call failed', async (t) => {
  const { url } = await pair(
    t,
    fakeFunction(({ sink }) => sink.fail(new MayflyError('cpu_limit', { limitMs: 5 }), fakeTiming)),
  );
  assert.equal(await codeOf(await fetch(url)), '503 cpu_limit');
});

test('ForwardedFunction.call keeps to the limits of its own end', async (t) => {
  const { url } = await pair(t, echoing(), { requestBodyBytes: 10 });
  assert.equal(await codeOf(await fetch(url, { method: 'POST', body: 'more than ten' })), '413 request_too_large');
});

test('ForwardedFunction.call is refused as overloaded when nobody listens', async (t) => {
  const { url, measures } = await shared(t, [path.join(temporaryFolder(t), 'nobody')]);
  const response = await fetch(url);
  assert.equal(response.headers.get('retry-after'), '1');
  assert.equal(await codeOf(response), '503 overloaded');
  assert.equal(measures.outcomes().get('overloaded'), 1);
});

test('ForwardedFunction.call is refused as overloaded past what one project may have under way', async (t) => {
  const silent = await hostile(t, () => {});
  const { url } = await shared(t, [silent]);
  const leave = new AbortController();
  const asked = Array.from({ length: forwardedCallsMax }, () => fetch(url, { signal: leave.signal }).catch(() => {}));
  await until(async () => {
    const quick = AbortSignal.timeout(200);
    const response = await fetch(url, { signal: quick }).catch(() => undefined);
    return response?.status === 503;
  }, 'a refusal');
  leave.abort();
  await Promise.all(asked);
});

test('a request goes to the own worker that has the fewest', async (t) => {
  const silent = await hostile(t, () => {});
  const talking = await hostile(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  const { url } = await shared(t, [silent, talking]);
  const leave = new AbortController();
  const stuck = fetch(url, { signal: leave.signal }).catch(() => {});
  for (let count = 0; count < 5; count++) assert.equal(await (await fetch(url)).text(), 'ok');
  leave.abort();
  await stuck;
});

/** What somebody in an own worker's place may send, and what a client gets to see of it. */
const answers: readonly (readonly [what: string, answer: string, seen: RegExp])[] = [
  ['nothing but an end', '', /^502 worker_lost$/],
  ['what is no HTTP', 'hello\r\n\r\n', /^502 worker_lost$/],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^502 worker_lost$/],
  [
    'a head that is too large',
    `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(forwardedHeadBytesMax)}\r\n\r\n`,
    /^502 worker_lost$/,
  ],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(20_000)}`, /^502 worker_lost$/],
  [
    'a header that splits the response',
    'HTTP/1.1 200 OK\r\nA: b\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n',
    /^502 /,
  ],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n', /^502 /],
  ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^502 /],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd', /^502 /],
  ['a status that is none', 'HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n', /^502 bad_guest_response$/],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', /^502 /],
];

for (const [what, answer, seen] of answers) {
  test(`a hostile own worker that answers with ${what} costs its own client alone`, async (t) => {
    const { url } = await shared(t, [await hostile(t, (socket) => socket.end(answer, 'latin1'))]);
    const response = await fetch(url);
    assert.match(await codeOf(response), seen);
    assert.equal(response.headers.get('set-cookie'), null);
  });
}

test('a hostile own worker cannot answer a request that it was not sent', async (t) => {
  const one = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none';
  const two = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo';
  let first = true;
  const socket = await hostile(t, (connection) => {
    connection.write(first ? one + two : one);
    first = false;
  });
  const { url } = await shared(t, [socket]);
  for (let count = 0; count < 5; count++) assert.equal(await (await fetch(url)).text(), 'one');
});

test('a response that a hostile own worker cuts is cut for the client, too', async (t) => {
  for (const head of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
    const text = `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${head.startsWith('T') ? '20000\r\n' : ''}${'x'.repeat(70_000)}`;
    const { url } = await shared(t, [await hostile(t, (socket) => socket.end(text))]);
    await assert.rejects(
      fetch(url).then((response) => response.text()),
      head,
    );
  }
});

test('a hostile own worker that says nothing, or no more, is given up some time after the function’s wallMs', async (t) => {
  const silent = await shared(t, [await hostile(t, () => {})], { wallMs: 1 });
  // Not `overloaded`, which says that it can be sent again: the function may have run.
  assert.equal(await codeOf(await fetch(silent.url)), '502 worker_lost');
  const begun = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`;
  const stuck = await shared(t, [await hostile(t, (socket) => socket.write(begun))], { wallMs: 1 });
  await assert.rejects(fetch(stuck.url).then((response) => response.text()));
});

test('a hostile own worker gets no more through than its function’s responses may have', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const socket = await hostile(t, (connection) => connection.write(`${head}10000\r\n${'x'.repeat(65_536)}\r\n`));
  const { url } = await shared(t, [socket], { responseBodyBytes: 1000 });
  assert.equal(await codeOf(await fetch(url)), '502 bad_guest_response');
});

test('OwnFunction.call refuses who is no worker of the node', async (t) => {
  const { url } = await start(t, new OwnFunction(answering('hello')));
  assert.equal(await codeOf(await fetch(url)), '400 bad_request');
});
