import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { testRandom } from '../../test/support/control-under-test.ts';
import { isMayflyError } from '../base/mod.ts';
import { Sealer } from './sealer.ts';

const key = new Uint8Array(32).fill(1);
const sealer = new Sealer(key, testRandom());

test('Sealer.open gives what was sealed, whatever text it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // What is no Unicode text does not survive UTF-8.
      const whole = text.toWellFormed();
      assert.equal(sealer.open(sealer.seal(whole, 'shop', 'KEY'), 'shop', 'KEY'), whole);
    }),
  );
});

test('Sealer.seal never makes the same twice', () => {
  const sealed = Array.from({ length: 100 }, () => sealer.seal('same', 'shop', 'KEY'));
  assert.equal(new Set(sealed.map((one) => one.iv)).size, 100);
  assert.equal(new Set(sealed.map((one) => one.text)).size, 100);
});

test('Sealer.open refuses what was changed, moved, or sealed under another key, and tells nothing of it', () => {
  const sealed = sealer.seal('sesame-123', 'shop', 'KEY');
  const other = new Sealer(new Uint8Array(32).fill(2), testRandom());
  const flip = (text: string): string => {
    const bytes = Buffer.from(text, 'base64');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes.toString('base64');
  };
  const attempts: (() => string)[] = [
    () => sealer.open({ ...sealed, text: flip(sealed.text) }, 'shop', 'KEY'),
    () => sealer.open({ ...sealed, tag: flip(sealed.tag) }, 'shop', 'KEY'),
    () => sealer.open({ ...sealed, iv: flip(sealed.iv) }, 'shop', 'KEY'),
    () => sealer.open({ ...sealed, tag: sealed.tag.slice(0, 8) }, 'shop', 'KEY'),
    () => sealer.open({ ...sealed, tag: '' }, 'shop', 'KEY'),
    () => sealer.open({ ...sealed, iv: '' }, 'shop', 'KEY'),
    () => sealer.open(sealed, 'other', 'KEY'),
    () => sealer.open(sealed, 'shop', 'KEY2'),
    () => sealer.open(sealed, 'shop\0KEY', ''),
    () => other.open(sealed, 'shop', 'KEY'),
  ];
  for (const attempt of attempts) {
    assert.throws(attempt, (error) => {
      assert.ok(isMayflyError(error, 'secret_unreadable'));
      assert.doesNotMatch(inspect(error, { depth: 9 }), /sesame/);
      return true;
    });
  }
});
