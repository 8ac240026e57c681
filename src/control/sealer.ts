import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { MayflyError, randomBytes, type RandomSource } from '../base/mod.ts';

/** A sealed text; all parts in base64. */
export interface Sealed {
  /** Which key it was sealed under. */
  readonly key: string;
  readonly iv: string;
  readonly tag: string;
  readonly text: string;
}

/**
 * Seals secrets with AES-256-GCM under a key made from the node's, which is kept outside of the storage. What a secret belongs to is
 * sealed in with it: one that is moved to another project or name does not open. NIST SP 800-38D: a random iv of 96 bits is good for
 * 2^32 seals under one key.
 */
export class Sealer {
  readonly #key: Uint8Array;
  readonly #keyId: string;
  readonly #random: RandomSource;

  /** @param nodeKey 32 random bytes */
  constructor(nodeKey: Uint8Array, random: RandomSource) {
    this.#key = derive(nodeKey, 'mayfly secrets v1', 32);
    this.#keyId = Buffer.from(derive(nodeKey, 'mayfly secrets v1 id', 8)).toString('hex');
    this.#random = random;
  }

  seal(text: string, project: string, name: string): Sealed {
    const iv = randomBytes(this.#random, 12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(belonging(project, name));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return {
      key: this.#keyId,
      iv: Buffer.from(iv).toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      text: sealed.toString('base64'),
    };
  }

  /** @throws MayflyError secret_unreadable: another key, another place, or changed */
  open(sealed: Sealed, project: string, name: string): string {
    try {
      const iv = Buffer.from(sealed.iv, 'base64');
      const tag = Buffer.from(sealed.tag, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, iv, { authTagLength: 16 })
        .setAAD(belonging(project, name))
        .setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.text, 'base64'), decipher.final()]).toString('utf8');
    } catch {
      // What was thrown tells nothing more, and may one day tell too much.
      throw new MayflyError('secret_unreadable', { name });
    }
  }
}

/** Neither part can hold the zero that stands between them. */
function belonging(project: string, name: string): Uint8Array {
  return Buffer.from(`mayfly secret v1\0${project}\0${name}`);
}

/** A key for one purpose, from the node's. RFC 5869. */
export function derive(nodeKey: Uint8Array, purpose: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', nodeKey, '', purpose, bytes));
}
