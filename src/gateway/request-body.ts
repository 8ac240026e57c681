import type { IncomingMessage } from 'node:http';
import { kib } from '../base/mod.ts';
import { type InputStream, wouldBlock } from '../wasi/mod.ts';
import { bodyGatherBytes, bodyGatherMs, bodyWindowBytes } from './limits.ts';

/** The size of the buffers that small chunks are put together in. */
const tailBytes = 16 * kib;

/**
 * A request's body on its way to a guest, with backpressure:
 *
 *     socket → node's parser → #chunks (at most the window, then the socket is paused) → read() by the guest
 *
 * It is gathered first, before there is a guest: all of a small one, the beginning of a large one.
 */
export class RequestBody implements InputStream {
  readonly #req: IncomingMessage;
  readonly #bytesMax: number;
  readonly #onTooLarge: () => void;
  readonly #chunks: Buffer[] = [];
  /** Where small chunks are put together: the last of `#chunks` is its used front, while it is defined. */
  #tail: Buffer | undefined;
  /** Where reading goes on in the first chunk. */
  #offset = 0;
  #queuedBytes = 0;
  #receivedBytes = 0;
  #state: 'flowing' | 'paused' | 'ended' | 'dropped' = 'flowing';
  #gathered: (() => void) | undefined;
  #gatherTimer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  /** @param onTooLarge called once, when more than `bytesMax` bytes have come; nothing of the body is given any more then */
  constructor(req: IncomingMessage, bytesMax: number, onTooLarge: () => void) {
    this.#req = req;
    this.#bytesMax = bytesMax;
    this.#onTooLarge = onTooLarge;
    req.on('data', (chunk: Buffer) => this.#receive(chunk));
    req.on('end', () => this.#end());
    // A connection that is lost is the response's matter; without a listener node would throw.
    req.on('error', () => {});
  }

  /**
   * Calls `gathered` once: when the whole body is there, or as much of it as is worth waiting for. It is not called when the
   * body is too large or the client goes away before that.
   */
  gather(declaredBytes: number | undefined, gathered: () => void): void {
    if (declaredBytes !== undefined && declaredBytes > bodyGatherBytes) {
      gathered();
      return;
    }
    this.#gathered = gathered;
    if (declaredBytes === undefined) this.#gatherTimer = setTimeout(() => this.#finishGathering(), bodyGatherMs);
  }

  read(target: Uint8Array): number {
    let count = 0;
    while (count < target.byteLength) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const take = Math.min(target.byteLength - count, chunk.byteLength - this.#offset);
      target.set(chunk.subarray(this.#offset, this.#offset + take), count);
      count += take;
      this.#offset += take;
      if (this.#offset === chunk.byteLength) {
        this.#chunks.shift();
        this.#offset = 0;
        if (this.#chunks.length === 0) this.#tail = undefined;
      }
    }
    this.#queuedBytes -= count;
    if (this.#state === 'paused' && this.#queuedBytes < bodyWindowBytes / 2) {
      this.#state = 'flowing';
      this.#req.resume();
    }
    return count > 0 || this.#isOver() || target.byteLength === 0 ? count : wouldBlock;
  }

  available(): number {
    return this.#queuedBytes;
  }

  ready(): boolean {
    return this.#queuedBytes > 0 || this.#isOver();
  }

  onReady(wake: () => void): void {
    if (this.ready()) wake();
    else this.#wake = wake;
  }

  /** Nobody reads it any more: what is still to come is dropped as it arrives, and still may not be too large. */
  drop(): void {
    if (this.#state === 'ended' || this.#state === 'dropped') return;
    this.#forget();
    this.#state = 'dropped';
    this.#req.resume();
  }

  #isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'dropped';
  }

  #receive(chunk: Buffer): void {
    const before = this.#receivedBytes;
    this.#receivedBytes += chunk.byteLength;
    if (this.#receivedBytes > this.#bytesMax) {
      if (before > this.#bytesMax) return;
      this.drop();
      this.#onTooLarge();
      return;
    }
    if (this.#state === 'dropped') return;
    this.#push(chunk);
    this.#queuedBytes += chunk.byteLength;
    if (this.#queuedBytes >= bodyWindowBytes) {
      this.#state = 'paused';
      this.#req.pause();
    }
    if (this.#gathered !== undefined && this.#queuedBytes >= bodyGatherBytes) this.#finishGathering();
    this.#wakeReader();
  }

  /** Keeps `chunk`. Small ones are put together: a body sent byte by byte would cost a hundred times its size as buffers. */
  #push(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.byteLength + chunk.byteLength > tailBytes || chunk.byteLength > tailBytes / 4) {
      this.#tail = undefined;
      this.#chunks.push(chunk);
      return;
    }
    if (this.#tail === undefined) {
      this.#tail = Buffer.allocUnsafe(tailBytes);
      this.#tail.set(last);
    }
    this.#tail.set(chunk, last.byteLength);
    this.#chunks[this.#chunks.length - 1] = this.#tail.subarray(0, last.byteLength + chunk.byteLength);
  }

  #end(): void {
    if (this.#state !== 'dropped') this.#state = 'ended';
    this.#finishGathering();
    this.#wakeReader();
  }

  #finishGathering(): void {
    const gathered = this.#gathered;
    clearTimeout(this.#gatherTimer);
    this.#gathered = undefined;
    gathered?.();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #forget(): void {
    this.#chunks.length = 0;
    this.#tail = undefined;
    this.#offset = 0;
    this.#queuedBytes = 0;
    clearTimeout(this.#gatherTimer);
    this.#gathered = undefined;
    this.#wakeReader();
  }
}
