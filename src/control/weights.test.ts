import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isMayflyError } from '../base/mod.ts';
import type { VersionNumber, WeightedVersion } from './types.ts';
import { checkWeights, shareWith } from './weights.ts';

const code = (wanted: string) => (error: unknown) => isMayflyError(error) && error.code === wanted;
const version = (number: number): VersionNumber => number as VersionNumber;
const sum = (entries: readonly WeightedVersion[]): number => entries.reduce((total, { percent }) => total + percent, 0);

/** Weights as they can be deployed: at most `most` versions, by number, adding up to 100. */
function deployable(most: number): fc.Arbitrary<WeightedVersion[]> {
  return fc
    .record({
      versions: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: most }),
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: most - 1, maxLength: most - 1 }),
    })
    .map(({ versions, cuts }) => {
      const ends = [...cuts.slice(0, versions.length - 1).toSorted((a, b) => a - b), 100];
      return versions
        .toSorted((a, b) => a - b)
        .map((number, index) => ({ version: version(number), percent: (ends[index] ?? 0) - (ends[index - 1] ?? 0) }));
    });
}

test('checkWeights takes whatever adds up to 100, and gives it by version', () => {
  fc.assert(
    fc.property(deployable(10), (entries) => {
      const versions = entries.map((entry) => entry.version);
      assert.deepEqual(checkWeights(entries.toReversed(), versions), entries);
    }),
  );
});

const refused: readonly (readonly [name: string, entries: readonly (readonly [number, number])[], code: string])[] = [
  ['nothing', [], 'bad_weights'],
  [
    '99 in all',
    [
      [1, 50],
      [2, 49],
    ],
    'bad_weights',
  ],
  [
    '101 in all',
    [
      [1, 51],
      [2, 50],
    ],
    'bad_weights',
  ],
  [
    'a negative share',
    [
      [1, 150],
      [2, -50],
    ],
    'bad_weights',
  ],
  [
    'a share of nothing',
    [
      [1, 100],
      [2, 0],
    ],
    'bad_weights',
  ],
  [
    'parts of a percent',
    [
      [1, 99.5],
      [2, 0.5],
    ],
    'bad_weights',
  ],
  ['no number', [[1, Number.NaN]], 'bad_weights'],
  ['no end', [[1, Infinity]], 'bad_weights'],
  [
    'one version twice',
    [
      [1, 50],
      [1, 50],
    ],
    'bad_weights',
  ],
  [
    'a version that there is not',
    [
      [1, 50],
      [7, 50],
    ],
    'not_found',
  ],
  [
    'too many versions',
    Array.from({ length: 11 }, (_, index) => [index + 1, index === 0 ? 90 : 1] as const),
    'bad_weights',
  ],
];
for (const [name, entries, wanted] of refused) {
  test(`checkWeights refuses ${name}`, () => {
    const versions = Array.from({ length: entries.length > 5 ? 20 : 3 }, (_, index) => version(index + 1));
    const weighted = entries.map(([number, percent]) => ({ version: version(number), percent }));
    assert.throws(() => checkWeights(weighted, versions), code(wanted));
  });
}

test('shareWith gives the new version just what was asked for, and the others the rest in proportion', () => {
  fc.assert(
    fc.property(deployable(9), fc.integer({ min: 1, max: 100 }), (deployed, percent) => {
      const shares = shareWith(deployed, version(5000), percent);
      assert.equal(sum(shares), 100);
      assert.deepEqual(checkWeights(shares, [...deployed.map((one) => one.version), version(5000)]), shares);
      assert.equal(shares.find((one) => one.version === 5000)?.percent, percent);
      for (const before of deployed) {
        const exact = (before.percent * (100 - percent)) / 100;
        const after = shares.find((one) => one.version === before.version)?.percent ?? 0;
        assert.ok(Math.abs(after - exact) < 1, `${before.percent} became ${after}, about ${exact} is wanted`);
      }
    }),
  );
});

test('shareWith gives a version that is deployed another share, and never leaves a part of the traffic to nobody', () => {
  const both = [
    { version: version(1), percent: 90 },
    { version: version(2), percent: 10 },
  ];
  assert.deepEqual(shareWith(both, version(2), 60), [
    { version: 1, percent: 40 },
    { version: 2, percent: 60 },
  ]);
  assert.deepEqual(shareWith(both, version(2), 100), [{ version: 2, percent: 100 }]);
  assert.throws(() => shareWith([], version(1), 10), code('bad_weights'));
  assert.throws(() => shareWith([{ version: version(1), percent: 100 }], version(1), 10), code('bad_weights'));
  for (const percent of [0, -1, 101, 0.5, Number.NaN])
    assert.throws(() => shareWith(both, version(3), percent), code('bad_weights'));
});
