/** Clients that take or send as slowly as they can. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../base/mod.ts';
import { fakeFunction, fakeTiming } from '../../test/support/fake-function.ts';
import { start } from '../../test/support/gateway-under-test.ts';
import { Gatherings, type SlowBody } from './gatherings.ts';
import { gatheringMax, gatherTimeoutMs, responseBufferBytes } from './limits.ts';
import { Outflow } from './outflow.ts';

function open(t: TestContext, port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

test('an answer written byte by byte comes whole, in chunks that are not one byte each', async (t) => {
  const bytes = 300_000;
  const { port } = await start(
    t,
    fakeFunction(({ sink }) => {
      sink.head(200, ['Content-Type', 'text/plain'], fakeTiming);
      let left = bytes;
      const go = (): void => {
        while (left > 0) {
          const taken = sink.write(Uint8Array.of(122));
          if (taken < 0) {
            sink.onReady(go);
            return;
          }
          left -= taken;
        }
        sink.end(fakeTiming);
      };
      setImmediate(go);
    }),
  );
  const socket = open(t, port);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const part of socket.setEncoding('latin1')) text += String(part);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  assert.equal(body.replaceAll(/[^z]/g, '').length, bytes);
  // Each chunk has its length before it.
  assert.ok(body.length < bytes * 1.01, `${body.length} bytes on the wire`);
  assert.ok(body.endsWith('0\r\n\r\n'));
});

test('a guest writes until its client has too much waiting, and is woken when the client reads', async (t) => {
  let written = 0;
  let blocked = Promise.withResolvers<void>();
  const { port } = await start(
    t,
    fakeFunction(({ sink }) => {
      const piece = new Uint8Array(1000);
      sink.head(200, ['Content-Type', 'text/plain'], fakeTiming);
      const go = (): void => {
        while (written < 50_000_000) {
          const taken = sink.write(piece);
          if (taken < 0) break;
          written += taken;
        }
        blocked.resolve();
        if (written < 50_000_000) sink.onReady(go);
      };
      setImmediate(go);
    }),
  );
  const socket = open(t, port);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await blocked.promise;
  // What the system's own buffers take comes on top.
  const first = written;
  assert.ok(first >= responseBufferBytes - 1000, `${first} bytes`);
  blocked = Promise.withResolvers();
  socket.resume();
  await blocked.promise;
  assert.ok(written > first);
});

test('Gatherings gives up the oldest when there are too many', () => {
  const given: number[] = [];
  const gatherings = new Gatherings(systemClock);
  const bodies = Array.from({ length: gatheringMax + 2 }, (_, index): SlowBody => {
    const body = {
      tooSlow: (): void => {
        given.push(index);
        gatherings.delete(body);
      },
    };
    return body;
  });
  for (const body of bodies) gatherings.add(body);
  assert.deepEqual(given, [0, 1]);
  for (const body of bodies) gatherings.delete(body);
});

test('Gatherings gives up what has taken too long, and nothing else', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const gatherings = new Gatherings({ ...systemClock, monotonicMs: () => now });
  const given: string[] = [];
  const add = (name: string): void => {
    const body = {
      tooSlow: (): void => {
        given.push(name);
        gatherings.delete(body);
      },
    };
    gatherings.add(body);
  };
  const pass = (ms: number): void => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  add('first');
  pass(gatherTimeoutMs / 2);
  add('second');
  assert.deepEqual(given, []);
  pass(gatherTimeoutMs / 2);
  assert.deepEqual(given, ['first']);
  pass(gatherTimeoutMs);
  assert.deepEqual(given, ['first', 'second']);
});

test('Outflow leaves less to each client the more there are, and never nothing', () => {
  const few = new Outflow({ size: 1 });
  const many = new Outflow({ size: 1000 });
  const crowd = new Outflow({ size: 1_000_000 });
  assert.ok(few.allowance > many.allowance && many.allowance > crowd.allowance);
  assert.ok(crowd.allowance > 65_536, 'what node says `drain` for');
});
