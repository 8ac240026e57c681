/** Bytes that may be used, and how many are. Guests fill memory through it, so whoever allocates asks first. */
export class Budget {
  readonly limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get freeBytes(): number {
    return this.limitBytes - this.#usedBytes;
  }

  /** @returns whether there was room for `bytes` more; when not, nothing changed. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}
