import type { Clock } from '../../base/mod.ts';
import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { Clockid } from './abi.ts';
import type { Calls } from './guard.ts';

/** The clocks as a guest sees them: in whole steps, so that they are no stopwatch for side channels. */
export class CoarseClock {
  readonly stepNs: bigint;
  readonly #clock: Clock;
  readonly #stepUs: number;

  constructor(clock: Clock, stepUs: number) {
    this.#clock = clock;
    this.#stepUs = stepUs;
    this.stepNs = BigInt(stepUs) * 1000n;
  }

  /** Nanoseconds since 1970. */
  realtimeNs(): bigint {
    return this.#coarse(this.#clock.wallMs());
  }

  /** Nanoseconds since an arbitrary start; never goes back. */
  monotonicNs(): bigint {
    return this.#coarse(this.#clock.monotonicMs());
  }

  /** @returns undefined for a clock there is not. */
  timeNs(id: number): bigint | undefined {
    if (id === Clockid.realtime) return this.realtimeNs();
    if (id === Clockid.monotonic) return this.monotonicNs();
    return undefined;
  }

  #coarse(ms: number): bigint {
    return BigInt(Math.floor((ms * 1000) / this.#stepUs)) * this.stepNs;
  }
}

/** The clocks of real and of monotonic time; those of CPU time are not there, as a guest shares its thread. */
export function clockCalls(memory: GuestMemory, clock: CoarseClock): Calls {
  return {
    // (@interface func (export "clock_res_get")
    //   ;;; Implementations are required to provide a non-zero value for supported clocks. For unsupported clocks,
    //   ;;; return `errno::inval`.
    //   (param $id $clockid)
    //   (result $error (expected $timestamp (error $errno)))
    clock_res_get(id: number, resultPointer: number): Errno {
      if (id !== Clockid.realtime && id !== Clockid.monotonic) return Errno.inval;
      memory.setU64(resultPointer, clock.stepNs);
      return Errno.success;
    },

    // (@interface func (export "clock_time_get")
    //   (param $id $clockid)
    //   ;;; The maximum lag (exclusive) that the returned time value may have, compared to its actual value.
    //   (param $precision $timestamp)
    //   (result $error (expected $timestamp (error $errno)))
    clock_time_get(id: number, _precision: bigint, resultPointer: number): Errno {
      const timeNs = clock.timeNs(id);
      if (timeNs === undefined) return Errno.inval;
      memory.setU64(resultPointer, timeNs);
      return Errno.success;
    },
  };
}
