import type { ControlContext } from './context.ts';
import { artifactUnusedMs } from './limits.ts';
import { hostId } from './route-claims.ts';
import type { StoredFunction } from './schemas.ts';
import { functionId } from './tables.ts';

/**
 * Removes what is left of deploys and deletions that came to no end: versions that no function lists, claims that no function routes. To
 * be done while nothing else is: a deploy that is under way looks the same.
 * @param functions every function that there is
 * @param unreadable functions whose records cannot be read: they keep all that may be theirs
 */
export async function sweepFunctions(
  { claims, tables }: ControlContext,
  functions: ReadonlyMap<string, StoredFunction>,
  unreadable: ReadonlySet<string>,
): Promise<void> {
  for (const id of await tables.versions.ids('')) {
    const [project = '', name = '', number = ''] = id.split('/');
    const owner = `${project}/${name}`;
    const isListed = functions.get(owner)?.versions.some((each) => each === Number(number)) ?? false;
    if (!isListed && !unreadable.has(owner)) await tables.versions.delete(id, 'any');
  }
  await claims.sweep((claim, host) => {
    const id = functionId(claim.project, claim.function);
    const routes = functions.get(id)?.routes ?? [];
    return unreadable.has(id) || routes.some((route) => hostId(route.host) === host && route.path === claim.path);
  });
}

/** Removes images that are no version's. At any time: the version of a deploy that is under way is there before it is loaded. */
export async function sweepImages({ tables, tools }: ControlContext): Promise<void> {
  const versions = await tables.versions.list('', {}, () => {});
  await tools.images.keepOnly(
    versions.map(({ value: { artifact, settings } }) => ({ artifact, memoryBytes: settings.limits.memoryBytes })),
  );
}

/** Removes uploads that no version has, a day after they came, and blobs that are nobody's. At any time. */
export async function sweepArtifacts({ tables, tools }: ControlContext): Promise<void> {
  const nowMs = tools.clock.wallMs();
  const versions = await tables.versions.list('', {}, () => {});
  const used = new Set<string>(versions.map(({ value }) => value.artifact));
  const kept = new Set(used);
  for (const id of await tables.artifacts.ids('')) {
    const [project = ''] = id.split('/');
    const upload = (await tables.artifacts.get(id).catch(() => undefined))?.value;
    const isOwned = (await tables.projects.ids(project, { limit: 1 })).length > 0;
    const isNeeded =
      upload !== undefined && isOwned && (used.has(upload.digest) || nowMs - upload.uploadedAt < artifactUnusedMs);
    if (isNeeded) kept.add(upload.digest);
    else await tables.artifacts.delete(id, 'any');
  }
  for await (const { digest, storedAtMs } of tools.blobs.list()) {
    // One that has just been put may be about to get its record.
    if (!kept.has(digest) && nowMs - storedAtMs >= artifactUnusedMs) await tools.blobs.delete(digest);
  }
}
