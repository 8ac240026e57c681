import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, isMayflyError } from '../base/mod.ts';
import { defaultLimits, limitManuals, mergeLimits, parseLimit } from './limits.ts';
import { formatQuantity, parseQuantity } from './quantity.ts';

const accepted: readonly (readonly [string, object])[] = [
  ['cpuMs=50', { cpuMs: 50 }],
  ['cpuMs=2s', { cpuMs: 2000 }],
  ['cpuMs = 0.5s', { cpuMs: 500 }],
  ['wallMs=5m', { wallMs: 300_000 }],
  ['memoryBytes=64MiB', { memoryBytes: 67_108_864 }],
  ['memoryBytes=1mb', { memoryBytes: 1_000_000 }],
  ['requestBodyBytes=0', { requestBodyBytes: 0 }],
  ['subrequests=7', { subrequests: 7 }],
];
for (const [text, limits] of accepted) {
  test(`parseLimit accepts ${text}`, () => assert.deepEqual(parseLimit(text), limits));
}

const refused: readonly (readonly [string, ErrorCode])[] = [
  ['cpuMs', 'bad_usage'],
  ['cpums=50', 'unknown_limit'],
  ['toString=50', 'unknown_limit'],
  ['cpuMs=', 'bad_limit'],
  ['cpuMs=0', 'bad_limit'],
  ['cpuMs=-1', 'bad_limit'],
  ['cpuMs=1.5', 'bad_limit'],
  ['cpuMs=1e3', 'bad_limit'],
  ['cpuMs=50MiB', 'bad_limit'],
  ['cpuMs=99999999999', 'bad_limit'],
  ['memoryBytes=64', 'bad_limit'],
  ['memoryBytes=1TiB', 'bad_limit'],
  ['subrequests=5s', 'bad_limit'],
];
for (const [text, code] of refused) {
  test(`parseLimit refuses ${text} with ${code}`, () => {
    assert.throws(
      () => parseLimit(text),
      (error) => isMayflyError(error, code),
    );
  });
}

test('parseLimit suggests the nearest name', () => {
  assert.throws(
    () => parseLimit('memorybyte=1'),
    (error) => isMayflyError(error) && error.hint === 'Did you mean memoryBytes?',
  );
});

test('mergeLimits lets later layers win, and keeps the defaults below', () => {
  const merged = mergeLimits({ cpuMs: 1, wallMs: 2 }, { cpuMs: 3 });
  assert.deepEqual(merged, { ...defaultLimits, cpuMs: 3, wallMs: 2 });
});

test('limitManuals has defaults within their ranges', () => {
  for (const { kind, default: value, range } of limitManuals) assert.equal(parseQuantity(value, kind, range), value);
});

test('formatQuantity writes what parseQuantity reads', () => {
  const range = { min: 0, max: 2 ** 40 };
  for (const value of [0, 1, 1000, 1024, 1536, 65_536, 3_600_000, 90_000, 134_217_728]) {
    for (const kind of ['bytes', 'milliseconds', 'count'] as const) {
      assert.equal(parseQuantity(formatQuantity(value, kind), kind, range), value);
    }
  }
});
