/**
 * How often a loop can go round at most, where its own instructions prove it: a local that is a constant before it, changes by the
 * same constant on every round, and is compared with a constant on the way back to the start.
 *
 *     i = 0;  loop { …; i += 4;  br_if loop (i != 64) }           16 rounds
 *
 * Nothing is proven by algebra: the comparison is made for the values of round after round, with the same arithmetic, until it ends
 * the loop. A count that wraps, runs backwards or steps over its end is therefore right, or never comes to an end here and is no proof.
 */
import { Op } from '../format/instructions.ts';
import type { Frame, Operands } from './operands.ts';
import type { Comparison } from './values.ts';

/** A number that is known not to be 0, or known to be 0, whenever the loop goes round again. */
interface Condition {
  readonly value: number;
  readonly outcome: 'is not 0' | 'is 0';
}

/**
 * The rounds of `loop` at most, when the walk stands at the only branch to its start and that is taken if `condition` is not 0; or is
 * always taken, for `unknownValue`. Undefined when it may be more than `limit`.
 */
export function roundsAtMost(operands: Operands, loop: Frame, condition: number, limit: number): number | undefined {
  const own = rounds(operands, loop, { value: condition, outcome: 'is not 0' }, limit);
  if (own !== undefined) return own;
  for (const value of operands.testsSince(loop)) {
    const found = rounds(operands, loop, { value, outcome: 'is 0' }, limit);
    if (found !== undefined) return found;
  }
  return undefined;
}

function rounds(operands: Operands, loop: Frame, { value, outcome }: Condition, limit: number): number | undefined {
  if (value <= 0) return undefined;
  const { values } = operands;
  const comparison = values.comparisonOf(value);
  const compared = comparison?.value ?? value;
  const counter = values.rootOf(compared);
  const { first, last } = loop.round ?? { first: 0, last: -1 };
  if (counter < first || counter > last) return undefined;
  const initial = operands.valueBefore(counter);
  const next = operands.localValue(values.localOf(counter));
  // Only then is the counter at the next start what it is at this one plus the step.
  if (initial >= 0 || next <= 0 || values.rootOf(next) !== counter) return undefined;
  const step = values.deltaOf(next);
  let number = (values.deltaOf(initial) + values.deltaOf(compared)) | 0;
  for (let round = 1; round <= limit; round++) {
    const holds = comparison === undefined ? number !== 0 : doesHold(comparison, number);
    if (holds !== (outcome === 'is not 0')) return round;
    number = (number + step) | 0;
  }
  return undefined;
}

function doesHold({ opcode, constant, constantIs, outcome }: Comparison, number: number): boolean {
  const holds = constantIs === 'right' ? compare(opcode, number, constant) : compare(opcode, constant, number);
  return holds !== (outcome === 'negated');
}

/** https://webassembly.github.io/spec/core/exec/numerics.html#relations on two signed 32-bit numbers. */
function compare(opcode: number, left: number, right: number): boolean {
  switch (opcode) {
    case Op.i32Eq:
      return left === right;
    case Op.i32Ne:
      return left !== right;
    case Op.i32LtS:
      return left < right;
    case Op.i32LtU:
      return left >>> 0 < right >>> 0;
    case Op.i32GtS:
      return left > right;
    case Op.i32GtU:
      return left >>> 0 > right >>> 0;
    case Op.i32LeS:
      return left <= right;
    case Op.i32LeU:
      return left >>> 0 <= right >>> 0;
    case Op.i32GeS:
      return left >= right;
    default:
      return left >>> 0 >= right >>> 0;
  }
}
