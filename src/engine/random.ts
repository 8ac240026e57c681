import { randomFillSync } from 'node:crypto';
import type { RandomSource } from '../base/mod.ts';

/** What is drawn from the system at once: a small request then costs a copy. */
const poolBytes = 16_384;

/** Random bytes of the system, drawn in advance. Every byte is given out once and then forgotten. */
class PooledRandom implements RandomSource {
  readonly #pool = new Uint8Array(poolBytes);
  #next: number = poolBytes;

  fill(target: Uint8Array): void {
    const { byteLength } = target;
    if (byteLength > poolBytes / 4) {
      randomFillSync(target);
      return;
    }
    if (this.#next + byteLength > poolBytes) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const end = this.#next + byteLength;
    target.set(this.#pool.subarray(this.#next, end));
    this.#pool.fill(0, this.#next, end);
    this.#next = end;
  }
}

/** The system's generator. */
export const systemRandom: RandomSource = new PooledRandom();
