import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, asyncProperty, nat, string } from 'fast-check';
import { readEvents } from './event-reader.ts';

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const cut of cuts.map((one) => one % (bytes.length + 1)).toSorted((a, b) => a - b)) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
  yield bytes.subarray(start);
}

const read = (text: string, cuts: readonly number[] = []) =>
  Array.fromAsync(readEvents(chunksOf(Buffer.from(text), cuts)));

test('readEvents gives each event whole, however its bytes are cut', async () => {
  await assertProperty(
    asyncProperty(array(string({ unit: 'grapheme' })), array(nat()), async (texts, cuts) => {
      const stream = texts.map((text) => `event: line\ndata: ${JSON.stringify(text)}\n\n`).join('');
      const events = await read(stream, cuts);
      assert.deepEqual(
        events.map(({ event, data }) => [event, JSON.parse(data) as string]),
        texts.map((text) => ['line', text]),
      );
    }),
  );
});

const cases: readonly (readonly [name: string, text: string, events: readonly (readonly [string, string])[]])[] = [
  ['comments', ':\n\n: x\ndata: a\n\n', [['message', 'a']]],
  [
    'line ends of every kind',
    'data: a\r\n\r\ndata: b\r\rdata: c\n\n',
    [
      ['message', 'a'],
      ['message', 'b'],
      ['message', 'c'],
    ],
  ],
  ['several lines of data', 'data: a\ndata:b\n\n', [['message', 'a\nb']]],
  ['fields that it does not know', 'id: 1\nretry: 5\nx\ndata: a\n\n', [['message', 'a']]],
  ['a byte order mark', '\ufeffdata: a\n\n', [['message', 'a']]],
  ['what was cut short', 'data: a\n\ndata: b\n', [['message', 'a']]],
  ['an event without data', 'event: x\n\n', []],
];
for (const [name, text, events] of cases) {
  test(`readEvents reads ${name}`, async () => {
    for (const cuts of [[], [3], Array.from(text, (_, index) => index)])
      assert.deepEqual(
        (await read(text, cuts)).map(({ event, data }) => [event, data]),
        events,
      );
  });
}

test('readEvents refuses an event without an end', async () => {
  await assert.rejects(read(`data: ${'a'.repeat(9_000_000)}`), /too long/);
});
