import { MayflyError } from '../../base/mod.ts';
import { checkIndex } from '../format/check.ts';
import { emptyBlock, type InstructionReader } from '../format/instruction-reader.ts';
import { Immediate, Op } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import { funcTypeAt } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import type { BodyWriter } from './body-writer.ts';
import type { RewriteContext } from './context.ts';
import type { BodyFindings } from './findings.ts';
import type { Operands } from './operands.ts';
import type { Pacing } from './pacing.ts';
import type { LoopShape } from './shape.ts';
import { roundsAtMost } from './trips.ts';
import { unknownValue } from './values.ts';

/** Where the walk through a body stands, and where it writes. */
export interface ControlWalk {
  readonly instructions: InstructionReader;
  readonly operands: Operands;
  readonly pacing: Pacing;
  readonly writer: BodyWriter;
}

/** A loop whose shape nobody knows. */
const unknownLoop: LoopShape = { sets: undefined, branches: Infinity, caught: true, instructions: 0 };

/**
 * Blocks, loops and branches. A branch to the start of a loop checks for an interrupt, when it is taken: that is cheaper than to check at the start,
 * where every loop comes by once more often, and those that go round once or twice are most. Exceptions that lead to
 * a start cannot check on their way, so such a loop checks there. A loop that ends soon by itself goes without, see pacing.ts.
 */
export class ControlRewriter {
  readonly #context: RewriteContext;
  readonly #walk: ControlWalk;
  readonly #findings: BodyFindings;
  #loops: readonly LoopShape[] = [];
  /** How many loops have started. */
  #started = 0;
  /** Those that are open, innermost last. */
  readonly #open: { readonly shape: LoopShape; readonly depth: number }[] = [];

  constructor(context: RewriteContext, walk: ControlWalk, findings: BodyFindings) {
    this.#context = context;
    this.#walk = walk;
    this.#findings = findings;
  }

  /** Starts on a body with these loops. */
  begin(loops: readonly LoopShape[]): void {
    this.#loops = loops;
    this.#started = 0;
    this.#open.length = 0;
  }

