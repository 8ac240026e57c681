import type { Digest } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { ImageMaker, ImageSource } from '../control/mod.ts';
import type { Blobs } from '../storage/mod.ts';
import type { ImageStore } from './image-store.ts';
import { type Build, imageKey, imageOf } from './prepare.ts';

type Prepared = Awaited<ReturnType<ImageMaker['prepare']>>;

/**
 * Images of uploaded artifacts. They are made from what is kept, so an image that is damaged, gone, or made by another version of
 * Mayfly is made again when it is wanted.
 */
export class ArtifactImages implements ImageMaker {
  readonly #blobs: Blobs;
  readonly #store: ImageStore;
  readonly #build: Build;
  readonly #version: string;
  /** Those that are being made: whoever wants the same waits for that. */
  readonly #making = new Map<string, Promise<Prepared>>();

  /** @param version what `preparerVersion` says */
  constructor(blobs: Blobs, store: ImageStore, build: Build, version: string) {
    this.#blobs = blobs;
    this.#store = store;
    this.#build = build;
    this.#version = version;
  }

  prepare(artifact: Digest, { memoryBytes }: Pick<Limits, 'memoryBytes'>): Promise<Prepared> {
    const key = `${artifact} ${memoryBytes}`;
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#prepare(artifact, memoryBytes).finally(() => this.#making.delete(key));
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

  async #prepare(artifact: Digest, memoryBytesMax: number): Promise<Prepared> {
    const named = { digest: artifact, read: () => this.#blobs.get(artifact) };
    const { digest, kind } = await imageOf(named, { memoryBytesMax }, this.#store, this.#build, this.#version);
    return { image: digest, kind };
  }
}
