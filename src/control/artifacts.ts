import { type Digest, isDigest, MayflyError, type ProjectId } from '../base/mod.ts';
import type { ControlContext } from './context.ts';
import { artifactsPerProjectMax } from './limits.ts';
import type { Artifacts } from './parts.ts';
import type { UploadedArtifact } from './schemas.ts';
import type { Actor } from './types.ts';

/** Uploads: blobs that all projects share, and a record for each project that has sent one. */
export class RecordedArtifacts implements Artifacts {
  readonly #context: ControlContext;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  put(project: string, digest: Digest, source: AsyncIterable<Uint8Array>, actor: Actor): Promise<void> {
    const { audit, tables, tools, policy, turns } = this.#context;
    return audit.around({ actor, action: 'artifact.put', project, target: String(digest) }, async () => {
      const { id } = await tables.project(project);
      if (!isDigest(digest)) throw new MayflyError('not_found', { what: 'digest', name: String(digest).slice(0, 100) });
      if ((await tables.artifacts.ids(`${id}/`, { limit: artifactsPerProjectMax })).length >= artifactsPerProjectMax)
        throw new MayflyError('too_many', { what: 'artifacts', limit: artifactsPerProjectMax });
      const { sizeBytes } = await tools.blobs.put(digest, source, policy.artifactBytesMax);
      // A project that is deleted during the upload is not to leave anything.
      await turns.run(id, async () => {
        await tables.project(id);
        await tables.artifacts.put(
          artifactId(id, digest),
          { digest, sizeBytes, uploadedAt: tools.clock.wallMs() },
          'any',
        );
      });
    });
  }

  async has(project: string, digest: Digest): Promise<boolean> {
    const { id } = await this.#context.tables.project(project);
    return (await this.find(id, digest)) !== undefined;
  }

  /** Has an artifact be kept for a day more, as something is about to be made of it. */
  async touch(project: ProjectId, artifact: UploadedArtifact): Promise<void> {
    const { tables, tools } = this.#context;
    const uploadedAt = tools.clock.wallMs();
    await tables.artifacts.put(artifactId(project, artifact.digest), { ...artifact, uploadedAt }, 'any');
  }

  /** What is known of an artifact that the project has uploaded, and that is still there. */
  async find(project: ProjectId, digest: Digest): Promise<UploadedArtifact | undefined> {
    if (!isDigest(digest)) return undefined;
    const { tables, tools } = this.#context;
    const found = await tables.artifacts.get(artifactId(project, digest));
    return found !== undefined && (await tools.blobs.has(digest)) ? found.value : undefined;
  }
}

function artifactId(project: ProjectId, digest: Digest): string {
  return `${project}/${digest.slice('sha256:'.length)}`;
}