  get #checks(): boolean {
    return this.#context.passes.preemption === 'checks';
  }

  openBlock(): void {
    const { instructions, operands, pacing } = this.#walk;
    const { opcode, start } = instructions;
    const { params, results } = this.#signature();
    const { nesting: limit } = formatLimits;
    if (operands.depth > limit) {
      throw new MayflyError('module_too_large', { what: 'its nesting', size: operands.depth, limit, offset: start });
    }
    if (opcode === Op.loop) {
      this.#openLoop(params, results);
    } else if (opcode === Op.if) {
      operands.pop();
      pacing.openIf();
      operands.openIf(params, results);
    } else {
      if (opcode === Op.tryTable) this.#catches();
      pacing.open();
      operands.open(params, results);
    }
  }

  #openLoop(params: number, results: number): void {
    const { instructions, operands, pacing, writer } = this.#walk;
    const shape = this.#loops[this.#started] ?? unknownLoop;
    this.#started += 1;
    if (this.#checks && pacing.isWiseBeforeLoop(shape.instructions)) {
      writer.check(instructions.start);
      pacing.checked();
    }
    operands.openLoop(params, results, shape.sets);
    pacing.openLoop();
    this.#open.push({ shape, depth: operands.depth });
    if (this.#checks && shape.caught) {
      writer.check(instructions.end);
      pacing.checked();
    }
  }

  /** Ends the innermost block. */
  close(): void {
    const { operands, pacing } = this.#walk;
    if (this.#open.at(-1)?.depth === operands.depth) this.#open.pop();
    pacing.close();
    operands.close();
  }

  #signature(): { params: number; results: number } {
    const { blockType, start } = this.#walk.instructions;
    if (blockType === emptyBlock) return { params: 0, results: 0 };
    if (blockType < 0) return { params: 0, results: 1 };
    const { module } = this.#context;
    const type = funcTypeAt(module, blockType);
    if (type === undefined) {
      return new Reader(module.bytes).fail(`type ${blockType} of a block is not a function type`, start);
    }
    return { params: type.params.length, results: type.results.length };
  }

  /** Catch clauses carry tag indexes, which stay as they are. */
  #catches(): void {
    const { instructions, operands, pacing } = this.#walk;
    const { detail, index2, end } = instructions;
    const { module } = this.#context;
    const clauses = new Reader(module.bytes, detail, end);
    for (let i = 0; i < index2; i++) {
      const { position } = clauses;
      const withTag = clauses.u8() < 2;
      if (withTag) checkIndex('tag', clauses.u32(), module.spaces.tags.length, position);
      const label = clauses.u32();
      checkIndex('label', label, operands.depth, position);
      pacing.catchTo(label);
      operands.target(label);
    }
  }

  branch(): void {
    const { instructions, operands } = this.#walk;
    const { opcode, instruction, index, start } = instructions;
    checkIndex('label', index, operands.depth, start);
    if (instruction.immediate === Immediate.branchTable) return this.#branchTable();
    switch (opcode) {
      case Op.brIf:
        return this.#branchIf();
      case Op.brOnNonNull:
        this.#branchWhole([index]);
        operands.pop();
        return;
      case Op.brOnNull:
        return this.#branchWhole([index]);
      case Op.delegate:
        return this.close();
      case Op.br:
        if (this.#isUnchecked(index, unknownValue)) this.#note(index);
        else this.#branchWhole([index]);
        break;
      default: // rethrow
    }
    this.unreachable();
  }

  unreachable(): void {
    this.#walk.pacing.unreachable();
    this.#walk.operands.unreachable();
  }

  /** A check stands before a branch that leads to the start of a loop among others. */
  #branchWhole(labels: readonly number[]): void {
    const { instructions, operands, writer } = this.#walk;
    if (this.#checks && labels.some((label) => operands.frameAt(label)?.round !== undefined)) {
      writer.check(instructions.start);
    }
    for (const label of labels) this.#note(label);
  }

  #branchTable(): void {
    const { instructions, operands } = this.#walk;
    const { detail, index, index2, end } = instructions;
    const reader = new Reader(this.#context.module.bytes, detail, end);
    const labels = new Set([index]);
    for (let i = 0; i < index2; i++) {
      const { position } = reader;
      const label = reader.u32();
      checkIndex('label', label, operands.depth, position);
      labels.add(label);
    }
    this.#branchWhole([...labels]);
    this.unreachable();
  }

  #branchIf(): void {
    const { instructions, operands, writer } = this.#walk;
    const { index: label } = instructions;
    const condition = operands.pop();
    const target = operands.frameAt(label);
    if (target?.round === undefined || !this.#checks || this.#isUnchecked(label, condition)) {
      this.#note(label);
    } else if (target.params > 0) {
      // What the branch brings lies below the condition, where an `if` does not reach.
      this.#branchWhole([label]);
    } else {
      const code = writer.replace().open(Op.if);
      writer.checkWithin();
      code.br(label + 1).end();
      this.#note(label);
    }
    operands.passed(condition);
  }

  #note(label: number): void {
    this.#walk.pacing.branch(label);
    this.#walk.operands.target(label);
  }

  /**
   * Whether a branch to `label`, taken if `condition` is not 0, leads to the start of a loop that ends by itself before long. It has to be the
   * only branch there: another could turn the count back.
   */
  #isUnchecked(label: number, condition: number): boolean {
    const { operands, pacing } = this.#walk;
    const loop = operands.frameAt(label);
    const shape = this.#open.at(-1)?.shape ?? unknownLoop;
    if (!this.#checks || loop?.round === undefined || shape.branches !== 1 || shape.caught) return false;
    const limit = pacing.roundsUnchecked(label);
    const rounds = limit < 2 ? undefined : roundsAtMost(operands, loop, condition, limit);
    if (rounds === undefined) return false;
    pacing.goRound(rounds);
    this.#findings.loopsUnchecked += 1;
    return true;
  }
}
