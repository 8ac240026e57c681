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

/** Stores at the same local and within one block of this many bytes of offset share one mark. */
export const markBlockBytes = 256;

/**
 * What a mark speaks for beyond its page: the mark is made for the start of the offset's block, so a store can lie up to 255
 * bytes further, and be 16 bytes long.
 */
export const markOverhangBytes: number = markBlockBytes + 16;

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
