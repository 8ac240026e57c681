import type { Digest, ProjectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { ImageMaker, ImageSource } from '../control/mod.ts';
import type { Blobs } from '../storage/mod.ts';
import type { ImageStore } from './image-store.ts';
import { type Build, imageKey, imageOf } from './prepare.ts';

type Prepared = Awaited<ReturnType<ImageMaker['prepare']>>;

/** Has images made, each project in its turn. */
export interface ImageBuilders {
  inTurn<Result>(project: ProjectId, work: () => Promise<Result>): Promise<Result>;
  readonly build: Build;
}

/**
 * Images of uploaded artifacts. They are made from what is kept, so an image that is damaged, gone, or made by another version of
 * Mayfly is made again when it is wanted.
 */
export class ArtifactImages implements ImageMaker {
  readonly #blobs: Blobs;
  readonly #store: ImageStore;
  readonly #builders: ImageBuilders;
  readonly #version: string;
  /** Those that are being made: whoever of the project wants the same waits for that. */
  readonly #making = new Map<string, Promise<Prepared>>();

  /** @param version what `preparerVersion` says */
  constructor(blobs: Blobs, store: ImageStore, builders: ImageBuilders, version: string) {
    this.#blobs = blobs;
    this.#store = store;
    this.#builders = builders;
    this.#version = version;
  }

  prepare(artifact: Digest, { memoryBytes }: Pick<Limits, 'memoryBytes'>, project: ProjectId): Promise<Prepared> {
    // Of another project's it would have to wait for that one's turn.
    const key = `${project} ${artifact} ${memoryBytes}`;
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#prepare(artifact, memoryBytes, project).finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    return making;
  }

  async keepOnly(versions: Iterable<ImageSource>): Promise<void> {
    const kept = new Set<string>();
    for (const { artifact, memoryBytes } of versions)
      kept.add(imageKey(artifact, { memoryBytesMax: memoryBytes }, this.#version));
    await this.#store.sweep(kept);
  }

  async #prepare(artifact: Digest, memoryBytesMax: number, project: ProjectId): Promise<Prepared> {
    const settings = { memoryBytesMax };
    const { build } = this.#builders;
    const named = { digest: artifact, read: () => this.#blobs.get(artifact) };
    // What is there takes nobody's turn; what is not may be by the time it is this one's.
    const found =
      (await this.#store.prepared(imageKey(artifact, settings, this.#version))) ??
      (await this.#builders.inTurn(project, () => imageOf(named, settings, this.#store, build, this.#version)));
    return { image: found.digest, kind: found.kind };
  }
}
