import type { ServerResponse } from 'node:http';
import { outflowBytesMax, responseBufferBytes, responseBufferLeastBytes } from './limits.ts';

/**
 * What the clients have not taken yet of their responses, all of them together. One that reads slowly has the node keep up to half a
 * mebibyte for it; ten thousand of those would be more than a machine has.
 */
export class Outflow {
  /** The responses whose guest is not done. */
  readonly #underWay: { readonly size: number };
  /** Of those whose guest is. */
  #leftBytes = 0;

  constructor(underWay: { readonly size: number }) {
    this.#underWay = underWay;
  }

  /** What one response may have waiting before its guest has to wait too. */
  get allowance(): number {
    const share = outflowBytesMax / Math.max(1, this.#underWay.size);
    return Math.min(responseBufferBytes, Math.max(responseBufferLeastBytes, share));
  }

  /** Whether so much is waiting for clients that no request is taken on. */
  get isFull(): boolean {
    return this.#leftBytes > outflowBytesMax;
  }

  /** The response was ended: counts what its client has not taken, until it has, or is gone. */
  watch(res: ServerResponse): void {
    const bytes = res.writableLength;
    if (bytes === 0) return;
    this.#leftBytes += bytes;
    res.once('close', () => (this.#leftBytes -= bytes));
  }
}
