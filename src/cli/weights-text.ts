import type { DeploymentResource, WeightResource } from '../admin/mod.ts';
import { MayflyError } from '../base/mod.ts';

/** What keeps a client at one version, as the API takes it. */
export type StickyInput = { readonly header: string } | { readonly cookie: string } | 'none';

/** `v3 90 %, v4 10 %`. */
export function weightsText(weights: readonly WeightResource[]): string {
  return weights
    .map(({ version, percent }) => (percent === 100 ? `v${version}` : `v${version} ${percent} %`))
    .join(', ');
}

/** `header:NAME`, `cookie:NAME`, or nothing. */
export function stickyText(stickyBy: DeploymentResource['stickyBy']): string {
  if (stickyBy === undefined) return '';
  return 'header' in stickyBy ? `header:${stickyBy.header}` : `cookie:${stickyBy.cookie}`;
}

/** Reads the `VERSION=PERCENT` of a command line. @throws MayflyError bad_usage */
export function parseWeights(texts: readonly string[]): WeightResource[] {
  const weights = texts.map((text) => {
    const found = /^v?([1-9]\d{0,8})=(\d{1,3})%?$/.exec(text);
    if (found !== null) return { version: Number(found[1]), percent: Number(found[2]) };
    throw badWeights(`${text} is not VERSION=PERCENT`);
  });
  const sum = weights.reduce((total, { percent }) => total + percent, 0);
  if (sum !== 100) throw badWeights(`they add up to ${sum}`);
  return weights.filter(({ percent }) => percent > 0);
}

function badWeights(what: string): MayflyError {
  return new MayflyError('bad_usage', {
    message: `Cannot split traffic so: ${what}, VERSION=PERCENT that add up to 100 are wanted`,
    hint: 'For example: mayfly deployments set hello 3=90 4=10',
  });
}

/** Reads `header:NAME`, `cookie:NAME` or `none`. @throws MayflyError bad_usage */
export function parseSticky(text: string): StickyInput {
  if (text === 'none') return text;
  const found = /^(header|cookie):([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})$/.exec(text);
  const [, kind, name = ''] = found ?? [];
  if (kind === 'header') return { header: name };
  if (kind === 'cookie') return { cookie: name };
  throw new MayflyError('bad_usage', {
    message: `Cannot keep clients at one version by ${text}: header:NAME, cookie:NAME or none is wanted`,
    hint: 'For example --sticky-by cookie:session',
  });
}
