import { MayflyError } from '../../base/mod.ts';
import { checkIndex } from '../format/check.ts';
import { emptyBlock, InstructionReader } from '../format/instruction-reader.ts';
import { Family, Immediate, Op, prefixed, prefixAtomic } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import { type FuncType, funcTypeAt, type FunctionBody } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { writeValueType } from '../format/value-type.ts';
import { Writer } from '../format/writer.ts';
import { AccessRewriter } from './accesses.ts';
import type { FunctionCode } from './assembly.ts';
import { copyMemory, fillMemory, initMemory } from './bulk.ts';
import { Callees } from './callees.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import type { BodyFindings, OffsetPair } from './findings.ts';
import { growMemory } from './growth.ts';
import { constantValue, Operands, unknownValue } from './operands.ts';
import { Pacing, priceOf } from './pacing.ts';
import { emitCheck } from './preemption.ts';
import { refuseObject } from './refusals.ts';
import { ScratchLocals } from './scratch.ts';
import { copyTable, fillTable, growTable, initTable, setTable } from './tables.ts';

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
  readonly #code = new Code(4096);
  #unlikely: number[] = [];
  #offsets: OffsetPair[] = [];
  /** Where the bytes that are not copied yet begin. */
  #pending = 0;
  #localCount = 0;

  constructor(context: RewriteContext) {
    this.#context = context;
    this.#callees = new Callees(context.module);
    this.#reader = new Reader(context.module.bytes);
    this.#instructions = new InstructionReader(this.#reader, context.module.types.length);
    const walk = { instructions: this.#instructions, operands: this.#operands, scratch: this.#scratch };
    this.#accesses = new AccessRewriter(context, walk, this.findings);
  }

  /**
   * Rewrites the body of function `index`.
   * @throws MayflyError invalid_module, malformed_module, module_too_large, unsupported_feature
   */
  rewrite(body: FunctionBody, index: number): { readonly code: FunctionCode; readonly offsets: readonly OffsetPair[] } {
    this.#begin(body);
    const instructions = this.#instructions;
    while (!instructions.done) {
      instructions.next();
      this.#step();
      if (this.#operands.depth === 0 && !instructions.done) {
        this.#reader.fail('a function goes on behind its end', instructions.end);
      }
    }
    if (this.#operands.depth > 0) this.#reader.fail('a function ends in the middle of a block', body.code.end);
    this.#flush(body.code.end);
    return this.#finish(body, index);
  }

  #begin(body: FunctionBody): void {
    const { module } = this.#context;
    const type = funcTypeAt(module, body.type) ?? noType;
    this.#localCount = type.params.length + body.localCount;
    this.#operands.begin(this.#localCount, type.results.length);
    this.#pacing.begin();
    this.#scratch.begin(this.#localCount);
    this.#reader.position = body.code.start;
    this.#reader.end = body.code.end;
    this.#code.clear();
    this.#unlikely = [];
    this.#offsets = [];
    this.#pending = body.code.start;
  }

  #finish(body: FunctionBody, index: number): { code: FunctionCode; offsets: readonly OffsetPair[] } {
    const locals = new Writer(32);
    locals.u32(body.locals.length + this.#scratch.count);
    for (const { count, type } of body.locals) {
      locals.u32(count);
      writeValueType(locals, type);
    }
    this.#scratch.write(locals);
    const prologue = new Code(32);
    const unlikely: number[] = [];
    const offsets: OffsetPair[] = [];
    // A short function without calls ends by itself between the checks of its loops.
    if (this.#context.passes.preemption === 'checks' && this.#callees.checksAtEntry(index)) {
      emitCheck(prologue, this.#context, unlikely);
      offsets.push({ after: 0, before: body.code.start, kind: 'replaced' });
      this.findings.checks += 1;
    }
    const { length } = prologue;
    for (const offset of this.#unlikely) unlikely.push(offset + length);
    for (const { after, before, kind } of this.#offsets) offsets.push({ after: after + length, before, kind });
    const code = prologue.copy(this.#code.view()).finish();
    return { code: { type: body.type, locals: locals.finish(), code, unlikely }, offsets };
  }

  /** Copies what stands unchanged before `end`. */
  #flush(end: number): void {
    if (end > this.#pending) {
      this.#offsets.push({ after: this.#code.length, before: this.#pending, kind: 'copied' });
      this.#code.copy(this.#context.module.bytes, this.#pending, end);
    }
    this.#pending = end;
  }

  /** Starts on a replacement of the current instruction. */
  #replace(): Code {
    const { start, end } = this.#instructions;
    this.#flush(start);
    this.#offsets.push({ after: this.#code.length, before: start, kind: 'replaced' });
    this.#pending = end;
    return this.#code;
  }

  /** Puts a check at `offset`, the start or the end of the current instruction. */
  #check(offset: number): void {
    this.#flush(offset);
    this.#offsets.push({ after: this.#code.length, before: this.#instructions.start, kind: 'replaced' });
    emitCheck(this.#code, this.#context, this.#unlikely);
    this.findings.checks += 1;
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
        return this.#open();
      case Immediate.label:
      case Immediate.branchTable:
        return this.#branch();
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
    if (units === 0 || !this.#pacing.spend(units)) return;
    this.#check(this.#instructions.start);
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
    switch (this.#instructions.opcode) {
      case Op.end:
        this.#pacing.close();
        operands.close();
        return;
      case Op.else:
        this.#pacing.enterElse();
        operands.nextArm(operands.frame?.params ?? 0);
        return;
      case Op.catchAll:
        this.#pacing.enterCatch();
        operands.nextArm(0);
        return;
      case Op.unreachable:
      case Op.return:
      case Op.throwRef:
        this.#unreachable();
        return;
      default:
        this.#effect();
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
    operands.pop();
    const value = operands.setLocal(index);
    if (opcode === Op.localTee) operands.push(value);
  }

  #global(): void {
    const { index, start } = this.#instructions;
    checkIndex('global', index, this.#context.module.spaces.globals.length, start);
    this.#effect();
  }

  #blockSignature(): { params: number; results: number } {
    const { blockType, start } = this.#instructions;
    if (blockType === emptyBlock) return { params: 0, results: 0 };
    if (blockType < 0) return { params: 0, results: 1 };
    const type = funcTypeAt(this.#context.module, blockType);
    if (type === undefined) return this.#reader.fail(`type ${blockType} of a block is not a function type`, start);
    return { params: type.params.length, results: type.results.length };
  }

  #open(): void {
    const operands = this.#operands;
    const { opcode, start, end } = this.#instructions;
    const { params, results } = this.#blockSignature();
    const { nesting: limit } = formatLimits;
    if (operands.depth > limit) {
      throw new MayflyError('module_too_large', { what: 'its nesting', size: operands.depth, limit, offset: start });
    }
    if (opcode === Op.if) operands.pop();
    if (opcode === Op.tryTable) this.#checkCatches();
    if (opcode !== Op.loop) {
      if (opcode === Op.if) this.#pacing.openIf();
      else this.#pacing.open();
      operands.open(params, results);
      return;
    }
    this.#pacing.openLoop();
    operands.openLoop(params, results);
    if (this.#context.passes.preemption === 'checks') this.#check(end);
  }

  /** Catch clauses carry tag indexes, which stay as they are. */
  #checkCatches(): void {
    const { detail, index2, end } = this.#instructions;
    const clauses = new Reader(this.#context.module.bytes, detail, end);
    for (let i = 0; i < index2; i++) {
      const { position } = clauses;
      const withTag = clauses.u8() < 2;
      if (withTag) checkIndex('tag', clauses.u32(), this.#context.module.spaces.tags.length, position);
      const label = clauses.u32();
      checkIndex('label', label, this.#operands.depth, position);
      this.#pacing.catchTo(label);
    }
  }

  #branch(): void {
    const operands = this.#operands;
    const { opcode, index, start } = this.#instructions;
    checkIndex('label', index, operands.depth, start);
    switch (opcode) {
      case Op.brIf:
      case Op.brOnNonNull:
        this.#pacing.branch(index);
        operands.pop();
        return;
      case Op.brOnNull:
        this.#pacing.branch(index);
        return;
      case Op.delegate:
        this.#pacing.close();
        operands.close();
        return;
      case Op.brTable:
        this.#branchTable();
        break;
      case Op.br:
        this.#pacing.branch(index);
        break;
      default: // rethrow
    }
    this.#unreachable();
  }

  #unreachable(): void {
    this.#pacing.unreachable();
    this.#operands.unreachable();
  }

  #branchTable(): void {
    const { detail, index, index2, end } = this.#instructions;
    const labels = new Reader(this.#context.module.bytes, detail, end);
    this.#pacing.branch(index);
    for (let i = 0; i < index2; i++) {
      const { position } = labels;
      const label = labels.u32();
      checkIndex('label', label, this.#operands.depth, position);
      this.#pacing.branch(label);
    }
  }

  #call(): void {
    const { module, assembly } = this.#context;
    const { opcode, instruction, index, index2, start } = this.#instructions;
    const direct = instruction.immediate === Immediate.func;
    if (direct) checkIndex('function', index, module.functionTypes.length, start);
    if (opcode === Op.refFunc) {
      this.findings.functionsReferenced.add(index);
      this.#replace().op(Op.refFunc).u32(assembly.mapFunction(index));
      this.#operands.push(unknownValue);
      return;
    }
    if (instruction.immediate === Immediate.callIndirect) {
      checkIndex('table', index2, module.spaces.tables.length, start);
    }
    const type = funcTypeAt(module, direct ? (module.functionTypes[index] ?? -1) : index);
    if (type === undefined) return this.#reader.fail('a call of something that is not a function', start);
    if (direct) this.#replace().op(opcode).u32(assembly.mapFunction(index));
    this.#operands.popMany(type.params.length + (direct ? 0 : 1));
    if (opcode === Op.returnCall || opcode === Op.returnCallIndirect || opcode === Op.returnCallRef) {
      this.#unreachable();
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
      this.#unreachable();
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
    this.#accesses.write(this.#replace());
  }

  #memory(): void {
    const context = this.#context;
    const { opcode, memory, index, index2, instruction, start } = this.#instructions;
    if (instruction.immediate !== Immediate.data) this.#checkMemory(memory);
    if (instruction.immediate === Immediate.data || instruction.immediate === Immediate.dataMemory) {
      checkIndex('data segment', index, context.module.dataCount ?? 0, start);
    }
    const code = this.#replace();
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
        this.#replace().call(setTable(context, index));
        break;
      case Op.tableFill:
        this.findings.tablesChanged.add(index);
        this.#replace().call(fillTable(context, index));
        break;
      case Op.tableCopy:
        this.findings.tablesChanged.add(index);
        this.#replace().call(copyTable(context, index, index2));
        break;
      case Op.tableInit:
        this.findings.tablesChanged.add(index2);
        this.#replace().call(initTable(context, index, index2));
        break;
      case Op.tableGrow:
        this.findings.tablesGrown.add(index);
        this.#replace().call(growTable(context, index));
        break;
      case Op.elemDrop:
        this.#replace().i32(1).global('set', context.elementDropped(index));
        break;
      default:
    }
    this.#effect();
  }
}
