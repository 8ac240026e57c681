import { createHash } from 'node:crypto';
import type { Digest } from './brand.ts';

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest. */
export function isDigest(text: string): text is Digest {
  return digestPattern.test(text);
}

/** Names `bytes` by their content. */
export function digestOf(bytes: Uint8Array): Digest {
  // The one form that a digest has.
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
