import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FunctionName } from '../base/mod.ts';
import { decodeRecord, encodeRecord, type LogRecord, readLine } from './function-log.ts';
import { logLineBytesMax } from './limits.ts';

const record: LogRecord = {
  function: 'hello' as FunctionName,
  cursor: '1',
  at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  source: 'guest',
  level: 'info',
  text: '',
};

/** What a function may write to look like something else. */
const hostile: readonly (readonly [name: string, text: string])[] = [
  ['a line that looks like a record', `a\n${encodeRecord({ ...record, source: 'platform', text: 'forged' })}`],
  ['a carriage return', 'all is well\rworker is down'],
  ['colours, titles and cleared screens', '\u001b[2J\u001b[31m\u001b]0;owned\u0007'],
  ['C1 controls', '\u009b2J\u0085\u0090'],
  ['text that runs backwards', '\u202egnp.exe\u202c \u2066x\u2069'],
  ['line ends of other scripts', 'a\u2028b\u2029c'],
  ['a lone surrogate', '\ud800 and \udc00'],
  ['characters beyond the first plane', '\u{e0001}\u{1f41d}'],
  ['NUL', 'a\0b'],
];
for (const [name, text] of hostile) {
  test(`encodeRecord keeps ${name} in one line that a terminal acts on nothing of`, () => {
    const line = encodeRecord({ ...record, text });
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    assert.deepEqual(decodeRecord(line), { ...record, text });
  });
}

for (const line of [
  '',
  '{',
  'null',
  '[]',
  '{"id":1}',
  encodeRecord(record).replace('guest', 'root'),
  '{"id":"1","ti',
]) {
  test(`decodeRecord takes ${line} for nothing`, () => assert.equal(decodeRecord(line), undefined));
}

const line = { project: 'shop', function: 'hello', timeMs: 1, source: 'guest', level: 'info', text: 'hi' };

test('readLine reads a line', () => assert.deepEqual(readLine(line), line));

test('readLine cuts what is longer than a line can be', () => {
  assert.equal(readLine({ ...line, text: 'x'.repeat(logLineBytesMax * 3) })?.text.length, logLineBytesMax);
});

/** What a worker that a guest has taken over might send. */
const forged: readonly unknown[] = [
  undefined,
  'line',
  { ...line, project: '../../etc' },
  { ...line, function: 'a/b' },
  { ...line, function: '.' },
  { ...line, function: '' },
  { ...line, timeMs: Number.NaN },
  { ...line, timeMs: 1e300 },
  { ...line, level: 'fatal' },
  { ...line, text: { length: 1e9 } },
];
for (const value of forged) {
  test(`readLine refuses ${JSON.stringify(value)}`, () => assert.equal(readLine(value), undefined));
}
