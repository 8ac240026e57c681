/**
 * `rewind`: brings an instance back to its image, byte for byte, from inside the module: dirty pages, globals, tables, dropped
 * segments, and the size the guest believes its memory to have. In pieces, where that is much: a call restores about as many bytes as it
 * is told, and says whether there is more to do. What was restored is not dirty any more, so the next call finds its place by itself.
 */
import { wasmPageBytes } from '../../base/mod.ts';
import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { Code } from './code.ts';
import { type GuestMemoryPlan, noEntry, type RewriteContext, type TouchedEntries } from './context.ts';
import {
  dirtyPageBytes,
  dirtyPageShift,
  grownBytesAt,
  growthRefusedAt,
  markReachBytes,
  storeBytesMax,
} from './layout.ts';

const mapBytesPerWasmPage: number = wasmPageBytes / dirtyPageBytes;
const wasmPageShift = 16;

/** log2 of the bytes that one entry of a table counts as: where it is a function, to copy it takes V8 as long as so many bytes. */
const entryBytesShift = 8;

export interface RewindParts {
  /** Pairs of a table that the guest can change and its pristine twin. */
  readonly tables: readonly { readonly table: number; readonly twin: number; readonly touched: TouchedEntries }[];
  /** Writes the pristine value of a global on the stack. */
  readonly globals: readonly { readonly index: number; readonly writeValue: (code: Code) => void }[];
  /** Globals that are 1 once a segment was dropped. */
  readonly dropped: readonly number[];
}

/**
 * (bytes to restore, about; more than the pages of `alwaysDirty`) → (1 when there is more to do, and nothing else may be done with
 * the instance; or else 0)
 */
export function makeRewind(context: RewriteContext, parts: RewindParts): FunctionCode {
  const left = 0;
  const code = new Code();
  context.memories.forEach((plan, memory) => {
    if (context.passes.dirty === 'marks') {
      code
        .local('get', left)
        .call(restoreDirty(context, plan, memory))
        .local('tee', left);
      code.op(Op.i32Eqz).open(Op.if).i32(1).op(Op.return).end();
    } else {
      code.call(restoreAll(context, plan, memory));
    }
    code
      .i32(plan.layout.engineWords + growthRefusedAt)
      .i32(0)
      .access(Op.i32Store8, memory, 0);
    code
      .i32(plan.layout.engineWords + grownBytesAt)
      .i32(0)
      .access(Op.i32Store, memory, 0, 2);
    code.i32(plan.initialPages).global('set', plan.pagesGlobal);
  });
  for (const { index, writeValue } of parts.globals) {
    writeValue(code);
    code.global('set', index);
  }
  for (const index of parts.dropped) code.i32(0).global('set', index);
  for (const { table, twin, touched } of parts.tables) {
    code
      .local('get', left)
      .call(restoreTable(context, table, twin, touched))
      .local('tee', left);
    code.op(Op.i32Eqz).open(Op.if).i32(1).op(Op.return).end();
  }
  code.i32(0).end();
  return functionCode(context.assembly.type([i32], [i32]), [], code);
}

/** (bytes to restore) → (what is left of them, 0 when there may be more to do): copies changed entries from the pristine twin. */
function restoreTable(context: RewriteContext, table: number, twin: number, touched: TouchedEntries): number {
  return context.assembly.helper(`restore table ${table}`, () => {
    const [left, entries, rest] = [0, 1, 2];
    const { first, end } = touched;
    const code = new Code();
    code.global('get', first).global('get', end).op(Op.i32LtU).open(Op.if);
    code.local('get', left).i32(entryBytesShift).op(Op.i32ShrU).i32(1).op(Op.i32Add).local('set', entries);
    code.global('get', end).global('get', first).op(Op.i32Sub).local('set', rest);
    emitMin(code, entries, rest);
    code.local('set', entries);
    code.global('get', first).global('get', first).local('get', entries).op(Op.tableCopy).u32(table).u32(twin);
    code.local('get', entries).local('get', rest).op(Op.i32LtU).open(Op.if);
    code.global('get', first).local('get', entries).op(Op.i32Add).global('set', first);
    code.op(Op.else).i32(noEntry).global('set', first).i32(0).global('set', end).end();
    emitSpend(code, left, entries, entryBytesShift);
    code.end().local('get', left).end();
    return functionCode(context.assembly.type([i32], [i32]), [i32, i32], code);
  });
}

/** () → (): everything at once, for images whose stores are not marked. */
function restoreAll(context: RewriteContext, plan: GuestMemoryPlan, memory: number): number {
  return context.assembly.helper(`restore all ${memory}`, () => {
    const code = new Code();
    emitGuestMapBytes(code, plan, memory);
    code
      .local('set', 0)
      .i32(0)
      .local('get', 0)
      .call(restoreRun(context, plan, memory))
      .end();
    return functionCode(context.assembly.type([], []), [i32], code);
  });
}

/** The map's bytes in use: one for each 4 KiB that the memory has for its guest. */
function emitGuestMapBytes(code: Code, plan: GuestMemoryPlan, memory: number): void {
  code
    .memorySize(memory)
    .i32(plan.layout.shiftBytes / wasmPageBytes)
    .op(Op.i32Sub);
  code.i32(mapBytesPerWasmPage).op(Op.i32Mul);
}

/**
 * (bytes to restore) → (what is left of them, 0 when there may be more to do): looks at the map sixteen entries at a time, restores
 * each run of dirty pages and clears its marks.
 *
 *     at:  0               16              32
 *          0000000000000000 0000011000000001 1100000000000000
 *                                ^run ^page       a run may reach into the next sixteen
 */
