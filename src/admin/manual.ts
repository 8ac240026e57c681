/** An endpoint, as a reference has it. */
export interface EndpointManual {
  readonly method: string;
  readonly path: string;
  readonly about: string;
  /** Which token may use it; none when everybody may. */
  readonly token: string | undefined;
}

const reaches = { project: 'of the project', node: 'of the whole node', actor: 'of a project or of the whole node' };

/** Every endpoint, in the order of the reference. Loads the schema library, which takes a tenth of a second. */
export async function loadAdminManual(): Promise<readonly EndpointManual[]> {
  const { allEndpoints } = await import('./openapi.ts');
  return allEndpoints.map(({ method, path, summary, access }) => ({
    method,
    path,
    about: summary,
    token: access === 'public' ? undefined : `\`${access.scope}\`, ${reaches[access.reach]}`,
  }));
}
