import { randomUUID } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { MayflyError } from '../base/mod.ts';
import { fileErrorReason } from '../config/mod.ts';

/**
 * Writes a file that only this user can read, so that it is there whole or not at all, also after a power cut.
 * @throws MayflyError data_dir_unusable
 */
export async function writeOwnFile(filePath: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(filePath);
  const temporary = path.join(folder, `.${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, filePath);
    // The new name is in the folder, which has to reach the disk as well.
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw new MayflyError('data_dir_unusable', { path: folder, reason: fileErrorReason(error) }, { cause: error });
  }
}
