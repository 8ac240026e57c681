import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { MayflyError } from '../base/mod.ts';
import type { SignedSnapshot } from './parts.ts';
import { derive } from './sealer.ts';

/** Stands before what is signed, so that a signature of a snapshot is one of nothing else. */
const purpose = Buffer.from('mayfly snapshot v1\n');

/** Signs routing snapshots with Ed25519, under a key made from the node's. */
export class SnapshotSigner {
  readonly #key: KeyObject;
  /** What `openSnapshot` takes: the 32 bytes of the public key in base64url. */
  readonly publicKey: string;

  /** @param nodeKey 32 random bytes */
  constructor(nodeKey: Uint8Array) {
    const seed = derive(nodeKey, 'mayfly snapshots v1', 32);
    this.#key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
    // A public key of this kind always has an x.
    this.publicKey = createPublicKey(this.#key).export({ format: 'jwk' }).x ?? '';
  }

  sign(payload: string): SignedSnapshot {
    const signature = sign(null, Buffer.concat([purpose, Buffer.from(payload)]), this.#key);
    return { payload, signature: signature.toString('base64url') };
  }
}

/** What stands before the 32 bytes of a private key of Ed25519 in PKCS #8: RFC 8410, section 7. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * What a snapshot says, once it is sure who says it.
 * @param after the generation that is known already: an old snapshot is well signed too
 * @throws MayflyError bad_snapshot
 */
export function openSnapshot(snapshot: SignedSnapshot, publicKey: string, after: number): unknown {
  if (!isSigned(snapshot, publicKey))
    throw new MayflyError('bad_snapshot', { reason: 'its signature is not the node’s' });
  const content: unknown = JSON.parse(snapshot.payload);
  const generation =
    typeof content === 'object' && content !== null && 'generation' in content ? content.generation : undefined;
  if (typeof generation !== 'number') throw new MayflyError('bad_snapshot', { reason: 'it has no generation' });
  if (generation <= after) {
    const reason = `its generation is ${generation}, one above ${after} is wanted`;
    throw new MayflyError('bad_snapshot', { reason });
  }
  return content;
}

function isSigned({ payload, signature }: SignedSnapshot, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    const bytes = Buffer.from(signature, 'base64url');
    return verify(null, Buffer.concat([purpose, Buffer.from(payload)]), key, bytes);
  } catch {
    return false;
  }
}
