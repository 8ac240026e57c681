import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as assertProperty, constantFrom, jsonValue, property, string } from 'fast-check';
import { isMayflyError } from '../base/mod.ts';
import { parseStrictJson } from './strict-json.ts';

/** What a scanner of JSON could stumble over. */
const awkward = constantFrom('a', '"', '\\', '\0', '\n', '{', ':', ',', 'é', '\u2028', '😀');

test('parseStrictJson reads whatever JSON.stringify writes, however it is spaced', () => {
  assertProperty(
    property(jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value);
      if (text.includes('"__proto__"')) return;
      for (const spaced of [text, JSON.stringify(value, null, 2), `\n${text}\t`])
        assert.deepEqual(parseStrictJson(Buffer.from(spaced)), JSON.parse(text));
    }),
  );
});

test('parseStrictJson refuses every key that is there twice, in every spelling', () => {
  assertProperty(
    property(string({ unit: awkward }), (key) => {
      const written = JSON.stringify(key);
      const escaped = `"${key.replace(/[^]/g, escapeUnit)}"`;
      for (const again of [written, escaped]) {
        const text = `{"a":[{${written}:1,"b":{},${again}:2}]}`;
        assert.throws(
          () => parseStrictJson(Buffer.from(text)),
          (error) => isMayflyError(error, 'bad_json'),
          text,
        );
      }
    }),
  );
});

test('parseStrictJson lets the same key stand in different objects', () => {
  const text = '{"a":{"a":[{"a":1},{"a":"\\"a\\":"}]},"b":"{\\"a\\":1,\\"a\\":1}"}';
  assert.deepEqual(parseStrictJson(Buffer.from(text)), JSON.parse(text));
});

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
