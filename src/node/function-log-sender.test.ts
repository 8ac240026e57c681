import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionName, ProjectId } from '../base/mod.ts';
import type { FunctionLine } from './function-log.ts';
import { FunctionLogSender, type LineBatch } from './function-log-sender.ts';
import { logBatchBytes, logBatchMs, logWaitingBytesOne } from './limits.ts';

function line(name: string, text: string): FunctionLine {
  const [project, fn] = ['shop' as ProjectId, name as FunctionName];
  return { project, function: fn, timeMs: 0, source: 'guest', level: 'info', text };
}

/** A supervisor that takes a batch when it is told to. */
function make(): { readonly sender: FunctionLogSender; readonly batches: LineBatch[]; readonly taken: () => void } {
  const batches: LineBatch[] = [];
  const sender = new FunctionLogSender((batch) => batches.push(batch));
  return { sender, batches, taken: () => sender.taken() };
}

test('FunctionLogSender gathers lines, and keeps their order', async () => {
  const { sender, batches } = make();
  for (const text of ['a', 'b', 'c']) sender.push(line('hello', text));
  assert.equal(batches.length, 0);
  await sleep(logBatchMs * 3);
  const texts = batches.map(({ lines }) => lines.map(({ text }) => text).join(' '));
  assert.deepEqual(texts, ['a b c']);
});

test('FunctionLogSender has one batch on the way, and none of them is large', () => {
  const { sender, batches, taken } = make();
  const text = 'x'.repeat(logBatchBytes / 4);
  for (let count = 0; count < 10; count++) sender.push(line(`f${count}`, text));
  sender.flush();
  sender.flush();
  assert.equal(batches.length, 1);
  let lines = 0;
  for (let round = 1; round <= 10; round++) {
    assert.ok((batches[round - 1]?.lines.length ?? 0) <= 4);
    lines += batches[round - 1]?.lines.length ?? 0;
    taken();
    sender.flush();
    if (batches.length === round) break;
  }
  assert.equal(lines, 10);
});

test('FunctionLogSender drops what one function has too much of, says so, and spares the others', () => {
  const { sender, batches, taken } = make();
  sender.push(line('noisy', 'first'));
  sender.flush(); // which nobody takes
  const text = 'x'.repeat(1000);
  for (let bytes = 0; bytes < 3 * logWaitingBytesOne; bytes += text.length) sender.push(line('noisy', text));
  sender.push(line('quiet', 'still here'));
  const lines: FunctionLine[] = [];
  const dropped: unknown[] = [];
  let seen = 1;
  for (taken(), sender.flush(); batches.length > seen; taken(), sender.flush()) {
    const batch = batches[seen++];
    lines.push(...(batch?.lines ?? []));
    dropped.push(...(batch?.dropped ?? []));
  }
  const kept = lines.filter((one) => one.function === 'noisy').length;
  assert.ok(kept * text.length <= logWaitingBytesOne && kept > 100);
  assert.equal(lines.filter((one) => one.function === 'quiet').length, 1);
  const pushed = Math.ceil((3 * logWaitingBytesOne) / text.length);
  assert.deepEqual(dropped, [{ project: 'shop', function: 'noisy', lines: pushed - kept }]);
});

test('FunctionLogSender drains: every batch is sent, and then it says so', async () => {
  const { sender, batches, taken } = make();
  for (let count = 0; count < 20; count++) sender.push(line(`f${count}`, 'x'.repeat(logBatchBytes / 4)));
  const drained = sender.drain();
  for (let seen = 0; batches.length > seen; taken()) seen = batches.length;
  await drained;
  assert.equal(batches.flatMap(({ lines }) => lines).length, 20);
  await sender.drain();
});
