import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { wouldBlock } from '../wasi/mod.ts';
import { ReadableInput, WritableOutput } from './stdio.ts';

test('ReadableInput gives what comes, waits, and ends', async () => {
  const source = new PassThrough();
  const input = new ReadableInput(source);
  const target = new Uint8Array(4);
  assert.equal(input.read(target), wouldBlock);
  let woken = 0;
  input.onReady(() => woken++);
  source.write('hello');
  await sleep(1);
  assert.equal(woken, 1);
  assert.equal(input.available(), 5);
  assert.equal(input.read(target), 4);
  assert.equal(input.read(target), 1);
  assert.equal(input.read(target), wouldBlock);
  source.end();
  input.read(target);
  await sleep(1);
  assert.equal(input.ready(), true);
  assert.equal(input.read(target), 0);
});

test('ReadableInput leaves a stream alone that nobody reads', () => {
  const source = new PassThrough();
  void new ReadableInput(source);
  assert.equal(source.listenerCount('readable'), 0);
  assert.equal(source.readableFlowing, null);
});

test('ReadableInput ends when its stream breaks', async () => {
  const source = new PassThrough();
  const input = new ReadableInput(source);
  assert.equal(input.ready(), false);
  source.destroy(new Error('gone'));
  await sleep(1);
  assert.equal(input.read(new Uint8Array(1)), 0);
});

test('WritableOutput takes no more than its stream, and wakes when that has room', async () => {
  const written: string[] = [];
  const callbacks: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    write: (chunk: Buffer, _encoding, callback) => {
      written.push(chunk.toString());
      callbacks.push(callback);
    },
  });
  const output = new WritableOutput(stream, () => {});
  const bytes = Buffer.from('abcd');
  assert.equal(output.write(bytes), 4);
  bytes.fill(0);
  assert.equal(output.write(bytes), wouldBlock);
  let woken = 0;
  output.onReady(() => woken++);
  callbacks.shift()?.();
  await sleep(1);
  assert.equal(woken, 1);
  assert.deepEqual(written, ['abcd']);
});

test('WritableOutput tells when nobody reads any more, and blocks nobody', async () => {
  let broken = 0;
  const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('EPIPE')) });
  const output = new WritableOutput(stream, () => broken++);
  output.write(Buffer.from('a'));
  await sleep(1);
  assert.equal(broken, 1);
  assert.equal(output.write(Buffer.from('b')), 1);
});
