import { Op } from '../format/instructions.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { Code } from './code.ts';
import { flagWords, type RewriteContext, Verdict } from './context.ts';

/**
 * Preemption: a plain load of a word that a ticker thread writes, and a branch that is hinted as unlikely. The word is the
 * thread's, not the guest's, so that an interrupt costs nothing until it happens.
 * https://github.com/WebAssembly/branch-hinting
 */
export function emitCheck(code: Code, context: RewriteContext, unlikely: number[]): void {
  code.i32(flagWords.interrupt).access(Op.i32Load, context.flagsMemory, 0, 2);
  unlikely.push(code.length);
  code.open(Op.if).call(slowPath(context)).end();
}

/** The helper that asks the engine what to do, gives way if told so, and traps if the guest has to end. */
function slowPath(context: RewriteContext): number {
  return context.assembly.helper('interrupted', () => makeSlowPath(context));
}

function makeSlowPath(context: RewriteContext): FunctionCode {
  const { assembly, engine } = context;
  const verdict = 0;
  const code = new Code();
  code.call(engine.preempt).local('tee', verdict).open(Op.if);
  code.local('get', verdict).i32(Verdict.trap).op(Op.i32Eq).open(Op.if).op(Op.unreachable).end();
  code.call(engine.yield).call(engine.resumed).open(Op.if).op(Op.unreachable).end();
  code.end().end();
  return functionCode(assembly.type([], []), [i32], code);
}
