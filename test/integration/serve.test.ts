/** One node, real guests, real sockets: what a caller sees. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  fileLifetime,
  folderOfGuests,
  type NodeUnderTest,
  startNodeUnderTest,
  until,
} from '../support/node-under-test.ts';
import { codeOf, rawExchange, statusOf } from '../support/raw-http.ts';

const file = fileLifetime();
let node: NodeUnderTest;
before(async () => {
  const folder = folderOfGuests(file, {
    canary: '',
    crash: '',
    env: '[[routes]]\npath = "/env/*"\n[[routes]]\npath = "/elsewhere"\nhost = "*.example.org"\n[vars]\nCOLOUR = "blue"\n',
    grower: '[limits]\nmemoryBytes = "8MiB"\n',
    hog: '',
    sleeper: '[limits]\nwallMs = 2000\n',
    stderr: '',
    stdin: '[limits]\nrequestBodyBytes = "1MiB"\n',
    writer: '[limits]\nresponseBodyBytes = "32MiB"\nwallMs = 20000\n',
  });
  node = await startNodeUnderTest(file, [folder, '--workers', '2', '--server-timing', '--env', 'SHAPE=round']);
});

async function problem(path: string, init?: RequestInit): Promise<[status: number, code: string | undefined]> {
  const response = await fetch(`${node.url}${path}`, init);
  const text = await response.text();
  return [
    response.status,
    response.headers.get('content-type') === 'application/problem+json' ? codeOf(text) : undefined,
  ];
}

test('a function’s folder is served with the secrets of its .env, as they are when it is served', async (t) => {
  const folder = folderOfGuests(t, { env: 'secrets = ["KEY", "NONE"]\n' });
  const secrets = join(folder, 'env', '.env');
  writeFileSync(secrets, 'KEY=first-value\nOTHER=not mine\n');
  const own = await startNodeUnderTest(t, [folder, '--workers', '1']);
  const text = async (): Promise<string> => (await fetch(`${own.url}/env/`)).text();
  assert.match(await text(), /^KEY=first-value$/m);
  assert.doesNotMatch(await text(), /OTHER/);
  await own.logged(/secrets have no value here/);
  assert.doesNotMatch(own.log(), /first-value|KEY/);
  writeFileSync(secrets, 'KEY=two\nNONE=now\n');
  own.process.kill('SIGHUP');
  await own.logged(/"restarted: /);
  assert.match(await text(), /^KEY=two$[^]*^NONE=now$|^NONE=now$[^]*^KEY=two$/m);
});

describe('a node', () => {
  test('answers with the function that the path leads to, and tells it where it is mounted', async () => {
    const text = await (await fetch(`${node.url}/env/a%20b?x=1`, { headers: { 'X-Test': 'yes' } })).text();
    assert.match(text, /^REQUEST_METHOD=GET$/m);
    assert.match(text, /^SCRIPT_NAME=\/env$/m);
    assert.match(text, /^QUERY_STRING=x=1$/m);
    assert.match(text, /^HTTP_X_TEST=yes$/m);
    assert.match(text, /^COLOUR=blue$/m);
    assert.match(text, /^SHAPE=round$/m);
    assert.match(text, new RegExp(`^SERVER_PORT=${node.port}$`, 'm'));
  });

  test('routes by host', async () => {
    assert.equal(
      statusOf(
        await rawExchange(node.port, 'GET /elsewhere HTTP/1.1\r\nHost: a.example.org\r\nConnection: close\r\n\r\n'),
      ),
      200,
    );
    assert.equal(
      statusOf(await rawExchange(node.port, 'GET /elsewhere HTTP/1.1\r\nHost: b.org\r\nConnection: close\r\n\r\n')),
      404,
    );
  });

  test('answers no_route where nothing is', async () => {
    assert.deepEqual(await problem('/nothing'), [404, 'no_route']);
  });

  test('gives start and guest times with --server-timing', async () => {
    const { headers } = await fetch(`${node.url}/env/`);
    assert.match(headers.get('server-timing') ?? '', /^start;dur=\d+\.\d{3}, guest;dur=\d+\.\d{3}$/);
  });

  const endings: readonly (readonly [path: string, status: number, code: string])[] = [
    ['/crash/?unreachable', 500, 'guest_trap'],
    ['/crash/?stack', 500, 'guest_trap'],
    ['/crash/?exit=3', 500, 'guest_trap'],
    ['/crash/?half', 500, 'guest_trap'],
    ['/crash/?silent', 500, 'no_response'],
    ['/crash/?garbage', 502, 'bad_guest_response'],
    ['/crash/?bad-status', 502, 'bad_guest_response'],
    ['/crash/?short', 502, 'bad_guest_response'],
    ['/crash/?long', 502, 'bad_guest_response'],
    ['/crash/?two-lengths', 502, 'bad_guest_response'],
    ['/grower/?touch&then=trap', 503, 'memory_limit'],
    ['/hog/?empty', 503, 'cpu_limit'],
    ['/hog/?clock', 503, 'cpu_limit'],
    ['/hog/?yield', 503, 'cpu_limit'],
    ['/sleeper/?ms=5000', 504, 'wall_limit'],
  ];
  for (const [path, status, code] of endings) {
    test(`answers ${status} ${code} to ${path}`, async () => {
      assert.deepEqual(await problem(path), [status, code]);
      // The next one is served as if nothing had been.
      assert.equal((await fetch(`${node.url}/crash/`)).status, 200);
    });
  }

  test('tells the operator why, and the caller nothing of the inside', async () => {
    const text = await (await fetch(`${node.url}/crash/?unreachable`)).text();
    assert.doesNotMatch(text, /unreachable|wasm/i);
    await node.logged(/"function":"crash".*"code":"guest_trap"/);
  });

  test('logs what a function writes to stderr, by line and by name', async () => {
    await fetch(`${node.url}/stderr/`);
    await node.logged(/"function":"stderr","project":"default"/);
  });

  test('answers while another function spins on the same worker', async () => {
    const hogs = Array.from({ length: 4 }, () => problem('/hog/?nested'));
    const times: number[] = [];
    for (let count = 0; count < 20; count++) {
      const start = performance.now();
      assert.equal((await fetch(`${node.url}/env/`)).status, 200);
      times.push(performance.now() - start);
    }
    assert.ok(Math.min(...times) < 50);
    for (const hog of hogs) assert.deepEqual(await hog, [503, 'cpu_limit']);
  });
});

describe("a request's body", () => {
  test('arrives whole', async () => {
    const body = Buffer.alloc(1_000_000, 'body');
    const echoed = await fetch(`${node.url}/stdin/?echo`, { method: 'POST', body });
    assert.deepEqual(Buffer.from(await echoed.arrayBuffer()), body);
  });

  test('above requestBodyBytes is refused by its Content-Length', async () => {
    assert.deepEqual(await problem('/stdin/', { method: 'POST', body: Buffer.alloc(1_048_577) }), [
      413,
      'request_too_large',
    ]);
  });

  test('above requestBodyBytes is refused while it comes in chunks', async () => {
    const chunk = `${(0x40_000).toString(16)}\r\n${'x'.repeat(0x40_000)}\r\n`;
    const parts = [
      'POST /stdin/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      ...Array.from({ length: 6 }, () => chunk),
    ];
    const answer = await rawExchange(node.port, parts, 10);
    assert.equal(statusOf(answer), 413);
    assert.equal(codeOf(answer), 'request_too_large');
  });

  test('that comes slowly is waited for, without a slot', async () => {
    const parts = [
      'POST /stdin/?echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n',
      'h',
      'e',
      'l',
      'l',
      'o',
    ];
    const answer = await rawExchange(node.port, parts, 50);
    assert.match(answer, /^HTTP\/1\.1 200[\s\S]*hello$/);
  });

  test('that nobody reads does not disturb the next request on the connection', async () => {
    const body = 'x'.repeat(200_000);
    const first = `POST /stdin/?ignore HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answer = await rawExchange(node.port, `${first}GET /env/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200']);
  });
});

describe('a connection', () => {
  test('is kept alive for many requests, good and bad', async (t) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (const path of ['/env/', '/crash/?unreachable', '/env/', '/nothing', '/env/']) {
      await new Promise<void>((resolve, reject) => {
        const request = get(`${node.url}${path}`, { agent }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().on('end', resolve);
        });
        request.on('error', reject);
      });
    }
    assert.equal(ports.size, 1);
  });

  test('that is closed by its client ends the call', async () => {
    const socket = connect(node.port, '127.0.0.1');
    socket.write('GET /sleeper/?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n');
    await sleep(100);
    socket.destroy();
    assert.equal((await fetch(`${node.url}/sleeper/?ms=1`)).status, 200);
  });

  test('with a slow reader gets all of a large response', async () => {
    const socket = connect(node.port, '127.0.0.1');
    socket.write('GET /writer/?bytes=8000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.length % 50 !== 1) return;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    await new Promise((resolve) => socket.on('close', resolve));
    const answer = Buffer.concat(chunks).toString('latin1');
    assert.match(answer, /Transfer-Encoding: chunked/);
    assert.match(answer.slice(-20), /0\r\n\r\n$/);
    assert.ok(answer.length > 8_000_000);
  });

  test('is cut when a response that streams fails', async () => {
    await assert.rejects(async () => (await fetch(`${node.url}/writer/?bytes=40000000`)).arrayBuffer());
  });

  test('gets what a waiting function has written so far', async () => {
    const start = performance.now();
    const response = await fetch(`${node.url}/sleeper/?ms=1500&head`);
    assert.ok(performance.now() - start < 1400);
    await response.text();
    assert.ok(performance.now() - start >= 1490);
  });
});

test('no request sees what another one left', async () => {
  const answers = new Set<string>();
  for (let count = 0; count < 20; count++) answers.add(await (await fetch(`${node.url}/canary/?left=secret`)).text());
  assert.equal(answers.size, 1);
});

test('memory of the workers stays where it is', async () => {
  if (process.platform !== 'linux') return;
  const rssKib = (): number =>
    node.workerPids.reduce(
      (sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
      0,
    );
  const round = (): Promise<unknown> =>
    Promise.all(Array.from({ length: 50 }, async () => (await fetch(`${node.url}/env/`)).text()));
  for (let count = 0; count < 20; count++) await round();
  const settledKib = rssKib();
  for (let count = 0; count < 40; count++) await round();
  await until(() => rssKib() < settledKib * 1.5 + 50_000, 'memory to stay');
});
