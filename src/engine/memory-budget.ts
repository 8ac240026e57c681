/**
 * What all slots of an engine hold of memory, against what they may. A slot whose guest grew keeps its pages, since a memory cannot
 * shrink; when slots hold too much together, those that have grown are thrown away after their request instead of being kept.
 */
export class MemoryBudget {
  readonly #bytesMax: number;
  #heldBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether there is room for another slot of this size. */
  hasRoom(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#bytesMax;
  }

  get isExceeded(): boolean {
    return this.#heldBytes > this.#bytesMax;
  }

  /** A slot holds this much more than before; less when negative. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }
}
