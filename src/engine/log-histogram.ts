/**
 * Times, counted by their order of magnitude: cheap enough for every request, and small enough for every function.
 * Four buckets to each doubling, so a quantile is at most a quarter too high:
 *
 *     ticks of 1/16 µs   0 1 2 3 | 4 5 6 7 | 8-9 10-11 12-13 14-15 | 16-19 … | … | up to 2 minutes
 *     bucket             0 1 2 3 | 4 5 6 7 | 8   9     10    11    | 12      | … | 119
 */
const ticksPerMs = 16_000;
const ticksMax = 2 ** 31 - 1;
const bucketCount = 120;

/** How many times were in one bucket. */
export interface HistogramBucket {
  /** No time in it is longer. */
  readonly upToMs: number;
  readonly count: number;
}

export class LogHistogram {
  /** Made with the first time, as many functions never get a request. */
  #counts: Float64Array | undefined;
  #count = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  add(ms: number): void {
    this.#counts ??= new Float64Array(bucketCount);
    const at = bucketOf(ms);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += ms;
  }

  /** The end of the bucket that `share` of the times do not exceed; 0 of none. */
  quantileMs(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * share));
    let seen = 0;
    for (const { upToMs, count } of this.buckets()) {
      seen += count;
      if (seen >= wanted) return upToMs;
    }
    return 0;
  }

  /** The buckets that have something in them, from short to long. */
  *buckets(): Generator<HistogramBucket> {
    for (let at = 0; at < bucketCount; at++) {
      const count = this.#counts?.[at] ?? 0;
      if (count > 0) yield { upToMs: endOfBucket(at) / ticksPerMs, count };
    }
  }
}

function bucketOf(ms: number): number {
  const ticks = Math.min(ticksMax, Math.max(0, ms * ticksPerMs)) | 0;
  if (ticks < 8) return ticks;
  const octave = 31 - Math.clz32(ticks);
  return octave * 4 - 4 + ((ticks >> (octave - 2)) & 3);
}

/** The first tick that is not in the bucket. */
function endOfBucket(bucket: number): number {
  if (bucket < 8) return bucket + 1;
  const octave = (bucket + 4) >> 2;
  return 2 ** octave + ((bucket & 3) + 1) * 2 ** (octave - 2);
}
