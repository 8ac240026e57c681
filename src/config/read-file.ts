import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorText, MayflyError } from '../base/mod.ts';
import { formatQuantity } from './quantity.ts';

/** Why a file could not be read, without node's words for it. */
export function fileErrorReason(error: unknown): string {
  switch (fileErrorCode(error)) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission is denied';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOTDIR':
      return 'a part of its path is not a folder';
    case 'ELOOP':
      return 'links in its path go in a circle';
    default:
      return errorText(error);
  }
}

/** Such as ENOENT. */
export function fileErrorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Where a file has to be. */
export interface FileBounds {
  readonly bytesMax: number;
  /** A folder that the file is in, links and all. */
  readonly inside?: string | undefined;
  /** What to do when there is no such file. */
  readonly hint?: string | undefined;
}

/**
 * Reads a file that somebody else may have put there: a regular one, no larger than it may be, and not by a link out of its folder.
 * @throws MayflyError artifact_unreadable
 */
export async function readFileWithin(filePath: string, { bytesMax, inside, hint }: FileBounds): Promise<Uint8Array> {
  const refuse = (reason: string, what = hint, cause?: unknown): MayflyError =>
    new MayflyError(
      'artifact_unreadable',
      what === undefined ? { path: filePath, reason } : { path: filePath, reason, hint: what },
      { cause },
    );
  try {
    // A pipe or a device would be read forever.
    const found = await stat(filePath);
    if (found.isDirectory()) throw refuse('it is a folder');
    if (!found.isFile()) throw refuse('it is no file, but a device, a pipe or a socket');
    const tooLarge = `it has ${found.size} bytes, at most ${formatQuantity(bytesMax, 'bytes')} are wanted`;
    if (found.size > bytesMax) throw refuse(tooLarge);
    const real = await realpath(filePath);
    if (inside !== undefined && leavesFolder(await realpath(inside), real)) {
      throw refuse(
        `it is a link out of the function's folder, to ${real}`,
        'Have the build command copy the file into the folder',
      );
    }
    return await readAll(real, found.size);
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw refuse(fileErrorReason(error), hint, error);
  }
}

/** What is there now, up to `size`: a file that grows meanwhile is read again by whoever hears of that. */
async function readAll(filePath: string, size: number): Promise<Uint8Array> {
  const file = await open(filePath);
  try {
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(bytes, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** Both paths are real ones. */
function leavesFolder(folder: string, filePath: string): boolean {
  const way = path.relative(folder, filePath);
  return way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way);
}
