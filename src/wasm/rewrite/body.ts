import { MayflyError } from '../../base/mod.ts';
import { checkIndex } from '../format/check.ts';
import { InstructionReader } from '../format/instruction-reader.ts';
import { Family, Immediate, Op, prefixed, prefixAtomic } from '../format/instructions.ts';
import { type FuncType, funcTypeAt, type FunctionBody } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { AccessRewriter } from './accesses.ts';
import type { FunctionCode } from './assembly.ts';
import { BodyWriter } from './body-writer.ts';
import { copyMemory, fillMemory, initMemory } from './bulk.ts';
import { Callees } from './callees.ts';
import type { RewriteContext } from './context.ts';
import { ControlRewriter } from './control.ts';
import type { BodyFindings, OffsetPair } from './findings.ts';
import { growMemory } from './growth.ts';
import { Operands } from './operands.ts';
import { Pacing, priceOf } from './pacing.ts';
import { refuseObject } from './refusals.ts';
import { ScratchLocals } from './scratch.ts';
import { copyTable, fillTable, growTable, initTable, setTable } from './tables.ts';
import { constantValue, unknownValue } from './values.ts';

const atomicWaits: ReadonlySet<number> = new Set([prefixed(prefixAtomic, 1), prefixed(prefixAtomic, 2)]);
const noType: FuncType = { params: [], results: [] };

/**
 * Rewrites function bodies, one after the other, in one walk each: every memory access is shifted and every store marked, loops
 * and calls are checked, growth and bulk operations go through helpers, function indexes are mapped. What needs no
 * change is copied as it stands. Every index is checked against the guest's own index spaces on the way.
 */
export class BodyRewriter {
  readonly findings: BodyFindings = {
    tablesChanged: new Set(),
    tablesGrown: new Set(),
    functionsReferenced: new Set(),
    checks: 0,
    loopsUnchecked: 0,
    marks: 0,
    marksSaved: 0,
  };
  readonly #context: RewriteContext;
  readonly #operands = new Operands();
  readonly #callees: Callees;
  readonly #pacing = new Pacing();
  readonly #scratch = new ScratchLocals();
  readonly #reader: Reader;
  readonly #instructions: InstructionReader;
  readonly #accesses: AccessRewriter;
  readonly #control: ControlRewriter;
  readonly #writer: BodyWriter;
  #localCount = 0;

  constructor(context: RewriteContext) {
    this.#context = context;
    this.#callees = new Callees(context.module);
    this.#reader = new Reader(context.module.bytes);
    this.#instructions = new InstructionReader(this.#reader, context.module.types.length);
    this.#writer = new BodyWriter(context, this.#instructions, this.findings);
    const walk = {
      instructions: this.#instructions,
      operands: this.#operands,
      scratch: this.#scratch,
      pacing: this.#pacing,
      writer: this.#writer,
    };
    this.#accesses = new AccessRewriter(context, walk, this.findings);
    this.#control = new ControlRewriter(context, walk, this.findings);
  }

  /**
   * Rewrites the body at `position`.
   * @throws MayflyError invalid_module, malformed_module, module_too_large, unsupported_feature
   */
  rewrite(
    body: FunctionBody,
    position: number,
  ): { readonly code: FunctionCode; readonly offsets: readonly OffsetPair[] } {
    const index = this.#context.module.imported.funcs + position;
    const checks = this.#context.passes.preemption === 'checks';
    // A short function without calls ends by itself between the checks of its loops.
    const entry = checks && this.#callees.checksAtEntry(index) ? 'checked' : 'unchecked';
    this.#begin(body, entry);
    this.#control.begin(this.#context.shape.loopsOf(position));
    const instructions = this.#instructions;
    while (!instructions.done) {
      instructions.next();
      this.#step();
      if (this.#operands.depth === 0 && !instructions.done) {
        this.#reader.fail('a function goes on behind its end', instructions.end);
      }
    }
    if (this.#operands.depth > 0) this.#reader.fail('a function ends in the middle of a block', body.code.end);
    return this.#writer.finish(body, this.#scratch, entry);
  }

  #begin(body: FunctionBody, entry: 'checked' | 'unchecked'): void {
    const { module } = this.#context;
    const type = funcTypeAt(module, body.type) ?? noType;
    this.#localCount = type.params.length + body.localCount;
    this.#operands.begin(this.#localCount, type.results.length);
    this.#pacing.begin(entry);
    this.#scratch.begin(this.#localCount);
    this.#reader.position = body.code.start;
    this.#reader.end = body.code.end;
    this.#writer.begin(body);
  }

