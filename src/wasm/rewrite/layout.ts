/**
 * Where things lie in the memory of a rewritten module.
 *
 *     physical  0                    engineWords                shiftBytes                    end
 *               | dirty map          | words of the engine      | guest address 0 …           |
 *                 a byte for 4 KiB     64 bytes                   all guest offsets are shifted up to here
 *
 * A guest's address is an unsigned 32-bit number to which V8 adds the (shifted) offset without wrapping, so nothing the
 * guest computes reaches below `shiftBytes`.
 */
import { wasmPageBytes } from '../../base/mod.ts';

/** log2 of the bytes that one byte of the dirty map speaks for. */
export const dirtyPageShift = 12;
export const dirtyPageBytes: number = 2 ** dirtyPageShift;

/** A mark is made for the start of a block of so many bytes of offset, so that it needs no addition for most. */
export const markBlockBytes = 256;

/**
 * How far from the address that a mark was made for a store may begin, before or behind, for the mark to speak for it too. A rewind
 * restores so much more round each marked page, and behind it the 16 bytes that a store can be long.
 */
export const markReachBytes = 256;
export const storeBytesMax = 16;

/** Bytes kept for the engine between the map and guest address 0. */
export const engineWordsBytes = 64;

/** In the engine's words: set to 1 when the guest was refused memory because of a limit of the slot. */
export const growthRefusedAt = 0;

/** In the engine's words, 32 bits: the bytes by which the guest's memory has grown, as the guest is told. Less than 4 GiB. */
export const grownBytesAt = 4;

/** V8 allows 65,536 pages; the last one stays away, so that an access at the highest offset traps in every memory. */
export const physicalPagesMax = 65_535;

export interface MemoryLayout {
  /** Where guest address 0 lies. A multiple of the page size. */
  readonly shiftBytes: number;
  /** Where the engine's words lie. */
  readonly engineWords: number;
  /** The guest's pages at most. */
  readonly guestPagesMax: number;
}

/** The layout of a memory that has at most `guestBytesMax` bytes for its guest. */
export function memoryLayout(guestBytesMax: number): MemoryLayout {
  const pagesWanted = Math.floor(guestBytesMax / wasmPageBytes);
  const mapBytes = (pagesWanted * wasmPageBytes) / dirtyPageBytes;
  const shiftBytes = Math.ceil((mapBytes + engineWordsBytes) / wasmPageBytes) * wasmPageBytes;
  const guestPagesMax = Math.min(pagesWanted, physicalPagesMax - shiftBytes / wasmPageBytes);
  return { shiftBytes, engineWords: shiftBytes - engineWordsBytes, guestPagesMax };
}
