/** A source of random bytes. Handed in, so that tests are deterministic. */
export interface RandomSource {
  /** Fills `target` with random bytes. */
  fill(target: Uint8Array): void;
}
