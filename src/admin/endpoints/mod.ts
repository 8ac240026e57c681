/** Every endpoint of the admin API, in the order of its reference; a file for each noun. */
import type { Endpoint } from '../endpoint.ts';
import { deploymentEndpoints } from './deployments.ts';
import { functionEndpoints } from './functions.ts';
import { logEndpoints } from './logs.ts';
import { nodeEndpoints } from './node.ts';
import { projectEndpoints } from './projects.ts';
import { secretEndpoints } from './secrets.ts';
import { tokenEndpoints } from './tokens.ts';

export const endpoints: readonly Endpoint[] = [
  ...projectEndpoints,
  ...functionEndpoints,
  ...deploymentEndpoints,
  ...secretEndpoints,
  ...logEndpoints,
  ...tokenEndpoints,
  ...nodeEndpoints,
];
