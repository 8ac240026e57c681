/** The ticker's thread: see ticker.ts for the words it shares with the guests' thread. */
import { workerData } from 'node:worker_threads';
import { briskTicksMax, calmTicks, idleTicksMax, Pace, type TickerStart, tickerWords } from './ticker.ts';
import { flagWords } from '../wasm/mod.ts';

function run({ control, flags, tickMs }: TickerStart): void {
  const words = new Int32Array(control);
  const flagView = new Int32Array(flags);
  const interrupt = flagWords.interrupt / Int32Array.BYTES_PER_ELEMENT;
  let idleTicks = 0;
  /** Brisk ticks that are left. */
  let briskTicks = 0;
  while (Atomics.load(words, tickerWords.stop) === 0) {
    const waited = Atomics.wait(words, tickerWords.stop, 0, briskTicks > 0 ? tickMs : tickMs * calmTicks);
    if (Atomics.load(words, tickerWords.pace) === Pace.seen) {
      briskTicks = briskTicksMax;
      Atomics.store(words, tickerWords.pace, Pace.brisk);
    } else if (briskTicks > 0) {
      briskTicks -= 1;
      if (briskTicks === 0) Atomics.compareExchange(words, tickerWords.pace, Pace.brisk, Pace.calm);
    }
    // Woken: the tick comes when its time has come.
    if (waited === 'ok') continue;
    Atomics.store(flagView, interrupt, 1);
    idleTicks = Atomics.exchange(words, tickerWords.active, 0) === 1 ? 0 : idleTicks + 1;
    if (idleTicks > idleTicksMax) {
      sleep(words);
      idleTicks = 0;
    }
  }
}

function sleep(words: Int32Array): void {
  Atomics.store(words, tickerWords.asleep, 1);
  // A guest may have been entered before that store was seen.
  if (Atomics.load(words, tickerWords.active) === 1) Atomics.store(words, tickerWords.asleep, 0);
  else Atomics.wait(words, tickerWords.asleep, 1);
}

// Made by ticker.ts alone, which passes a TickerStart.
run(workerData as TickerStart);
