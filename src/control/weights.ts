import { MayflyError } from '../base/mod.ts';
import { weightsMax } from './limits.ts';
import type { VersionNumber, WeightedVersion } from './types.ts';

/** The rules of how versions share traffic. */

/**
 * Makes sure that `entries` can be deployed.
 * @returns them by version
 * @throws MayflyError bad_weights; not_found for a version that there is not
 */
export function checkWeights(
  entries: readonly WeightedVersion[],
  versions: readonly VersionNumber[],
): readonly WeightedVersion[] {
  const fail = (reason: string): never => {
    throw new MayflyError('bad_weights', { reason });
  };
  if (entries.length === 0) fail('no version is named, one or more are wanted');
  if (entries.length > weightsMax) fail(`${entries.length} versions are named, at most ${weightsMax} are wanted`);
  for (const { version, percent } of entries) {
    if (!versions.includes(version)) throw new MayflyError('not_found', { what: 'version', name: String(version) });
    if (!Number.isInteger(percent) || percent < 1 || percent > 100)
      fail(`version ${version} has ${percent} percent, a whole number from 1 to 100 is wanted`);
  }
  if (new Set(entries.map(({ version }) => version)).size < entries.length) fail('a version is named twice');
  const sum = entries.reduce((total, { percent }) => total + percent, 0);
  if (sum !== 100) fail(`the percents add up to ${sum}, 100 is wanted`);
  return entries.toSorted((a, b) => a.version - b.version).map(({ version, percent }) => ({ version, percent }));
}

/**
 * Gives `version` its share, and what is deployed the rest, in proportion. Whatever is left with less than one percent takes no
 * traffic any more.
 * @throws MayflyError bad_weights
 */
export function shareWith(
  deployed: readonly WeightedVersion[],
  version: VersionNumber,
  percent: number,
): readonly WeightedVersion[] {
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) {
    throw new MayflyError('bad_weights', {
      reason: `the new version is to have ${percent} percent, a whole number from 1 to 100 is wanted`,
    });
  }
  if (percent === 100) return [{ version, percent }];
  const others = deployed.filter((entry) => entry.version !== version);
  if (others.length === 0) {
    throw new MayflyError('bad_weights', {
      reason: `no other version is deployed to take the other ${100 - percent} percent, 100 are wanted`,
    });
  }
  if (others.length >= weightsMax) {
    throw new MayflyError('bad_weights', {
      reason: `${others.length} versions are deployed already, which is the most`,
    });
  }
  return [...scaled(others, 100 - percent), { version, percent }].toSorted((a, b) => a.version - b.version);
}

/** Makes whole percents of `entries` that add up to `total`: the largest remainders get what rounding down leaves. */
function scaled(entries: readonly WeightedVersion[], total: number): WeightedVersion[] {
  const sum = entries.reduce((all, { percent }) => all + percent, 0);
  const shares = entries.map(({ version, percent }) => {
    const exact = percent * total;
    return { version, percent: Math.floor(exact / sum), remainder: exact % sum };
  });
  const missing = total - shares.reduce((all, { percent }) => all + percent, 0);
  const byRemainder = shares.toSorted((a, b) => b.remainder - a.remainder || a.version - b.version);
  const raised = new Set(byRemainder.slice(0, missing).map(({ version }) => version));
  return shares
    .map(({ version, percent }) => ({ version, percent: raised.has(version) ? percent + 1 : percent }))
    .filter(({ percent }) => percent > 0);
}
