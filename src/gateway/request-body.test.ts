import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { wouldBlock } from '../wasi/mod.ts';
import { bodyGatherBytes, bodyGatherMs, bodyWindowBytes } from './limits.ts';
import { RequestBody } from './request-body.ts';

interface Made {
  readonly source: PassThrough;
  readonly body: RequestBody;
  readonly tooLarge: () => number;
}

function make(bytesMax = 10_000_000): Made {
  const source = new PassThrough({ highWaterMark: 1 << 24 });
  let tooLarge = 0;
  // A body reads nothing of a request but its stream.
  const body = new RequestBody(source as unknown as IncomingMessage, bytesMax, () => tooLarge++);
  return { source, body, tooLarge: () => tooLarge };
}

function readAll(body: RequestBody, atOnce: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  const step = (): void => {
    for (;;) {
      const target = Buffer.alloc(atOnce);
      const count = body.read(target);
      if (count === wouldBlock) return body.onReady(step);
      if (count === 0) return resolve(Buffer.concat(chunks));
      chunks.push(target.subarray(0, count));
    }
  };
  step();
  return promise;
}

for (const [pieces, atOnce] of [
  [1, 7],
  [3, 100_000],
  [1000, 10],
  [20_000, 4096],
] as const) {
  test(`RequestBody.read gives ${pieces} pieces whole, in order, ${atOnce} bytes at a time`, async () => {
    const { source, body } = make();
    const sent = Buffer.concat(Array.from({ length: pieces }, (_, index) => Buffer.from(`${index},`)));
    const received = readAll(body, atOnce);
    for (let index = 0; index < pieces; index++) source.write(`${index},`);
    source.end();
    assert.deepEqual(await received, sent);
  });
}

test('RequestBody.read gives 0 at the end, and wouldBlock before', async () => {
  const { source, body } = make();
  assert.equal(body.read(new Uint8Array(4)), wouldBlock);
  assert.equal(body.ready(), false);
  source.end('ab');
  await sleep(1);
  assert.equal(body.available(), 2);
  assert.equal(body.read(new Uint8Array(4)), 2);
  assert.equal(body.read(new Uint8Array(4)), 0);
  assert.equal(body.ready(), true);
});

test('RequestBody stops the source at the window, and lets it go on when it is read', async () => {
  const { source, body } = make();
  const chunk = Buffer.alloc(bodyWindowBytes / 4);
  for (let count = 0; count < 12; count++) source.write(chunk);
  await sleep(5);
  assert.equal(body.available(), bodyWindowBytes);
  assert.equal(source.isPaused(), true);
  body.read(new Uint8Array(bodyWindowBytes));
  await sleep(5);
  assert.equal(body.available(), bodyWindowBytes);
});

test('RequestBody.gather waits for all of a small body', async () => {
  const { source, body } = make();
  let gathered = 0;
  body.gather(4, () => gathered++);
  source.write('ab');
  await sleep(bodyGatherMs * 2);
  assert.equal(gathered, 0);
  source.end('cd');
  await sleep(1);
  assert.equal(gathered, 1);
  assert.equal(body.available(), 4);
});

test('RequestBody.gather does not wait for a large body', () => {
  const { body } = make();
  let gathered = 0;
  body.gather(bodyGatherBytes + 1, () => gathered++);
  assert.equal(gathered, 1);
});

test('RequestBody.gather waits for an unknown length only so much, and only so long', async () => {
  const many = make();
  let gathered = 0;
  many.body.gather(undefined, () => gathered++);
  many.source.write(Buffer.alloc(bodyGatherBytes));
  await sleep(5);
  assert.equal(gathered, 1);
  const slow = make();
  slow.body.gather(undefined, () => gathered++);
  slow.source.write('a');
  await sleep(bodyGatherMs / 2);
  assert.equal(gathered, 1);
  await sleep(bodyGatherMs);
  assert.equal(gathered, 2);
});

test('RequestBody tells once that it is too large, and gives nothing more', async () => {
  const { source, body, tooLarge } = make(5);
  let gathered = 0;
  body.gather(undefined, () => gathered++);
  source.write('abc');
  source.write('def');
  source.write('ghi');
  await sleep(bodyGatherMs * 2);
  assert.equal(tooLarge(), 1);
  assert.equal(gathered, 0);
  assert.equal(body.read(new Uint8Array(10)), 0);
});

test('RequestBody.drop wakes who waits, and drains the source', async () => {
  const { source, body } = make();
  let woken = 0;
  body.onReady(() => woken++);
  body.drop();
  assert.equal(woken, 1);
  source.write(Buffer.alloc(bodyWindowBytes * 2));
  source.end();
  await sleep(5);
  assert.equal(source.readableEnded, true);
  assert.equal(body.available(), 0);
});
