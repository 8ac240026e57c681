import type { InstructionReader } from './instruction-reader.ts';
import { Family, Op } from './instructions.ts';
import type { Span } from './module.ts';
import type { Reader } from './reader.ts';

const allowed: ReadonlySet<number> = new Set<number>([
  Op.i32Const,
  Op.i64Const,
  Op.f32Const,
  Op.f64Const,
  Op.v128Const,
  Op.globalGet,
  Op.refNull,
  Op.refFunc,
  // Extended constant expressions: add, sub and mul of both integer types.
  Op.i32Add,
  Op.i32Sub,
  Op.i32Mul,
  Op.i64Add,
  0x7d,
  0x7e,
]);

/** Steps over a constant expression. @returns its bytes, the `end` included */
export function readConstExpression(reader: Reader, instructions: InstructionReader): Span {
  const start = reader.position;
  for (;;) {
    instructions.next();
    const { opcode, instruction } = instructions;
    if (opcode === Op.end) return { start, end: reader.position };
    if (!allowed.has(opcode) && instruction.family !== Family.gc) {
      reader.fail(`${instruction.name} in a constant expression`, instructions.start);
    }
  }
}
