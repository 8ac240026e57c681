import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownText } from './shown-text.ts';

const cases: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['plain text', 'fd_write, Größe 漢字', 'fd_write, Größe 漢字'],
  ['escape sequences', '\u001b[2J\u009b31m', '\\u{1b}[2J\\u{9b}31m'],
  ['line ends', 'a\r\nb\u2028c', 'a\\u{d}\\u{a}b\\u{2028}c'],
  ['a change of direction', 'a\u202eb', 'a\\u{202e}b'],
  ['NUL and DEL', '\0\u007f', '\\u{0}\\u{7f}'],
];

for (const [what, text, shown] of cases) test(`shownText: ${what}`, () => assert.equal(shownText(text), shown));

test('shownText cuts what is too long', () => {
  assert.equal(shownText('x'.repeat(100_000)), `${'x'.repeat(200)}…`);
  assert.equal(shownText('abcdef', 3), 'abc…');
});
