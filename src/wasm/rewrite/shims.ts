import { Op } from '../format/instructions.ts';
import { funcTypeAt } from '../format/module.ts';
import { ValType } from '../format/value-type.ts';
import { type FunctionCode, functionCode } from './assembly.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { emitCheck } from './preemption.ts';

/** What a host function answers when it would block: see `blocked` in wasi/host.ts. */
const blocked = -1;

/** Whether a host function always answers, or may say that it would block. */
export type HostFunctionKind = 'may block' | 'answers';

/**
 * The function that stands for the guest's import `index`: it makes the call, parks the guest and calls again while a host function
 * that may block answers `blocked`, and checks for an interrupt before it returns. A host that ends a guest (an exit, a kill) raises the
 * interrupt: the shim then traps, which no `catch_all` of the guest can catch.
 */
export function makeShim(context: RewriteContext, index: number, kind: HostFunctionKind): FunctionCode {
  const { module, engine } = context;
  const type = module.functionTypes[index] ?? 0;
  const { params, results } = funcTypeAt(module, type) ?? { params: [], results: [] };
  const code = new Code();
  const unlikely: number[] = [];
  const result = params.length;
  const mayBlock = kind === 'may block' && results.length === 1 && results[0] === ValType.i32;
  if (mayBlock) code.open(Op.loop);
  params.forEach((_, param) => code.local('get', param));
  code.call(index);
  if (mayBlock) {
    code.local('tee', result).i32(blocked).op(Op.i32Eq);
    unlikely.push(code.length);
    code.open(Op.if).call(engine.park).call(engine.resumed).open(Op.if).op(Op.unreachable).end().br(1).end();
    code.end();
    code.local('get', result);
  }
  // Results, if any, stay on the stack below the check.
  emitCheck(code, context, unlikely);
  code.end();
  return functionCode(type, mayBlock ? [ValType.i32] : [], code, unlikely);
}