  #step(): void {
    const { instruction } = this.#instructions;
    if (instruction.family === Family.gc) refuseObject(this.#instructions.start);
    if (this.#context.passes.preemption === 'checks') this.#pace();
    switch (instruction.immediate) {
      case Immediate.none:
        return this.#plain();
      case Immediate.local:
        return this.#local();
      case Immediate.memarg:
      case Immediate.memargLane:
        return this.#access();
      case Immediate.i32:
        return this.#operands.push(constantValue(this.#instructions.value));
      case Immediate.block:
      case Immediate.tryTable:
        return this.#control.openBlock();
      case Immediate.label:
      case Immediate.branchTable:
        return this.#control.branch();
      case Immediate.func:
      case Immediate.type:
      case Immediate.callIndirect:
        return this.#call();
      case Immediate.global:
        return this.#global();
      case Immediate.memory:
      case Immediate.twoMemories:
      case Immediate.dataMemory:
      case Immediate.data:
        return this.#memory();
      case Immediate.table:
      case Immediate.twoTables:
      case Immediate.elementTable:
      case Immediate.element:
        return this.#table();
      case Immediate.tag:
        return this.#tag();
      default:
        return this.#effect();
    }
  }

  /** Checks before the current instruction when much was done since the last check. */
  #pace(): void {
    const units = priceOf(this.#callees, this.#instructions);
    if (units > 0 && this.#pacing.spend(units)) this.#check(this.#instructions.start);
  }

  #check(offset: number): void {
    if (this.#context.passes.preemption !== 'checks') return;
    this.#writer.check(offset);
    this.#pacing.checked();
  }

  /** The effect on the stack of an instruction that always has the same. */
  #effect(): void {
    const { takes, gives } = this.#instructions.instruction;
    this.#operands.popMany(takes?.length ?? 0);
    this.#operands.pushUnknown(gives?.length ?? 0);
  }

  #plain(): void {
    const operands = this.#operands;
    const { opcode, start } = this.#instructions;
    switch (opcode) {
      case Op.end:
        if (operands.depth === 1 && this.#pacing.isDueAtReturn) this.#check(start);
        return this.#control.close();
      case Op.else:
        this.#pacing.enterElse();
        operands.nextArm(operands.frame?.params ?? 0);
        return;
      case Op.catchAll:
        this.#pacing.enterCatch();
        operands.nextArm(0);
        return;
      case Op.return:
        this.#pacing.leaveFunction();
        return this.#control.unreachable();
      case Op.unreachable:
      case Op.throwRef:
        return this.#control.unreachable();
      default:
        if (!operands.compute(opcode)) this.#effect();
    }
  }

  #local(): void {
    const operands = this.#operands;
    const { opcode, index, start } = this.#instructions;
    checkIndex('local', index, this.#localCount, start);
    if (opcode === Op.localGet) {
      operands.push(operands.localValue(index));
      return;
    }
    const value = operands.setLocal(index, operands.pop());
    if (opcode === Op.localTee) operands.push(value);
  }

  #global(): void {
    const { index, start } = this.#instructions;
    checkIndex('global', index, this.#context.module.spaces.globals.length, start);
    this.#effect();
  }

  #call(): void {
    const { module, assembly } = this.#context;
    const { opcode, instruction, index, index2, start } = this.#instructions;
    const direct = instruction.immediate === Immediate.func;
    if (direct) checkIndex('function', index, module.functionTypes.length, start);
    if (opcode === Op.refFunc) {
      this.findings.functionsReferenced.add(index);
      this.#writer.replace().op(Op.refFunc).u32(assembly.mapFunction(index));
      this.#operands.push(unknownValue);
      return;
    }
    if (instruction.immediate === Immediate.callIndirect) {
      checkIndex('table', index2, module.spaces.tables.length, start);
    }
    const type = funcTypeAt(module, direct ? (module.functionTypes[index] ?? -1) : index);
    if (type === undefined) return this.#reader.fail('a call of something that is not a function', start);
    if (direct) this.#writer.replace().op(opcode).u32(assembly.mapFunction(index));
    this.#operands.popMany(type.params.length + (direct ? 0 : 1));
    if (opcode === Op.returnCall || opcode === Op.returnCallIndirect || opcode === Op.returnCallRef) {
      this.#pacing.leaveFunction();
      this.#control.unreachable();
    } else {
      if (!direct) this.#pacing.returned('perhaps');
      else if (this.#callees.checksAtEntry(index)) this.#pacing.returned('certainly');
      this.#operands.pushUnknown(type.results.length);
    }
  }

  #tag(): void {
    const { module } = this.#context;
    const { opcode, index, start } = this.#instructions;
    checkIndex('tag', index, module.spaces.tags.length, start);
    const params = funcTypeAt(module, module.spaces.tags[index]?.type ?? -1)?.params.length ?? 0;
    if (opcode === Op.catch) {
      this.#pacing.enterCatch();
      this.#operands.nextArm(params);
    } else {
      this.#control.unreachable();
    }
  }