function restoreDirty(context: RewriteContext, plan: GuestMemoryPlan, memory: number): number {
  return context.assembly.helper(`restore dirty ${memory}`, () => {
    const [left, at, end, page, run, runEnd] = [0, 1, 2, 3, 4, 5];
    const code = new Code();
    for (const known of plan.alwaysDirty) code.i32(known).i32(1).access(Op.i32Store8, memory, 0);
    emitGuestMapBytes(code, plan, memory);
    code.local('set', end);
    code.open(Op.block).open(Op.loop);
    code.local('get', at).local('get', end).op(Op.i32GeU).brIf(1);
    code.local('get', at).access(Op.v128Load, memory, 0).op(Op.v128AnyTrue).open(Op.if);
    code.local('get', at).local('set', page);
    // Over the sixteen entries.
    code.open(Op.loop);
    code.local('get', page).access(Op.i32Load8U, memory, 0).open(Op.if);
    code.local('get', page).local('tee', run);
    // No further than there are bytes left for, but for a last page in part.
    code.local('get', left).i32(dirtyPageShift).op(Op.i32ShrU).op(Op.i32Add).i32(1).op(Op.i32Add).local('set', runEnd);
    emitMin(code, runEnd, end);
    code.local('set', runEnd);
    // To the end of the run, clearing.
    code.open(Op.loop);
    code.local('get', page).i32(0).access(Op.i32Store8, memory, 0);
    code.local('get', page).i32(1).op(Op.i32Add).local('tee', page);
    code.local('get', runEnd).op(Op.i32LtU).open(Op.if);
    code.local('get', page).access(Op.i32Load8U, memory, 0).brIf(1);
    code.end().end();
    code.local('get', run).local('get', page).local('get', run).op(Op.i32Sub).local('tee', run);
    code.call(restoreRun(context, plan, memory));
    emitSpend(code, left, run, dirtyPageShift);
    code.end();
    code.local('get', page).i32(1).op(Op.i32Add).local('tee', page);
    code.local('get', at).i32(mapBytesPerWasmPage).op(Op.i32Add).op(Op.i32LtU).brIf(0);
    code.end().end();
    code.local('get', at).i32(mapBytesPerWasmPage).op(Op.i32Add).local('set', at);
    code.br(0).end().end().local('get', left).end();
    return functionCode(context.assembly.type([i32], [i32]), [i32, i32, i32, i32, i32], code);
  });
}

/**
 * (first page, pages) → (): copies from the image, and fills with zeros what lies behind it. A mark speaks for some bytes of the
 * pages next to its own too.
 */
function restoreRun(context: RewriteContext, plan: GuestMemoryPlan, memory: number): number {
  return context.assembly.helper(`restore run ${memory}`, () => {
    const [address, bytes, rest, fromImage] = [0, 1, 2, 3];
    const { shiftBytes } = plan.layout;
    const behind = markReachBytes + storeBytesMax;
    const code = new Code();
    code.local('get', address).i32(dirtyPageShift).op(Op.i32Shl).local('set', address);
    code.local('get', bytes).i32(dirtyPageShift).op(Op.i32Shl).i32(behind).op(Op.i32Add).local('set', bytes);
    // Nothing lies before the first page.
    code.local('get', address).open(Op.if);
    code.local('get', address).i32(markReachBytes).op(Op.i32Sub).local('set', address);
    code.local('get', bytes).i32(markReachBytes).op(Op.i32Add).local('set', bytes).end();
    // No further than the memory goes.
    code.memorySize(memory).i32(wasmPageShift).op(Op.i32Shl).i32(shiftBytes).op(Op.i32Sub);
    code.local('get', address).op(Op.i32Sub).local('set', rest);
    emitMin(code, bytes, rest);
    code.local('set', bytes);
    // What of it the image has.
    code.memorySize(plan.imageMemory).i32(wasmPageShift).op(Op.i32Shl).local('set', rest);
    code.local('get', address).local('get', rest).op(Op.i32LtU).open(Op.if);
    code.local('get', rest).local('get', address).op(Op.i32Sub).local('set', rest);
    emitMin(code, bytes, rest);
    code.local('set', fromImage);
    code.local('get', address).i32(shiftBytes).op(Op.i32Add).local('get', address).local('get', fromImage);
    code.memoryCopy(memory, plan.imageMemory).end();
    code.local('get', bytes).local('get', fromImage).op(Op.i32Sub).local('tee', rest).open(Op.if);
    code.local('get', address).i32(shiftBytes).op(Op.i32Add).local('get', fromImage).op(Op.i32Add);
    code.i32(0).local('get', rest).memoryFill(memory).end();
    code.end();
    return functionCode(context.assembly.type([i32, i32], []), [i32, i32], code);
  });
}

/** Takes what `count` counts as from `left`; returns 0 from the function when nothing is left of it then. */
function emitSpend(code: Code, left: number, count: number, shift: number): void {
  code.local('get', count).i32(shift).op(Op.i32Shl).local('tee', count);
  code.local('get', left).op(Op.i32GeU).open(Op.if).i32(0).op(Op.return).end();
  code.local('get', left).local('get', count).op(Op.i32Sub).local('set', left);
}

/** The smaller of two locals. */
function emitMin(code: Code, a: number, b: number): void {
  code.local('get', a).local('get', b).local('get', a).local('get', b).op(Op.i32LtU).op(Op.select);
}
