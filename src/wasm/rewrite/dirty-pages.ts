import { wasmPageBytes } from '../../base/mod.ts';
import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import type { Code } from './code.ts';
import { Code as CodeWriter } from './code.ts';
import type { RewriteContext } from './context.ts';
import { dirtyPageBytes, dirtyPageShift, markBlockBytes, markReachBytes } from './layout.ts';
import type { ModuleShape } from './shape.ts';

/** How many pages of a memory every rewind restores, rather than have their stores marked. */
const alwaysDirtyMax = 2;

/** What the stores to a page have to weigh for that: as much as one in a loop, or eight; and an eighth of those to the heaviest. */
const alwaysDirtyWeightMin = 8;

/** Marks the page of the address in `local` plus the start of `offset`'s block. */
export function emitMarkLocal(code: Code, memory: number, local: number, offset: number): void {
  const block = blockStart(offset);
  code.local('get', local);
  if (block > 0) code.i32(block).op(Op.i32Add);
  code.i32(dirtyPageShift).op(Op.i32ShrU).i32(1).access(Op.i32Store8, memory, 0);
}

/** Marks the page of a known address. */
export function emitMarkConstant(code: Code, memory: number, address: number): void {
  code
    .i32(address >>> dirtyPageShift)
    .i32(1)
    .access(Op.i32Store8, memory, 0);
}

/**
 * Pages with variables that a module stores to at constant addresses, such as an allocator's, and often does. To copy one costs a rewind less
 * than marking it again and again costs the guest. Only pages of the memory as a request finds it: of others there may be no map.
 */
export function alwaysDirtyPages(shape: ModuleShape, memory: number, initialPages: number): ReadonlySet<number> {
  const end = initialPages * (wasmPageBytes / dirtyPageBytes);
  const pages = shape.storedPages(memory);
  const least = Math.max(alwaysDirtyWeightMin, (pages[0]?.weight ?? 0) / 8);
  const found = pages.filter(({ page, weight }) => page < end && weight >= least);
  return new Set(found.slice(0, alwaysDirtyMax).map(({ page }) => page));
}

/**
 * Whether a mark for the address M speaks for a store to the address S, when the guest's sums say that S lies `distance` behind M.
 *
 * The sums are modulo 2^32, the addresses are not: but both lie in the memory, M because a store that came behind it by less than a block did
 * not trap, and S because the mark only matters if its store does not trap. No memory reaches the last 64 KiB of 32 bits, so
 * S - M cannot be the distance plus or less 2^32.
 */
export function isInReach(distance: number): boolean {
  return distance >= -markReachBytes && distance <= markReachBytes;
}

/** Offsets of one block share a mark, made for the block's start. */
export function blockStart(offset: number): number {
  return offset - (offset % markBlockBytes);
}

/**
 * The helper that marks all pages from an address on: (address, bytes) → (). The bytes are in the guest's memory already,
 * so the address does not wrap.
 */
export function markRange(context: RewriteContext, memory: number): number {
  return context.assembly.helper(`mark range ${memory}`, () => makeMarkRange(context, memory));
}

function makeMarkRange(context: RewriteContext, memory: number): FunctionCode {
  const [address, bytes, first] = [0, 1, 2];
  const code = new CodeWriter();
  // Nothing written, nothing marked.
  code.local('get', bytes).op(Op.i32Eqz).open(Op.if).op(Op.return).end();
  code.local('get', address).i32(dirtyPageShift).op(Op.i32ShrU).local('tee', first).i32(1);
  // Pages after the first: (address + bytes - 1) >> shift, less the first.
  code.local('get', address).local('get', bytes).op(Op.i32Add).i32(1).op(Op.i32Sub);
  code.i32(dirtyPageShift).op(Op.i32ShrU).local('get', first).op(Op.i32Sub).i32(1).op(Op.i32Add);
  code.memoryFill(memory).end();
  return functionCode(context.assembly.type([i32, i32], []), [i32], code);
}
