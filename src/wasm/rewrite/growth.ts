import { wasmPageBytes } from '../../base/mod.ts';
import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { grownBytesAt, growthRefusedAt } from './layout.ts';
import { emitCheck } from './preemption.ts';

const wasmPageShift = 16;

/**
 * `memory.grow`, virtualised: (pages) → (the pages before, or -1). A memory cannot shrink, so a slot whose guest grew keeps
 * the pages for the guests to come, zeroed; what the guest is told is kept in a global, which a rewind resets. Only
 * growth past what the slot has grows the memory: the engine is asked whether there is room for it, and only a refusal of the memory
 * itself is the slot's limit and told to the engine.
 */
export function growMemory(context: RewriteContext, memory: number): number {
  return context.assembly.helper(`grow ${memory}`, () => makeGrow(context, memory));
}

function makeGrow(context: RewriteContext, memory: number): FunctionCode {
  const plan = context.memories[memory];
  if (plan === undefined) throw new Error(`no plan for memory ${memory}`);
  const { layout, pagesGlobal, initialPages, declaredPagesMax } = plan;
  const shiftPages = layout.shiftBytes / wasmPageBytes;
  const [delta, wanted] = [0, 1];
  const code = new Code();
  const unlikely: number[] = [];
  // At most 65,536 pages each, so the sum of two does not wrap once the first is known to be small.
  code.local('get', delta).i32(declaredPagesMax).op(Op.i32GtU).open(Op.if).i32(-1).op(Op.return).end();
  code.global('get', pagesGlobal).local('get', delta).op(Op.i32Add).local('tee', wanted);
  code.i32(declaredPagesMax).op(Op.i32GtU).open(Op.if).i32(-1).op(Op.return).end();
  code.local('get', wanted).i32(shiftPages).op(Op.i32Add).memorySize(memory).op(Op.i32GtU).open(Op.if);
  if (context.passes.preemption === 'checks') emitCheck(code, context, unlikely);
  code.local('get', wanted).i32(shiftPages).op(Op.i32Add).memorySize(memory).op(Op.i32Sub).local('tee', delta);
  code.i32(memory).call(context.engine.grow).op(Op.i32Eqz).open(Op.if).i32(-1).op(Op.return).end();
  code.local('get', delta).op(Op.memoryGrow).u32(memory).i32(-1).op(Op.i32Eq).open(Op.if);
  code
    .i32(layout.engineWords + growthRefusedAt)
    .i32(1)
    .access(Op.i32Store8, memory, 0);
  code.i32(-1).op(Op.return).end().end();
  // The host goes by this word: what is behind the guest's own size is no more there for host calls than for bulk operations.
  code.i32(layout.engineWords + grownBytesAt);
  code.local('get', wanted).i32(initialPages).op(Op.i32Sub).i32(wasmPageShift).op(Op.i32Shl);
  code.access(Op.i32Store, memory, 0, 2);
  // The answer is what was there before.
  code.global('get', pagesGlobal).local('get', wanted).global('set', pagesGlobal).end();
  return functionCode(context.assembly.type([i32], [i32]), [i32], code, unlikely);
}
