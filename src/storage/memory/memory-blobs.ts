import { type Clock, type Digest, digestOf, MayflyError } from '../../base/mod.ts';
import type { BlobInfo, Blobs } from '../blob.ts';

interface Kept {
  readonly bytes: Uint8Array;
  readonly storedAtMs: number;
}

/** Blobs in a map. */
export class MemoryBlobs implements Blobs {
  readonly #clock: Clock;
  readonly #kept = new Map<Digest, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put(digest: Digest, source: AsyncIterable<Uint8Array> | Uint8Array, bytesMax: number): Promise<BlobInfo> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > bytesMax) throw new MayflyError('blob_too_large', { limitBytes: bytesMax });
      // Whoever sends it may use the memory again.
      chunks.push(new Uint8Array(chunk));
    }
    const bytes = Buffer.concat(chunks);
    const found = digestOf(bytes);
    if (found !== digest) throw new MayflyError('blob_mismatch', { digest, found });
    const storedAtMs = this.#clock.wallMs();
    this.#kept.set(digest, { bytes, storedAtMs });
    return { digest, sizeBytes, storedAtMs };
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const kept = this.#kept.get(digest);
    if (kept === undefined) throw new MayflyError('blob_missing', { digest });
    return new Uint8Array(kept.bytes);
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#kept.has(digest);
  }

  async delete(digest: Digest): Promise<void> {
    this.#kept.delete(digest);
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const [digest, { bytes, storedAtMs }] of this.#kept) {
      yield { digest, sizeBytes: bytes.byteLength, storedAtMs };
    }
  }
}
