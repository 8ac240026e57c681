import { InstructionReader } from '../format/instruction-reader.ts';
import { Immediate, Op } from '../format/instructions.ts';
import type { Module, Span } from '../format/module.ts';
import { Reader } from '../format/reader.ts';

/** A function without calls that is no longer than this has no check at its entry: it is in the price of its callers. */
export const uncheckedBytesMax = 128;

/** What such a function may cost its caller: each of its instructions once, and as much again on further rounds of loops. */
export const uncheckedUnitsMax: number = 2 * uncheckedBytesMax;

/** Which functions check for an interrupt as they are entered: all but short ones that call nobody. */
export class Callees {
  readonly #module: Module;
  readonly #short = new Map<number, boolean>();

  constructor(module: Module) {
    this.#module = module;
  }

  /** Whether function `index` does. An import does in its shim. */
  checksAtEntry(index: number): boolean {
    const code = this.#module.bodies[index - this.#module.imported.funcs]?.code;
    if (code === undefined || code.end - code.start > uncheckedBytesMax) return true;
    const known = this.#short.get(index) ?? this.#calls(code);
    this.#short.set(index, known);
    return known;
  }

  #calls({ start, end }: Span): boolean {
    const instructions = new InstructionReader(new Reader(this.#module.bytes, start, end), this.#module.types.length);
    while (!instructions.done) {
      instructions.next();
      if (isCall(instructions)) return true;
    }
    return false;
  }
}

/** Whether the current instruction calls something, in whatever way. */
function isCall({ opcode, instruction }: InstructionReader): boolean {
  switch (instruction.immediate) {
    case Immediate.callIndirect:
      return true;
    case Immediate.func:
      return opcode !== Op.refFunc;
    default:
      return opcode === Op.callRef || opcode === Op.returnCallRef;
  }
}
