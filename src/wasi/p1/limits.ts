import { mib } from '../../base/mod.ts';

/** Open descriptors of one guest, as `ulimit -n` has it on most systems. */
export const descriptorsMax = 1024;

/** Buffers in one read or write (IOV_MAX). https://man7.org/linux/man-pages/man2/readv.2.html */
export const iovecsMax = 1024;

/** Bytes one read or write moves: more would hold the thread for longer than a time slice. What is left is a short count. */
export const transferBytesMax: number = 4 * mib;

/** Random bytes made in one go; a longer `random_get` lets others run in between. */
export const randomBytesMax: number = mib / 2;

/** Subscriptions of one poll_oneoff: a guest has no more descriptors than that, and needs one clock. */
export const subscriptionsMax: number = 2 * descriptorsMax;

/** Bytes of file content, names and nodes that a request may add to what it was given, unless it is told otherwise. */
export const defaultFileBytesMax: number = 32 * mib;

/** The step of the clocks a guest sees, against timing attacks (engine.md, "Clocks"). */
export const defaultClockStepUs = 100;
