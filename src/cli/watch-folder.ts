import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { MayflyError, mib } from '../base/mod.ts';
import { fileErrorReason } from '../config/mod.ts';

/** After a change, further ones are waited for so long: an editor writes several times, and a checkout many files. */
const settleMs = 25;
/** But no longer than this after the first. */
const settleMaxMs = 250;
/** A larger file has changed when its time has. */
const hashedBytesMax: number = 16 * mib;

/** Folders with more files than can be watched, none of them anybody's source. */
const foldersLeftOut = new Set(['node_modules', 'target', '.git']);

/** Tells of files that have changed; paths are from the folder, with slashes. */
export interface WatchOptions {
  /** Whether a change of this file matters, now. */
  readonly matters: (file: string) => boolean;
  readonly onChange: (files: readonly string[]) => void;
  readonly onError: (error: MayflyError) => void;
}

/**
 * Watches a folder with all that is in it. A file has changed when its content has: one that was only touched, or that a build has
 * written anew and the same, has not, so that a build that writes sources does not cause the next.
 */
export class FolderWatcher {
  readonly #folder: string;
  readonly #options: WatchOptions;
  readonly #watcher: FSWatcher;
  /** What each file was when it was last looked at. */
  readonly #known = new Map<string, string>();
  readonly #touched = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #firstMs = 0;

  /** @throws MayflyError watch_failed */
  constructor(folder: string, options: WatchOptions) {
    this.#folder = folder;
    this.#options = options;
    const isLeftOut = (file: string): boolean => file.split(path.sep).some((part) => foldersLeftOut.has(part));
    try {
      this.#watcher = watch(folder, { recursive: true, ignore: isLeftOut });
    } catch (error) {
      throw watchProblem(folder, error);
    }
    this.#watcher.on('change', (_, name) => this.#touch(String(name)));
    this.#watcher.on('error', (error) => options.onError(watchProblem(folder, error)));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
  }

  #touch(name: string): void {
    const file = name.split(path.sep).join('/');
    if (!this.#options.matters(file)) return;
    const now = performance.now();
    if (this.#touched.size === 0) this.#firstMs = now;
    this.#touched.add(file);
    clearTimeout(this.#timer);
    const waitMs = Math.min(settleMs, Math.max(0, this.#firstMs + settleMaxMs - now));
    this.#timer = setTimeout(() => void this.#settled(), waitMs);
  }

  async #settled(): Promise<void> {
    const files = [...this.#touched];
    this.#touched.clear();
    const changed: string[] = [];
    for (const file of files) {
      const found = await this.#look(file);
      // One that has come and gone, as editors have them, was none of the sources.
      if ((this.#known.get(file) ?? gone) !== found) changed.push(file);
      this.#known.set(file, found);
    }
    if (changed.length > 0) this.#options.onChange(changed);
  }

  /** What a file is: its content, named by its hash. */
  async #look(file: string): Promise<string> {
    const filePath = path.join(this.#folder, file);
    try {
      const found = await stat(filePath);
      const { size, mtimeMs } = found;
      if (!found.isFile() || size > hashedBytesMax) return `${size} ${mtimeMs}`;
      return createHash('sha256')
        .update(await readFile(filePath))
        .digest('base64');
    } catch {
      return gone;
    }
  }
}

const gone = 'gone';

function watchProblem(folder: string, error: unknown): MayflyError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const hint = code === 'ENOSPC' ? { hint: 'Raise the system’s limit: sysctl fs.inotify.max_user_watches=524288' } : {};
  const reason = code === 'ENOSPC' ? 'it has more folders than the system watches' : fileErrorReason(error);
  return new MayflyError('watch_failed', { path: folder, reason, ...hint }, { cause: error });
}
