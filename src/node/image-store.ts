import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, digestOf, isDigest, kib, MayflyError } from '../base/mod.ts';
import { fileErrorReason } from '../config/mod.ts';
import { writeOwnFile } from './own-file.ts';

/**
 * Images on disk, named by their content, and which image an artifact was made into:
 *
 *     <data-dir>/images/<hex of the image>.image      the only folder a worker can read
 *     <data-dir>/prepared/<hex of the key>            holds the digest of the image, and what the artifact is
 *
 * A file appears whole or not at all, under a name that says what is in it: several nodes can share a store, and a crash at any
 * moment leaves nothing that could be taken for an image.
 */
export class ImageStore {
  readonly imagesFolder: string;
  readonly #preparedFolder: string;

  private constructor(dataDir: string) {
    this.imagesFolder = imagesFolderOf(dataDir);
    this.#preparedFolder = path.join(dataDir, 'prepared');
  }

  /** @throws MayflyError data_dir_unusable */
  static async open(dataDir: string): Promise<ImageStore> {
    const store = new ImageStore(dataDir);
    try {
      // Images are code that will run: nobody but this user may put any there.
      for (const folder of [store.imagesFolder, store.#preparedFolder])
        await mkdir(folder, { recursive: true, mode: 0o700 });
      // A folder that is there but cannot be written to is found out now, not after the first build.
      const probe = path.join(store.imagesFolder, `.${randomUUID()}`);
      await (await open(probe, 'wx')).close();
      await unlink(probe);
    } catch (error) {
      throw new MayflyError('data_dir_unusable', { path: dataDir, reason: fileErrorReason(error) }, { cause: error });
    }
    return store;
  }

  /** Keeps an image. @throws MayflyError data_dir_unusable */
  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    await writeOwnFile(imagePath(this.imagesFolder, digest), bytes);
    return digest;
  }

  /** The image that was made for `key`, if it is still there and whole. */
  async prepared(key: string): Promise<PreparedImage | undefined> {
    try {
      const [digest = '', kind = ''] = (await readFile(path.join(this.#preparedFolder, key), 'utf8')).split('\n');
      if (!isDigest(digest)) return undefined;
      await readImage(this.imagesFolder, digest);
      return { digest, kind };
    } catch {
      // Whatever is wrong with it, preparing the artifact anew is right.
      return undefined;
    }
  }

  /** Notes that this is the image that was made for `key`. @throws MayflyError data_dir_unusable */
  async notePrepared(key: string, { digest, kind }: PreparedImage): Promise<void> {
    await writeOwnFile(path.join(this.#preparedFolder, key), `${digest}\n${kind}\n`);
  }
}

/** An image, and what its artifact turned out to be. */
export interface PreparedImage {
  readonly digest: Digest;
  /** In people's words; empty when nobody has looked. */
  readonly kind: string;
}

/** Where the images of a data directory are: the only folder of it that a worker can read. */
export function imagesFolderOf(dataDir: string): string {
  return path.join(dataDir, 'images');
}

/** Names `bytes` by their content; a large image is read through by another thread, as this one may have requests to serve. */
async function digestOffThread(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  if (bytes.byteLength < offThreadBytes) return digestOf(bytes);
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
  // The one form that a digest has.
  return `sha256:${hash}` as Digest;
}

/** What is hashed in less time than it takes to hand it over. */
const offThreadBytes = 128 * kib;

function imagePath(imagesFolder: string, digest: Digest): string {
  return path.join(imagesFolder, `${digest.slice('sha256:'.length)}.image`);
}

/**
 * Reads an image, and makes sure that it is the one that was asked for.
 * @throws MayflyError image_corrupt
 */
export async function readImage(imagesFolder: string, digest: Digest): Promise<Uint8Array> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readFile(imagePath(imagesFolder, digest));
  } catch (error) {
    throw new MayflyError(
      'image_corrupt',
      { reason: `${digest} cannot be read, ${fileErrorReason(error)}` },
      { cause: error },
    );
  }
  if ((await digestOffThread(bytes)) !== digest)
    throw new MayflyError('image_corrupt', { reason: `${digest} has other content than its name says` });
  return bytes;
}

/**
 * Makes an image readable in another folder of images, for a worker that is to see no others.
 * @throws MayflyError image_corrupt
 */
export async function shareImage(fromFolder: string, toFolder: string, digest: Digest): Promise<void> {
  const [source, target] = [imagePath(fromFolder, digest), imagePath(toFolder, digest)];
  try {
    await link(source, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    await copyImage(source, target, digest);
  }
}

/** For file systems that have no links. */
async function copyImage(source: string, target: string, digest: Digest): Promise<void> {
  const temporary = `${target}.${randomUUID()}`;
  try {
    await copyFile(source, temporary);
    await rename(temporary, target);
  } catch (error) {
    const reason = `${digest} cannot be read, ${fileErrorReason(error)}`;
    throw new MayflyError('image_corrupt', { reason }, { cause: error });
  }
}
