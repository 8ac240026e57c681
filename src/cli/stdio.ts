import type { Readable, Writable } from 'node:stream';
import { type InputStream, type OutputStream, wouldBlock } from '../wasi/mod.ts';

/** A readable stream, as a guest reads it. It is not touched before the guest reads: what is left in it is for whoever comes next. */
export class ReadableInput implements InputStream {
  readonly #stream: Readable;
  #chunk: Uint8Array = new Uint8Array();
  #state: 'untouched' | 'open' | 'ended' = 'untouched';
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  read(target: Uint8Array): number {
    this.#fetch();
    if (this.#chunk.byteLength === 0) return this.#state === 'ended' || target.byteLength === 0 ? 0 : wouldBlock;
    const count = Math.min(target.byteLength, this.#chunk.byteLength);
    target.set(this.#chunk.subarray(0, count));
    this.#chunk = this.#chunk.subarray(count);
    return count;
  }

  available(): number {
    this.#fetch();
    return this.#chunk.byteLength;
  }

  ready(): boolean {
    this.#fetch();
    return this.#chunk.byteLength > 0 || this.#state === 'ended';
  }

  onReady(wake: () => void): void {
    if (this.ready()) wake();
    else this.#wake = wake;
  }

  /** Lets go of the stream, so that it no longer keeps the process alive. */
  close(): void {
    this.#stream.destroy();
  }

  #fetch(): void {
    if (this.#state === 'untouched') this.#open();
    if (this.#chunk.byteLength > 0 || this.#state === 'ended') return;
    const next: unknown = this.#stream.read();
    if (next instanceof Uint8Array) this.#chunk = next;
  }

  #open(): void {
    this.#state = 'open';
    const over = (): void => {
      this.#state = 'ended';
      this.#notify();
    };
    this.#stream.on('readable', () => this.#notify());
    this.#stream.on('end', over);
    // A closed or broken stdin is one that has nothing more to give.
    this.#stream.on('error', over);
    this.#stream.on('close', over);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** A writable stream, as a guest writes to it; full when the stream asks to wait. */
export class WritableOutput implements OutputStream {
  readonly #stream: Writable;
  #wake: (() => void) | undefined;

  /** @param onBroken called when nobody reads any more */
  constructor(stream: Writable, onBroken: () => void) {
    this.#stream = stream;
    stream.on('drain', () => this.#notify());
    stream.on('error', () => {
      onBroken();
      this.#notify();
    });
  }

  write(source: Uint8Array): number {
    if (!this.ready()) return wouldBlock;
    // A copy: the bytes are the guest's memory, which changes as soon as this returns.
    if (!this.#stream.destroyed) this.#stream.write(Buffer.from(source));
    return source.byteLength;
  }

  ready(): boolean {
    return this.#stream.destroyed || !this.#stream.writableNeedDrain;
  }

  onReady(wake: () => void): void {
    if (this.ready()) wake();
    else this.#wake = wake;
  }

  /** Waits until all that was written is out. */
  flush(): Promise<void> {
    if (this.#stream.destroyed || this.#stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => this.#stream.write('', () => resolve()));
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
