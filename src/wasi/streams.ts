/**
 * Byte streams between a guest and the outside, without promises: a host call tries, and when it would block, the guest is
 * parked and tries again once the stream said that it is ready.
 */

/** What a stream answers in place of a count when it can neither give nor take a byte now. */
export const wouldBlock = -1;

/** Bytes that a guest reads. */
export interface InputStream {
  /** Fills the front of `target`. @returns bytes given, 0 at the end, `wouldBlock` when none are there yet. */
  read(target: Uint8Array): number;
  /** Bytes that `read` would give right now; 0 when it is at the end or would block. */
  available(): number;
  /** Whether `read` would give something else than `wouldBlock`. */
  ready(): boolean;
  /** Calls `wake` once, when `read` has more to say than `wouldBlock`; at once if it has already. */
  onReady(wake: () => void): void;
}

/** Bytes that a guest writes. */
export interface OutputStream {
  /** Takes bytes off the front of `source`, which is only valid during the call. @returns bytes taken, or `wouldBlock`. */
  write(source: Uint8Array): number;
  /** Whether `write` would take something. */
  ready(): boolean;
  /** Calls `wake` once, when `write` will take something; at once if it will already. */
  onReady(wake: () => void): void;
}

/** An input that is at its end. */
export const emptyInput: InputStream = {
  read: () => 0,
  available: () => 0,
  ready: () => true,
  onReady: (wake) => wake(),
};

/** An input whose bytes are all there. */
export class BytesInput implements InputStream {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(target: Uint8Array): number {
    const count = Math.min(target.byteLength, this.available());
    target.set(this.#bytes.subarray(this.#position, this.#position + count));
    this.#position += count;
    return count;
  }

  available(): number {
    return this.#bytes.byteLength - this.#position;
  }

  ready(): boolean {
    return true;
  }

  onReady(wake: () => void): void {
    wake();
  }
}

/** An output that keeps what it is given, up to a limit. Past the limit it takes bytes and forgets them. */
export class BytesOutput implements OutputStream {
  readonly #chunks: Uint8Array[] = [];
  readonly #bytesMax: number;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  write(source: Uint8Array): number {
    const kept = source.slice(0, Math.max(0, this.#bytesMax - this.#length));
    if (kept.byteLength > 0) this.#chunks.push(kept);
    this.#length += kept.byteLength;
    return source.byteLength;
  }

  ready(): boolean {
    return true;
  }

  onReady(wake: () => void): void {
    wake();
  }

  /** All that was written and kept. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }
}
