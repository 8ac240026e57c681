import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, type Digest, digestOf, isDigest, kib, MayflyError, systemClock } from '../base/mod.ts';
import { fileErrorReason } from '../config/mod.ts';
import { imageUnusedMs } from './limits.ts';
import { writeOwnFile } from './own-file.ts';

/**
 * Images on disk, named by their content, and which image an artifact was made into:
 *
 *     <data-dir>/images/<hex of the image>.image      the only folder a worker can read
 *     <data-dir>/prepared/<hex of the key>            a note: holds the digest of the image, and what the artifact is
 *     <data-dir>/deployed/<hex of the key>            the same, of the node that takes deploys: it knows what it needs no more
 *
 * A file appears whole or not at all, under a name that says what is in it: several nodes can share a store, and a crash at any
 * moment leaves nothing that could be taken for an image. An image stays for as long as there is a note of it.
 */
export class ImageStore {
  readonly imagesFolder: string;
  /** Where this store's own notes are. */
  readonly #notesFolder: string;
  readonly #allNotes: readonly string[];
  readonly #clock: Clock;
  /** When an image was last put or asked for: whoever did may be about to load it. */
  readonly #usedMs = new Map<Digest, number>();

  private constructor(dataDir: string, notes: Notes, clock: Clock) {
    this.imagesFolder = imagesFolderOf(dataDir);
    this.#notesFolder = path.join(dataDir, notes);
    this.#allNotes = Object.values(Notes).map((each) => path.join(dataDir, each));
    this.#clock = clock;
  }

  /** @throws MayflyError data_dir_unusable */
  static async open(dataDir: string, notes: Notes = Notes.prepared, clock: Clock = systemClock): Promise<ImageStore> {
    const store = new ImageStore(dataDir, notes, clock);
    try {
      // Images are code that will run: nobody but this user may put any there.
      for (const folder of [store.imagesFolder, store.#notesFolder])
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
    this.#noteUse(digest);
    await writeOwnFile(imagePath(this.imagesFolder, digest), bytes);
    return digest;
  }

  /** The image that was made for `key`, if it is still there and whole. */
  async prepared(key: string): Promise<PreparedImage | undefined> {
    try {
      const noted = await readNote(path.join(this.#notesFolder, key));
      if (noted === undefined) return undefined;
      this.#noteUse(noted.digest);
      await readImage(this.imagesFolder, noted.digest);
      return noted;
    } catch {
      // Whatever is wrong with it, preparing the artifact anew is right.
      return undefined;
    }
  }

  /** Notes that this is the image that was made for `key`. @throws MayflyError data_dir_unusable */
  async notePrepared(key: string, { digest, kind }: PreparedImage): Promise<void> {
    await writeOwnFile(path.join(this.#notesFolder, key), `${digest}\n${kind}\n`);
  }

  /**
   * Removes this store's notes but for those of `kept`, and the images that no note of any store is of. Those that were put or asked
   * for of late stay: somebody may be about to load them. A crash on the way leaves images that the next time removes.
   * @returns how many images are gone
   */
  async sweep(kept: ReadonlySet<string>): Promise<number> {
    for (const key of await readdir(this.#notesFolder)) {
      const file = path.join(this.#notesFolder, key);
      if (kept.has(key)) continue;
      const noted = await readNote(file);
      if (noted === undefined ? await isOld(file) : !this.#isUsed(noted.digest)) unlinkSync(file);
    }
    const noted = new Set<string>();
    for (const folder of this.#allNotes) {
      for (const key of await readdir(folder).catch(() => [])) {
        const note = await readNote(path.join(folder, key));
        if (note !== undefined) noted.add(imagePath(this.imagesFolder, note.digest));
      }
    }
    let removed = 0;
    for (const name of await readdir(this.imagesFolder)) {
      const file = path.join(this.imagesFolder, name);
      if (noted.has(file) || !(await isOld(file))) continue;
      // Nothing else happens between this look and the end of the file.
      if (this.#isUsed(digestOfName(name))) continue;
      unlinkSync(file);
      removed++;
    }
    for (const digest of this.#usedMs.keys()) if (!this.#isUsed(digest)) this.#usedMs.delete(digest);
    return removed;
  }

  #noteUse(digest: Digest): void {
    this.#usedMs.set(digest, this.#clock.monotonicMs());
  }

  #isUsed(digest: Digest): boolean {
    return this.#clock.monotonicMs() - (this.#usedMs.get(digest) ?? -Infinity) < imageUnusedMs;
  }
}

/** Whose notes of images a store has. */
export const Notes = {
  /** Of nodes that serve what the command line names: they share what they make, and never know what nobody wants any more. */
  prepared: 'prepared',
  /** Of the node that takes deploys into this data directory. */
  deployed: 'deployed',
} as const;
export type Notes = (typeof Notes)[keyof typeof Notes];

async function readNote(file: string): Promise<PreparedImage | undefined> {
  const [digest = '', kind = ''] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return isDigest(digest) ? { digest, kind } : undefined;
}

/** Whether nobody, of another process either, can just have begun with a file that has no note yet. */
async function isOld(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs >= imageUnusedMs;
  } catch {
    // It went by itself, as temporary files do.
    return false;
  }
}

/** What an image's file is named for; of another file, a digest that is nothing's. */
function digestOfName(name: string): Digest {
  // Only compared with others.
  return `sha256:${name.replace(/\.image$/, '')}` as Digest;
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
