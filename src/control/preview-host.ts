import { type FunctionName, isName, type ProjectId } from '../base/mod.ts';
import type { ControlPolicy } from './ports.ts';
import type { VersionNumber } from './types.ts';

/** A version, by what its preview address says. */
export interface PreviewTarget {
  readonly project: ProjectId;
  readonly function: FunctionName;
  readonly version: VersionNumber;
}

/** The host at which a version answers whatever its share of the traffic is: `v3.cart.shop.preview.localhost`. */
export function previewHost(
  { previewDomain }: Pick<ControlPolicy, 'previewDomain'>,
  project: ProjectId,
  name: FunctionName,
  version: VersionNumber,
): string | undefined {
  return previewDomain === undefined ? undefined : `v${version}.${name}.${project}.${previewDomain}`;
}

/** What `previewHost` has made `host` from; undefined for any other. */
export function parsePreviewHost(host: string, previewDomain: string): PreviewTarget | undefined {
  if (!host.endsWith(`.${previewDomain}`)) return undefined;
  const [number = '', name = '', project = '', ...more] = host.slice(0, -previewDomain.length - 1).split('.');
  if (more.length > 0 || !/^v[1-9]\d{0,8}$/.test(number) || !isName(name) || !isName(project)) return undefined;
  // All three are checked to be one.
  return {
    project: project as ProjectId,
    function: name as FunctionName,
    version: Number(number.slice(1)) as VersionNumber,
  };
}
