import type { TableManual } from './manifest-schema.ts';

/** The manual of `mayfly.toml`, for references. Loads the schema library, which takes a tenth of a second. */
export async function loadManifestManual(): Promise<readonly TableManual[]> {
  const { manifestManual } = await import('./manifest-schema.ts');
  return manifestManual;
}
