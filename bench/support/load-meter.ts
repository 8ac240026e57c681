import { Latencies } from './latencies.ts';
import type { GroupResult, LoadWindow } from './load-plan.ts';

/** Counts what becomes of one group's requests. */
export class LoadMeter {
  readonly #name: string;
  readonly #windowMs: number;
  readonly #outcomes = new Map<string, number>();
  readonly #ok = new Latencies();
  readonly #refused = new Latencies();
  readonly #late = new Latencies();
  readonly #okSinceSent = new Latencies();
  readonly #windowOk = new Latencies();
  readonly #windowRefused = new Latencies();
  readonly #windows: LoadWindow[] = [];
  #windowEndMs: number;
  /** Requests that were due before this moment do not count. */
  readonly #fromMs: number;

  constructor(name: string, fromMs: number, windowSeconds: number) {
    this.#name = name;
    this.#fromMs = fromMs;
    this.#windowMs = windowSeconds * 1000;
    this.#windowEndMs = fromMs + this.#windowMs;
  }

  /** The generator came to a request only now. */
  late(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#fromMs) this.#late.add(nowMs - dueMs);
  }

  /** `sentMs`: when the request found a connection, for those that did. */
  answered(dueMs: number, nowMs: number, outcome: string, sentMs: number = dueMs): void {
    if (dueMs < this.#fromMs) return;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    while (nowMs >= this.#windowEndMs) this.#endWindow();
    const latencyMs = nowMs - dueMs;
    if (outcome.startsWith('2')) {
      this.#ok.add(latencyMs);
      this.#okSinceSent.add(nowMs - sentMs);
      this.#windowOk.add(latencyMs);
    } else if (outcome === '503 overloaded') {
      this.#refused.add(latencyMs);
      this.#windowRefused.add(latencyMs);
    }
  }

  result(seconds: number): GroupResult {
    return {
      name: this.#name,
      seconds,
      outcomes: Object.fromEntries(this.#outcomes),
      ok: this.#ok.summary(),
      okSinceSent: this.#okSinceSent.summary(),
      refused: this.#refused.summary(),
      late: this.#late.summary(),
      windows: this.#windows,
    };
  }

  #endWindow(): void {
    this.#windows.push({ ok: this.#windowOk.summary(), refused: this.#windowRefused.summary() });
    this.#windowOk.clear();
    this.#windowRefused.clear();
    this.#windowEndMs += this.#windowMs;
  }
}
