import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestLog } from './guest-log.ts';
import { logBurstBytes, logBytesPerSecond, logLineBytesMax, logPartialLineMs } from './limits.ts';

interface Made {
  readonly log: GuestLog;
  readonly lines: string[];
  readonly dropped: number[];
  readonly pass: (ms: number) => void;
  readonly write: (text: string) => void;
}

function make(): Made {
  let now = 0;
  const lines: string[] = [];
  const dropped: number[] = [];
  const clock = { monotonicMs: () => now, wallMs: () => now };
  const log = new GuestLog({ line: (text) => lines.push(text), dropped: (bytes) => dropped.push(bytes) }, clock);
  return { log, lines, dropped, pass: (ms) => (now += ms), write: (text) => log.write(Buffer.from(text)) };
}

test('GuestLog makes lines of whatever pieces come', () => {
  const { lines, write } = make();
  for (const piece of ['one\ntw', 'o\r\n', '\n', 'three\n']) write(piece);
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
});

test('GuestLog puts together a character that comes in two pieces', () => {
  const { log, lines } = make();
  const bytes = Buffer.from('ä\n');
  log.write(bytes.subarray(0, 1));
  log.write(bytes.subarray(1));
  assert.deepEqual(lines, ['ä']);
});

test('GuestLog logs a line without an end after a while', async () => {
  const { lines, write } = make();
  write('partial');
  assert.deepEqual(lines, []);
  await sleep(logPartialLineMs * 2);
  assert.deepEqual(lines, ['partial']);
});

test('GuestLog breaks long lines', () => {
  const { log, lines, write } = make();
  write(`${'x'.repeat(logLineBytesMax * 2 + 10)}\n`);
  log.flush();
  assert.deepEqual(
    lines.map((line) => line.length),
    [logLineBytesMax, logLineBytesMax, 10],
  );
});

test('GuestLog drops what is above its rate, and says how much once there is room', () => {
  const { lines, dropped, pass, write } = make();
  const line = `${'x'.repeat(1023)}\n`;
  for (let bytes = 0; bytes < logBurstBytes; bytes += line.length) write(line);
  assert.equal(lines.length, logBurstBytes / line.length);
  write(line);
  write(line);
  assert.equal(lines.length, logBurstBytes / line.length);
  assert.deepEqual(dropped, []);
  pass(((line.length * 1000) / logBytesPerSecond) * 2);
  write(line);
  assert.deepEqual(dropped, [2 * line.length]);
  assert.equal(lines.length, logBurstBytes / line.length + 1);
});
