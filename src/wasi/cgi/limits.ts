import { kib } from '../../base/mod.ts';

/** Bytes of a response's header, line ends and all: what node:http is ready to send, and four times what it accepts. */
export const headBytesMax: number = 64 * kib;

/** How much of what a guest writes is searched for the end of the header at once. */
export const headPieceBytes: number = 2 * kib;

/** Lines of a response's header. */
export const headFieldsMax = 100;

/** Header names a function's environment keeps the variable's name for: requests choose them, so they must not pile up. */
export const headerNamesKept = 256;

/** Longer names are not kept; the registered ones are all shorter. */
export const headerNameLengthKept = 48;

/** A response's header is remembered up to this size, as a program mostly says the same: one for each function. */
export const headKeptBytes: number = 2 * kib;