  #checkMemory(index: number): void {
    checkIndex('memory', index, this.#context.module.spaces.memories.length, this.#instructions.start);
  }

  #access(): void {
    const { opcode, memory, start } = this.#instructions;
    this.#checkMemory(memory);
    if (atomicWaits.has(opcode)) {
      const instead = 'A function has one thread: build without -pthread';
      throw new MayflyError('unsupported_feature', { offset: start, feature: 'memory.atomic.wait (threads)', instead });
    }
    this.#accesses.write(this.#writer.replace());
  }

  #memory(): void {
    const context = this.#context;
    const { opcode, memory, index, index2, instruction, start } = this.#instructions;
    if (instruction.immediate !== Immediate.data) this.#checkMemory(memory);
    if (instruction.immediate === Immediate.data || instruction.immediate === Immediate.dataMemory) {
      checkIndex('data segment', index, context.module.dataCount ?? 0, start);
    }
    const code = this.#writer.replace();
    switch (opcode) {
      case Op.memorySize:
        code.global('get', context.memories[memory]?.pagesGlobal ?? 0);
        break;
      case Op.memoryGrow:
        code.call(growMemory(context, memory));
        break;
      case Op.memoryFill:
        code.call(fillMemory(context, memory));
        break;
      case Op.memoryCopy:
        this.#checkMemory(index2);
        code.call(copyMemory(context, memory, index2));
        break;
      case Op.memoryInit:
        code.call(initMemory(context, index, memory));
        break;
      default:
        code.i32(1).global('set', context.dataDropped(index));
    }
    this.#effect();
  }

  #table(): void {
    const context = this.#context;
    const { opcode, index, index2, start } = this.#instructions;
    const tables = context.module.spaces.tables.length;
    const segments = context.module.elements.length;
    if (opcode === Op.elemDrop || opcode === Op.tableInit) checkIndex('element segment', index, segments, start);
    else checkIndex('table', index, tables, start);
    if (opcode === Op.tableInit || opcode === Op.tableCopy) checkIndex('table', index2, tables, start);
    switch (opcode) {
      case Op.tableSet:
        this.findings.tablesChanged.add(index);
        this.#writer.replace().call(setTable(context, index));
        break;
      case Op.tableFill:
        this.findings.tablesChanged.add(index);
        this.#writer.replace().call(fillTable(context, index));
        break;
      case Op.tableCopy:
        this.findings.tablesChanged.add(index);
        this.#writer.replace().call(copyTable(context, index, index2));
        break;
      case Op.tableInit:
        this.findings.tablesChanged.add(index2);
        this.#writer.replace().call(initTable(context, index, index2));
        break;
      case Op.tableGrow:
        this.findings.tablesGrown.add(index);
        this.#writer.replace().call(growTable(context, index));
        break;
      case Op.elemDrop:
        this.#writer.replace().i32(1).global('set', context.elementDropped(index));
        break;
      default:
    }
    this.#effect();
  }
}
