import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, digestOf, errorText, isDigest, isMayflyError, MayflyError } from '../../base/mod.ts';
import type { BlobInfo, Blobs } from '../blob.ts';

/**
 * Blobs as files:
 *
 *     <folder>/<64 hex digits>     one blob; when it was last put is its time of modification
 *     <folder>/.<uuid>             one that is being written; left behind only by a crash, and then removed at the next start
 *
 * One process has the folder. A file gets its name once all of it is on the disk.
 */
export class FileBlobs implements Blobs {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws MayflyError data_dir_unusable */
  static async open(folder: string): Promise<FileBlobs> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folder)) if (name.startsWith('.')) await unlink(path.join(folder, name));
    } catch (error) {
      throw unusable(folder, error);
    }
    return new FileBlobs(folder);
  }

  async put(digest: Digest, source: AsyncIterable<Uint8Array> | Uint8Array, bytesMax: number): Promise<BlobInfo> {
    const target = this.#path(digest);
    const known = await this.has(digest);
    const temporary = path.join(this.#folder, `.${randomUUID()}`);
    const file = known ? undefined : await this.#create(temporary);
    try {
      const sizeBytes = await receive(digest, source, bytesMax, file);
      await file?.sync();
      await file?.close();
      if (known) {
        const now = new Date();
        await utimes(target, now, now);
      } else {
        await rename(temporary, target);
        await syncFolder(this.#folder);
      }
      const { mtimeMs } = await stat(target);
      return { digest, sizeBytes, storedAtMs: mtimeMs };
    } catch (error) {
      await file?.close().catch(() => {});
      if (file !== undefined) await unlink(temporary).catch(() => {});
      // What `source` throws is for the one who gave it.
      throw isFileError(error) ? unusable(this.#folder, error) : error;
    }
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const file = this.#path(digest);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file);
    } catch (error) {
      throw new MayflyError('blob_missing', { digest }, { cause: error });
    }
    if (digestOf(bytes) === digest) return bytes;
    // A damaged file would hide for ever that the blob has to be sent again.
    await unlink(file).catch(() => {});
    throw new MayflyError('blob_missing', { digest });
  }

  async has(digest: Digest): Promise<boolean> {
    try {
      return (await stat(this.#path(digest))).isFile();
    } catch {
      return false;
    }
  }

  async delete(digest: Digest): Promise<void> {
    try {
      await unlink(this.#path(digest));
    } catch (error) {
      if (!isFileError(error) || error.code !== 'ENOENT') throw unusable(this.#folder, error);
    }
  }

  async *list(): AsyncGenerator<BlobInfo> {
    for (const name of await readdir(this.#folder)) {
      const digest = `sha256:${name}`;
      if (!isDigest(digest)) continue;
      const found = await stat(path.join(this.#folder, name)).catch(() => undefined);
      if (found !== undefined) yield { digest, sizeBytes: found.size, storedAtMs: found.mtimeMs };
    }
  }

  async #create(filePath: string): Promise<FileHandle> {
    try {
      return await open(filePath, 'wx', 0o600);
    } catch (error) {
      throw unusable(this.#folder, error);
    }
  }

  /** @throws MayflyError blob_missing for what is no digest: it becomes a part of a path */
  #path(digest: Digest): string {
    if (!isDigest(digest)) throw new MayflyError('blob_missing', { digest });
    return path.join(this.#folder, digest.slice('sha256:'.length));
  }
}

/** Reads all of `source`, into `file` where there is one. @returns how much it was */
async function receive(
  digest: Digest,
  source: AsyncIterable<Uint8Array> | Uint8Array,
  bytesMax: number,
  file: FileHandle | undefined,
): Promise<number> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) throw new MayflyError('blob_too_large', { limitBytes: bytesMax });
    hash.update(chunk);
    await file?.writeFile(chunk);
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw new MayflyError('blob_mismatch', { digest, found });
  return sizeBytes;
}

/** A new name is in its folder, which has to reach the disk as well. */
async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && !isMayflyError(error);
}

function unusable(folder: string, error: unknown): MayflyError {
  const reason = isFileError(error) ? (error.code ?? errorText(error)) : errorText(error);
  return new MayflyError('data_dir_unusable', { path: folder, reason }, { cause: error });
}
