import { kib } from '../base/mod.ts';

/** The bounds of what is read as configuration. Each names what it guards against. */

/** A manifest larger than this is not read: nobody writes one, and every mistake in it would be searched for its place. */
export const manifestBytesMax: number = 256 * kib;
/** Arrays and tables in one another. The deepest thing a manifest has is a table in an array. */
export const manifestDepthMax = 16;
/** Mistakes that are told; of the others it is said how many they are. */
export const mistakesToldMax = 50;
/** Of a value that is quoted in a message. */
export const quotedLengthMax = 100;
