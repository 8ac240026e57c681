/** A source of random bytes. Handed in, so that tests are deterministic. */
export interface RandomSource {
  /** Fills `target` with random bytes. */
  fill(target: Uint8Array): void;
}

/** Fresh random bytes. */
export function randomBytes(random: RandomSource, count: number): Uint8Array {
  return filled(random, new Uint8Array(count));
}

function filled(random: RandomSource, target: Uint8Array): Uint8Array {
  random.fill(target);
  return target;
}
