import { Errno } from '../errno.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { blocked } from '../host.ts';
import { Event, Eventrwflag, Eventtype, Right, Subclockflag, Subscription } from './abi.ts';
import type { CoarseClock } from './clocks.ts';
import type { Descriptors } from './descriptors.ts';
import type { Calls } from './guard.ts';
import { subscriptionsMax } from './limits.ts';
import type { Waits } from './waits.ts';

/** Something that has come about, not yet written to the guest. */
interface Occurred {
  readonly userdata: bigint;
  readonly type: number;
  readonly error: Errno;
  readonly availableBytes: number;
  readonly rwflags: number;
}

const nanosecondsPerMs = 1e6;

/** Waiting for streams and for time. */
export class Poll {
  readonly calls: Calls;
  readonly #memory: GuestMemory;
  readonly #descriptors: Descriptors;
  readonly #waits: Waits;
  readonly #clock: CoarseClock;
  /** When the call under way was first made: relative timeouts count from there, however often it is made again. */
  #sinceNs: bigint | undefined;

  constructor(memory: GuestMemory, descriptors: Descriptors, waits: Waits, clock: CoarseClock) {
    this.#memory = memory;
    this.#descriptors = descriptors;
    this.#waits = waits;
    this.#clock = clock;
    this.calls = {
      // (@interface func (export "poll_oneoff")
      //   ;;; If `nsubscriptions` is 0, returns `errno::inval`.
      //   ;;; The events to which to subscribe.
      //   (param $in (@witx const_pointer $subscription))
      //   ;;; The events that have occurred.
      //   (param $out (@witx pointer $event))
      //   (param $nsubscriptions $size)
      //   ;;; The number of events stored.
      //   (result $error (expected $size (error $errno)))
      poll_oneoff: (subscriptions: number, events: number, count: number, resultPointer: number): number => {
        const errno = this.#poll(subscriptions >>> 0, events >>> 0, count >>> 0, resultPointer);
        if (errno !== blocked) this.#sinceNs = undefined;
        return errno;
      },
    };
  }

  unbind(): void {
    this.#sinceNs = undefined;
  }

  #poll(subscriptions: number, events: number, count: number, resultPointer: number): number {
    if (count === 0 || count > subscriptionsMax) return Errno.inval;
    const memory = this.#memory;
    const fits =
      memory.has(subscriptions, count * Subscription.bytes) &&
      memory.has(events, count * Event.bytes) &&
      memory.has(resultPointer, 4);
    if (!fits) return Errno.fault;
    this.#sinceNs ??= this.#clock.monotonicNs();
    this.#waits.begin();
    // Events are written when all subscriptions are read: the two lists may overlap.
    const occurred: Occurred[] = [];
    for (let index = 0; index < count; index++) {
      const at = subscriptions + index * Subscription.bytes;
      const type = memory.u8(at + Subscription.tag);
      if (type !== Eventtype.clock && type !== Eventtype.fdRead && type !== Eventtype.fdWrite) return Errno.inval;
      const event = type === Eventtype.clock ? this.#clockEvent(at, this.#sinceNs) : this.#streamEvent(at, type);
      if (event !== undefined) occurred.push(event);
    }
    if (occurred.length === 0) return blocked;
    occurred.forEach((event, index) => this.#write(events + index * Event.bytes, event));
    memory.setU32(resultPointer, occurred.length);
    return Errno.success;
  }

  /** `(typename $subscription_clock (record $id $timeout $precision $flags))` */
  #clockEvent(at: number, sinceNs: bigint): Occurred | undefined {
    const id = this.#memory.u32(at + Subscription.clockId);
    const timeoutNs = this.#memory.u64(at + Subscription.clockTimeout);
    const flags = this.#memory.u16(at + Subscription.clockFlags);
    const absolute = (flags & Subclockflag.abstime) !== 0;
    // A wait of some length is the same by every clock, and the monotonic one cannot be set.
    const nowNs = this.#clock.timeNs(id);
    if (nowNs === undefined || (flags & ~Subclockflag.abstime) !== 0)
      return this.#event(at, Eventtype.clock, Errno.inval);
    const leftNs = absolute ? timeoutNs - nowNs : sinceNs + timeoutNs - this.#clock.monotonicNs();
    if (leftNs <= 0n) return this.#event(at, Eventtype.clock, Errno.success);
    this.#waits.forDelay(Number(leftNs) / nanosecondsPerMs);
    return undefined;
  }

  /** `(typename $subscription_fd_readwrite (record (field $file_descriptor $fd)))` */
  #streamEvent(at: number, type: number): Occurred | undefined {
    const descriptor = this.#descriptors.get(this.#memory.u32(at + Subscription.fd));
    if (descriptor === undefined) return this.#event(at, type, Errno.badf);
    const rights = Right.pollFdReadwrite | (type === Eventtype.fdRead ? Right.fdRead : Right.fdWrite);
    if ((descriptor.rightsBase & rights) !== rights) return this.#event(at, type, Errno.notcapable);
    // "This event always triggers for regular files."
    if (descriptor.kind === 'file') {
      const leftBytes = Math.max(0, descriptor.node.content.sizeBytes - descriptor.position);
      return this.#event(at, type, Errno.success, type === Eventtype.fdRead ? leftBytes : 1);
    }
    if (descriptor.kind === 'directory') return this.#event(at, type, Errno.badf);
    if (!descriptor.stream.ready()) {
      this.#waits.forStream(descriptor.stream);
      return undefined;
    }
    // How much an output would take is not known, only that it is something.
    const available = descriptor.kind === 'input' ? descriptor.stream.available() : 1;
    return this.#event(at, type, Errno.success, available, available === 0 ? Eventrwflag.hangup : 0);
  }

  #event(at: number, type: number, error: Errno, availableBytes = 0, rwflags = 0): Occurred {
    return { userdata: this.#memory.u64(at + Subscription.userdata), type, error, availableBytes, rwflags };
  }

  #write(at: number, event: Occurred): void {
    this.#memory.writable(at, Event.bytes).fill(0);
    this.#memory.setU64(at + Event.userdata, event.userdata);
    this.#memory.setU16(at + Event.error, event.error);
    this.#memory.setU8(at + Event.type, event.type);
    this.#memory.setUint(at + Event.nbytes, event.availableBytes);
    this.#memory.setU16(at + Event.rwflags, event.rwflags);
  }
}
