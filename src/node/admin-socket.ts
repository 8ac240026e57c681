import { chmod, lstat, mkdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { MayflyError } from '../base/mod.ts';
import { fileErrorCode, fileErrorReason } from '../config/mod.ts';

/** Of the path of a socket: macOS has 104 with the zero behind it, Linux 108. https://man7.org/linux/man-pages/man7/unix.7.html */
const socketPathBytesMax = 103;

/**
 * The folder of a data directory that the admin API's socket is in. Where it is there, the node of this data directory listens in it:
 * commands on the same machine send the operator's token nowhere else, whether the node runs or not. Anybody can listen on a port.
 */
export function adminSocketFolder(dataDir: string): string {
  return path.join(path.resolve(dataDir), 'run');
}

/** Where the admin API of the node of a data directory listens, for its user alone. */
export function adminSocketPath(dataDir: string): string {
  return path.join(adminSocketFolder(dataDir), 'admin.sock');
}

/**
 * Makes the place for the socket. What a node has left there that was killed goes: whoever has the data directory is the only one.
 * @returns `none` on a system without such sockets
 * @throws MayflyError data_dir_unusable
 */
export async function makeAdminSocketPlace(dataDir: string): Promise<'made' | 'none'> {
  if (process.platform === 'win32') return 'none';
  const folder = adminSocketFolder(dataDir);
  const file = adminSocketPath(dataDir);
  if (Buffer.byteLength(file) > socketPathBytesMax) {
    const reason = `a socket’s path has at most ${socketPathBytesMax} bytes`;
    throw new MayflyError('data_dir_unusable', { path: folder, reason });
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // It may have been there.
    await chmod(folder, 0o700);
    if ((await lstat(file).catch(nothing))?.isSocket() === true) await rm(file);
  } catch (error) {
    throw new MayflyError('data_dir_unusable', { path: folder, reason: fileErrorReason(error) }, { cause: error });
  }
  return 'made';
}

/** Says that there is no socket. */
export async function removeAdminSocketPlace(dataDir: string): Promise<void> {
  await rm(adminSocketPath(dataDir), { force: true });
  await rmdir(adminSocketFolder(dataDir)).catch(nothing);
}

function nothing(error: unknown): undefined {
  if (fileErrorCode(error) !== 'ENOENT') throw error;
}
