import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MayflyError } from '../base/mod.ts';
import { fileErrorReason } from '../config/mod.ts';
import { writeOwnFile } from './own-file.ts';

const keyBytes = 32;

/** A node's key, and whether it was there already. */
export interface NodeKey {
  readonly key: Uint8Array;
  readonly origin: 'kept' | 'new';
}

/**
 * The key that a node seals secrets and signs snapshots under: random bytes in hex, in a file that only the node's user can read.
 * Made where there is none.
 * @throws MayflyError data_dir_unusable
 */
export async function readNodeKey(file: string): Promise<NodeKey> {
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new MayflyError('data_dir_unusable', { path: file, reason: fileErrorReason(error) }, { cause: error });
    }
    const key = randomBytes(keyBytes);
    await writeOwnFile(file, `${key.toString('hex')}\n`);
    return { key, origin: 'new' };
  }
  // A key that is only half there would seal what nobody can open.
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    throw new MayflyError('data_dir_unusable', { path: file, reason: `it is no key of ${keyBytes} bytes in hex` });
  }
  return { key: Buffer.from(text.trim(), 'hex'), origin: 'kept' };
}
