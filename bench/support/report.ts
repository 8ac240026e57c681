import { availableParallelism, cpus, loadavg } from 'node:os';
import type { LatencySummary, Spread } from './latencies.ts';

/** How a benchmark says what it found: as text on the way, or as one JSON document at the end. */
export class Report {
  readonly #style: 'text' | 'json';
  readonly #results: Record<string, unknown>[] = [];
  readonly #machine: string;

  constructor(style: 'text' | 'json') {
    this.#style = style;
    const model = cpus()[0]?.model ?? 'unknown CPU';
    this.#machine = `Node ${process.version}, ${availableParallelism()} × ${model}, load ${loadavg()[0]?.toFixed(1)} before it began`;
    this.say(this.#machine);
  }

  /** For whoever reads it; not in the JSON. */
  say(text: string): void {
    if (this.#style === 'text') console.log(text);
  }

  /** A line of a table, each cell as wide as its column. */
  row(cells: readonly string[], widths: readonly number[]): void {
    this.say(
      cells
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
  }

  /** What was measured, for programs; not in the text. */
  add(result: Record<string, unknown>): void {
    this.#results.push(result);
  }

  end(): void {
    if (this.#style === 'json')
      console.log(JSON.stringify({ machine: this.#machine, results: this.#results }, null, 2));
  }
}

/** `12.3 (11.8–13.1)`: the median, and the least and the most of all rounds. */
export function spreadText({ median, least, most }: Spread, digits = 0): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** Nothing was measured where it is 0. */
export function msText(ms: number): string {
  if (ms === 0) return '–';
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

/** p50, p99, p99.9 and the most, in milliseconds. */
export function latencyCells({ p50Ms, p99Ms, p999Ms, maxMs }: LatencySummary): string[] {
  return [p50Ms, p99Ms, p999Ms, maxMs].map(msText);
}

/** Says whether what is wanted was reached, as it is. */
export function verdict(reached: boolean): string {
  return reached ? 'reached' : 'NOT REACHED';
}
