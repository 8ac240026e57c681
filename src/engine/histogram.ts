/** A summary of many short times. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

/** Keeps every sample of a run whose length is known: exact quantiles, no buckets. */
export class Samples {
  readonly #values: Float64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  /** Samples past the capacity are not kept. */
  add(value: number): void {
    if (this.#count < this.#values.length) this.#values[this.#count++] = value;
  }

  /** Nearest-rank quantiles. */
  quantiles(): Quantiles {
    const sorted = this.#values.slice(0, this.#count).toSorted();
    const at = (share: number): number => sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))] ?? 0;
    return { count: this.#count, p50: at(0.5), p99: at(0.99), p999: at(0.999), p9999: at(0.9999), max: at(1) };
  }

  /** The medians of the first and of the last tenth of the samples, in the order they came in. */
  ends(): { readonly first: number; readonly last: number } {
    const tenth = Math.ceil(this.#count / 10);
    const median = (values: Float64Array): number => values.toSorted()[values.length >> 1] ?? 0;
    const first = median(this.#values.slice(0, tenth));
    return { first, last: median(this.#values.slice(this.#count - tenth, this.#count)) };
  }
}
