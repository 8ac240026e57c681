import type { Digest } from '../base/mod.ts';

/** What is known of a blob without reading it. */
export interface BlobInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** When it was last put: milliseconds since 1970-01-01 UTC. */
  readonly storedAtMs: number;
}

/** Immutable bytes, named by their content. A blob is there whole or not at all. */
export interface Blobs {
  /**
   * Keeps what `source` yields under `digest`. When this returns, it is kept whatever happens. What is there already is not
   * written again, but `source` is read and checked all the same: who knows a digest does not have its bytes.
   * @throws MayflyError blob_mismatch when the bytes are others than `digest` says, blob_too_large above `bytesMax`
   */
  put(digest: Digest, source: AsyncIterable<Uint8Array> | Uint8Array, bytesMax: number): Promise<BlobInfo>;
  /** @throws MayflyError blob_missing */
  get(digest: Digest): Promise<Uint8Array>;
  has(digest: Digest): Promise<boolean>;
  /** Removes a blob; there may be none. */
  delete(digest: Digest): Promise<void>;
  /** All that there are, in no order. */
  list(): AsyncIterable<BlobInfo>;
}
