/**
 * Bulk memory operations, in chunks: one instruction could hold everybody for 67 ms (a fill of 128 MiB). Bounds are checked
 * for the whole operation first, as the specification has it, so that nothing is written when it traps.
 * https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
 */
import { wasmPageBytes } from '../../base/mod.ts';
import { Op, prefixed, prefixMisc } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { markRange } from './dirty-pages.ts';
import { emitCheck } from './preemption.ts';

/** Bytes one instruction handles before the next check. */
const chunkBytes: number = wasmPageBytes;

const [destination, source, length, chunk] = [0, 1, 2, 3];

/** Traps unless `length` bytes from the address in `local` lie in the memory. */
function emitBoundsCheck(code: Code, context: RewriteContext, memory: number, local: number): void {
  const plan = context.memories[memory];
  if (plan === undefined) throw new Error(`no plan for memory ${memory}`);
  code.local('get', local).op(Op.i64ExtendI32U).local('get', length).op(Op.i64ExtendI32U).op(Op.i64Add);
  code.global('get', plan.pagesGlobal).op(Op.i64ExtendI32U).i64(16n).op(Op.i64Shl).op(Op.i64GtU);
  // A load past every memory traps as the instruction itself would: "memory access out of bounds".
  code.open(Op.if).i32(-1).access(Op.i32Load8U, memory, 0xffff_ffff).op(Op.drop).end();
}

/** The address in `local` as the memory's own operations want it: shifted. */
function emitShifted(code: Code, context: RewriteContext, memory: number, local: number): void {
  code
    .local('get', local)
    .i32(context.memories[memory]?.layout.shiftBytes ?? 0)
    .op(Op.i32Add);
}

function emitMarkAll(code: Code, context: RewriteContext, memory: number): void {
  if (context.passes.dirty === 'everything') return;
  code.local('get', destination).local('get', length).call(markRange(context, memory));
}

/** `chunk` becomes the smaller of `length` and a chunk's bytes. */
function emitChunkSize(code: Code): void {
  code.local('get', length).i32(chunkBytes).local('get', length).i32(chunkBytes).op(Op.i32LtU);
  code.op(Op.select).local('set', chunk);
}

/** Checks for an interrupt, after the last round too: small operations can come one after the other. Ends the loop. */
function emitNextRound(code: Code, context: RewriteContext, unlikely: number[]): void {
  code.local('get', length).local('get', chunk).op(Op.i32Sub).local('set', length);
  if (context.passes.preemption === 'checks') emitCheck(code, context, unlikely);
  code.local('get', length).brIf(0).end();
}

/** (destination, value, length) → () */
export function fillMemory(context: RewriteContext, memory: number): number {
  return context.assembly.helper(`fill ${memory}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    emitBoundsCheck(code, context, memory, destination);
    emitMarkAll(code, context, memory);
    code.open(Op.loop);
    emitChunkSize(code);
    emitShifted(code, context, memory, destination);
    code.local('get', source).local('get', chunk).memoryFill(memory);
    code.local('get', destination).local('get', chunk).op(Op.i32Add).local('set', destination);
    emitNextRound(code, context, unlikely);
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [i32], code, unlikely);
  });
}

/** (destination, source, length) → () */
export function copyMemory(context: RewriteContext, to: number, from: number): number {
  return context.assembly.helper(`copy ${to} ${from}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    emitBoundsCheck(code, context, to, destination);
    emitBoundsCheck(code, context, from, source);
    emitMarkAll(code, context, to);
    // Forwards when the destination is lower: no chunk then overwrites what a later one reads. Else backwards.
    code.local('get', destination).local('get', source).op(Op.i32LeU).open(Op.if);
    code.open(Op.loop);
    emitChunkSize(code);
    emitCopyChunk(code, context, to, from);
    for (const local of [destination, source]) {
      code.local('get', local).local('get', chunk).op(Op.i32Add).local('set', local);
    }
    emitNextRound(code, context, unlikely);
    code.op(Op.else);
    for (const local of [destination, source]) {
      code.local('get', local).local('get', length).op(Op.i32Add).local('set', local);
    }
    code.open(Op.loop);
    emitChunkSize(code);
    for (const local of [destination, source]) {
      code.local('get', local).local('get', chunk).op(Op.i32Sub).local('set', local);
    }
    emitCopyChunk(code, context, to, from);
    emitNextRound(code, context, unlikely);
    code.end().end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [i32], code, unlikely);
  });
}

function emitCopyChunk(code: Code, context: RewriteContext, to: number, from: number): void {
  emitShifted(code, context, to, destination);
  emitShifted(code, context, from, source);
  code.local('get', chunk).memoryCopy(to, from);
}

/** (destination, source, length) → (). A dropped segment has no bytes. */
export function initMemory(context: RewriteContext, segment: number, memory: number): number {
  return context.assembly.helper(`init ${segment} ${memory}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    const content = context.module.data[segment]?.content ?? { start: 0, end: 0 };
    const bytes = context.module.data[segment]?.mode === 'passive' ? content.end - content.start : 0;
    emitBoundsCheck(code, context, memory, destination);
    // The end of what is wanted against the segment's, which is 0 once it is dropped.
    code.local('get', source).op(Op.i64ExtendI32U).local('get', length).op(Op.i64ExtendI32U).op(Op.i64Add);
    code.i32(0).i32(bytes).global('get', context.dataDropped(segment)).op(Op.select);
    code.op(Op.i64ExtendI32U).op(Op.i64GtU);
    code.open(Op.if).i32(-1).access(Op.i32Load8U, memory, 0xffff_ffff).op(Op.drop).end();
    emitMarkAll(code, context, memory);
    code.open(Op.loop);
    emitChunkSize(code);
    emitShifted(code, context, memory, destination);
    code.local('get', source).local('get', chunk).op(prefixed(prefixMisc, 8)).u32(segment).u32(memory);
    for (const local of [destination, source]) {
      code.local('get', local).local('get', chunk).op(Op.i32Add).local('set', local);
    }
    emitNextRound(code, context, unlikely);
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [i32], code, unlikely);
  });
}
