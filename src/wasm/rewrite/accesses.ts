import type { InstructionReader } from '../format/instruction-reader.ts';
import { Family, Immediate } from '../format/instructions.ts';
import type { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { blockStart, emitMarkConstant, emitMarkLocal, isInReach } from './dirty-pages.ts';
import type { BodyFindings } from './findings.ts';
import { dirtyPageShift } from './layout.ts';
import type { Operands } from './operands.ts';
import type { ScratchLocals } from './scratch.ts';
import { constantOf, constantRoot, unknownValue } from './values.ts';

const largestOffset = 0xffff_ffff;
/** An offset outside every memory. Its lowest bits stay the guest's, as the alignment of atomics looks at them. */
const offsetOutside = 0xffff_fff0;

/** Where the walk through a body stands. */
export interface Walk {
  readonly instructions: InstructionReader;
  readonly operands: Operands;
  readonly scratch: ScratchLocals;
}

/** Writes loads and stores anew: shifted, and each store with a mark for its page unless an earlier mark speaks for it. */
export class AccessRewriter {
  readonly #context: RewriteContext;
  readonly #walk: Walk;
  readonly #findings: BodyFindings;

  constructor(context: RewriteContext, walk: Walk, findings: BodyFindings) {
    this.#context = context;
    this.#walk = walk;
    this.#findings = findings;
  }

  /** Writes the access that the walk stands at, and does what it does to the operands. */
  write(code: Code): void {
    const { instructions, operands } = this.#walk;
    const { takes, gives, family } = instructions.instruction;
    const writes = family === Family.store || family === Family.atomicUpdate;
    const values = takes?.slice(1) ?? '';
    operands.popMany(values.length);
    const address = operands.pop();
    if (writes && this.#context.passes.dirty === 'marks') this.#writeMarked(code, address, values);
    else this.#writeAccess(code);
    operands.pushUnknown(gives?.length ?? 0);
  }

  #writeAccess(code: Code): void {
    const { instruction, opcode, memory, offset, align, lane } = this.#walk.instructions;
    const shifted = offset + (this.#context.memories[memory]?.layout.shiftBytes ?? 0);
    code.access(opcode, memory, shifted <= largestOffset ? shifted : offsetOutside + (offset % 16), align);
    if (instruction.immediate === Immediate.memargLane) code.u8(lane);
  }

  /** The mark stands behind the store: one that traps has written nothing, and its address may lie anywhere. */
  #writeMarked(code: Code, address: number, values: string): void {
    const { instructions, operands, scratch } = this.#walk;
    const { memory, offset } = instructions;
    if (address < 0) return this.#writeMarkedConstant(code, constantOf(address) + offset);
    const root = operands.values.rootOf(address);
    const delta = operands.values.deltaOf(address);
    const isKnown = address !== unknownValue;
    if (isKnown && operands.isMarked(root, delta + offset, memory, isInReach)) {
      this.#writeAccess(code);
      this.#findings.marksSaved += 1;
      return;
    }
    const local = operands.localHolding(address);
    if (local >= 0) {
      this.#writeAccess(code);
      emitMarkLocal(code, memory, local, offset);
    } else {
      const copy = scratch.indexOf('i', -1);
      this.#spill(code, copy, values);
      this.#writeAccess(code);
      emitMarkLocal(code, memory, copy, offset);
    }
    if (isKnown) operands.marked(root, delta + blockStart(offset), memory);
    this.#findings.marks += 1;
  }

  #writeMarkedConstant(code: Code, target: number): void {
    const { instructions, operands } = this.#walk;
    const { memory } = instructions;
    this.#writeAccess(code);
    // Outside every memory: it traps.
    if (target > largestOffset) return;
    const page = target >>> dirtyPageShift;
    const onSamePage = (_distance: number, mark: number): boolean => mark >>> dirtyPageShift === page;
    const isAlways = this.#context.memories[memory]?.alwaysDirty.has(page) ?? false;
    if (isAlways || operands.isMarked(constantRoot, target, memory, onSamePage)) {
      this.#findings.marksSaved += 1;
      return;
    }
    emitMarkConstant(code, memory, target);
    operands.marked(constantRoot, target | 0, memory);
    this.#findings.marks += 1;
  }

  /** Leaves the operands as they are, with a copy of the address. `values` are the letters of those above it. */
  #spill(code: Code, copy: number, values: string): void {
    const spilled = Array.from(values, (letter, position) => this.#walk.scratch.indexOf(letter, position));
    for (const local of spilled.toReversed()) code.local('set', local);
    code.local('tee', copy);
    for (const local of spilled) code.local('get', local);
  }
}
