/** What a bulk operation of any kind does piece by piece: an instruction cannot be interrupted, a loop around it can. */
import { Op } from '../format/instructions.ts';
import type { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { emitCheck } from './preemption.ts';

/** The locals of a helper for a bulk operation: its three operands, and what one round handles. */
export const BulkLocal = { destination: 0, source: 1, length: 2, chunk: 3 } as const;

const { destination, source, length, chunk } = BulkLocal;

/** `chunk` becomes the smaller of `length` and `most`. */
export function emitChunkSize(code: Code, most: number): void {
  code.local('get', length).i32(most).local('get', length).i32(most).op(Op.i32LtU);
  code.op(Op.select).local('set', chunk);
}

/** Checks for an interrupt, after the last round too: small operations can come one after the other. Ends the loop. */
export function emitNextRound(code: Code, context: RewriteContext, unlikely: number[]): void {
  code.local('get', length).local('get', chunk).op(Op.i32Sub).local('set', length);
  if (context.passes.preemption === 'checks') emitCheck(code, context, unlikely);
  code.local('get', length).brIf(0).end();
}

/** Moves these locals on by a round. */
export function emitForward(code: Code, locals: readonly number[]): void {
  for (const local of locals) code.local('get', local).local('get', chunk).op(Op.i32Add).local('set', local);
}

/** What a copy writes for one round. */
export type EmitCopyRound = (code: Code) => void;

/**
 * A copy in rounds of at most `most`, between places that may overlap. Forwards when the destination is lower: no round then
 * overwrites what a later one reads. Else backwards.
 */
export function emitCopyRounds(
  code: Code,
  context: RewriteContext,
  unlikely: number[],
  { most, emitRound }: { readonly most: number; readonly emitRound: EmitCopyRound },
): void {
  const both = [destination, source];
  code.local('get', destination).local('get', source).op(Op.i32LeU).open(Op.if);
  code.open(Op.loop);
  emitChunkSize(code, most);
  emitRound(code);
  emitForward(code, both);
  emitNextRound(code, context, unlikely);
  code.op(Op.else);
  for (const local of both) code.local('get', local).local('get', length).op(Op.i32Add).local('set', local);
  code.open(Op.loop);
  emitChunkSize(code, most);
  for (const local of both) code.local('get', local).local('get', chunk).op(Op.i32Sub).local('set', local);
  emitRound(code);
  emitNextRound(code, context, unlikely);
  code.end();
}
