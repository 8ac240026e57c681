import type { RandomSource } from '../../base/mod.ts';
import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { blocked } from '../host.ts';
import type { Calls } from './guard.ts';
import { randomBytesMax } from './limits.ts';
import type { Waits } from './waits.ts';

/** Random bytes. A long call is cut into pieces by blocking in between, as it has no short count to answer. */
export class Random {
  readonly calls: Calls;
  /** Bytes that the call under way has already made. */
  #doneBytes = 0;

  constructor(memory: GuestMemory, random: RandomSource, waits: Waits) {
    this.calls = {
      // (@interface func (export "random_get")
      //   ;;; The buffer to fill with random data.
      //   (param $buf (@witx pointer u8))
      //   (param $buf_len $size)
      random_get: (buffer: number, bufferLength: number): number => {
        const length = bufferLength >>> 0;
        if (!memory.has(buffer, length)) return Errno.fault;
        const count = Math.min(length - this.#doneBytes, randomBytesMax);
        random.fill(memory.writable((buffer >>> 0) + this.#doneBytes, count));
        this.#doneBytes += count;
        if (this.#doneBytes < length) {
          waits.begin();
          waits.forDelay(0);
          return blocked;
        }
        this.#doneBytes = 0;
        return Errno.success;
      },
    };
  }

  unbind(): void {
    this.#doneBytes = 0;
  }
}
