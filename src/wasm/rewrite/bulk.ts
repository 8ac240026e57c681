/**
 * Bulk memory operations, in chunks: one instruction could hold everybody for 67 ms (a fill of 128 MiB). Bounds are checked
 * for the whole operation first, as the specification has it, so that nothing is written when it traps.
 * https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
 */
import { wasmPageBytes } from '../../base/mod.ts';
import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { BulkLocal, emitChunkSize, emitCopyRounds, emitForward, emitNextRound } from './chunks.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { markRange } from './dirty-pages.ts';
import { emitCheck } from './preemption.ts';

/** Bytes one instruction handles before the next check. */
const chunkBytes: number = wasmPageBytes;

const { destination, source, length, chunk } = BulkLocal;

/** Traps unless `length` bytes from the address in `local` lie in the memory. */
function emitBoundsCheck(code: Code, context: RewriteContext, memory: number, local: number): void {
  const plan = context.memories[memory];
  if (plan === undefined) throw new Error(`no plan for memory ${memory}`);
  emitEnd(code, local);
  code.global('get', plan.pagesGlobal).op(Op.i64ExtendI32U).i64(16n).op(Op.i64Shl).op(Op.i64GtU);
  emitTrapIf(code, memory);
}

/** Where `length` bytes from the place in `local` end, as an i64. */
function emitEnd(code: Code, local: number): void {
  code.local('get', local).op(Op.i64ExtendI32U).local('get', length).op(Op.i64ExtendI32U).op(Op.i64Add);
}

/** Traps when the operand says so. A load past every memory traps as the instruction itself would: "memory access out of bounds". */
function emitTrapIf(code: Code, memory: number): void {
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

/** (destination, value, length) → () */
export function fillMemory(context: RewriteContext, memory: number): number {
  return context.assembly.helper(`fill ${memory}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    emitBoundsCheck(code, context, memory, destination);
    emitMarkAll(code, context, memory);
    code.open(Op.loop);
    emitChunkSize(code, chunkBytes);
    emitShifted(code, context, memory, destination);
    code.local('get', source).local('get', chunk).memoryFill(memory);
    emitForward(code, [destination]);
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
    const emitRound = (): void => {
      emitShifted(code, context, to, destination);
      emitShifted(code, context, from, source);
      code.local('get', chunk).memoryCopy(to, from);
    };
    emitCopyRounds(code, context, unlikely, { most: chunkBytes, emitRound });
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [i32], code, unlikely);
  });
}

/**
 * (destination, source, length) → (). A dropped segment has no bytes. Each segment needs an instruction of its own, and there
 * can be very many: so all that they have in common is in one function for the memory.
 */
export function initMemory(context: RewriteContext, segment: number, memory: number): number {
  return context.assembly.helper(`init ${segment} ${memory}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    const { mode, content } = context.module.data[segment] ?? { mode: 'active', content: { start: 0, end: 0 } };
    const bytes = mode === 'passive' ? content.end - content.start : 0;
    for (const local of [destination, source, length]) code.local('get', local);
    code.i32(0).i32(bytes).global('get', context.dataDropped(segment)).op(Op.select);
    code.call(beforeInit(context, memory));
    const emitInit = (count: number): void => {
      emitShifted(code, context, memory, destination);
      code.local('get', source).local('get', count).op(Op.memoryInit).u32(segment).u32(memory);
    };
    if (bytes > chunkBytes) {
      code.open(Op.loop);
      emitChunkSize(code, chunkBytes);
      emitInit(chunk);
      emitForward(code, [destination, source]);
      emitNextRound(code, context, unlikely);
    } else {
      emitInit(length);
    }
    code.end();
    const locals = bytes > chunkBytes ? [i32] : [];
    return functionCode(context.assembly.type([i32, i32, i32], []), locals, code, unlikely);
  });
}

/** (destination, source, length, bytes of the segment) → (): bounds, marks and a check. */
function beforeInit(context: RewriteContext, memory: number): number {
  return context.assembly.helper(`before init ${memory}`, (): FunctionCode => {
    const segmentBytes = 3;
    const code = new Code();
    const unlikely: number[] = [];
    emitBoundsCheck(code, context, memory, destination);
    emitEnd(code, source);
    code.local('get', segmentBytes).op(Op.i64ExtendI32U).op(Op.i64GtU);
    emitTrapIf(code, memory);
    emitMarkAll(code, context, memory);
    if (context.passes.preemption === 'checks') emitCheck(code, context, unlikely);
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32, i32], []), [], code, unlikely);
  });
}
