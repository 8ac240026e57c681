import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import type { Code } from './code.ts';
import { Code as CodeWriter } from './code.ts';
import type { RewriteContext } from './context.ts';
import { dirtyPageShift, markBlockBytes } from './layout.ts';

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
