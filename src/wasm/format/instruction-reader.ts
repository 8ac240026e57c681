import { formatLimits } from './limits.ts';
import { instructionOf } from './instruction-table.ts';
import { Immediate, type Instruction, Op, prefixAtomic, prefixed, prefixGc } from './instructions.ts';
import type { Reader } from './reader.ts';
import { readHeapType, readValueType } from './value-type.ts';

/** A block type: -64 for none, another negative number for one result of that type, else a type index. */
export const emptyBlock = -64;

const memoryIndexFlag = 0x40;

/**
 * Steps through instructions one by one. `next` decodes one and leaves what it found in the fields; only those that its
 * immediate shape has are meaningful. One reader serves a whole module: no object is made for an instruction.
 */
export class InstructionReader {
  readonly #reader: Reader;
  readonly #typeCount: number;
  /** Where the instruction starts and ends. */
  start = 0;
  end = 0;
  instruction: Instruction = nop;
  opcode = 0;
  /** Function, type, local, global, label, table, tag, data or element segment; the first where there are two. */
  index = 0;
  /** The second of two. */
  index2 = 0;
  align = 0;
  memory = 0;
  offset = 0;
  lane = 0;
  blockType: number = emptyBlock;
  /** Where the rest of the immediates start (br_table's labels, catch clauses): read with a reader of your own. */
  detail = 0;
  /** An i32.const's value. */
  value = 0;

  constructor(reader: Reader, typeCount: number) {
    this.#reader = reader;
    this.#typeCount = typeCount;
  }

  get done(): boolean {
    return this.#reader.done;
  }

  /** @throws MayflyError malformed_module */
  next(): void {
    const reader = this.#reader;
    this.start = reader.position;
    const first = reader.u8();
    let found = first < prefixGc ? instructionOf(first) : this.#prefixedInstruction(first);
    found ??= reader.fail(`0x${first.toString(16)} is no instruction`, this.start);
    this.instruction = found;
    this.opcode = found.opcode;
    if (found.immediate !== Immediate.none) this.#immediate(found.immediate);
    this.end = reader.position;
  }

  #prefixedInstruction(prefix: number): Instruction | undefined {
    const code = prefix <= prefixAtomic ? this.#reader.u32() : 0x10000;
    const found = code < 0x10000 ? instructionOf(prefixed(prefix, code)) : undefined;
    return found ?? this.#reader.fail(`0x${prefix.toString(16)} 0x${code.toString(16)} is no instruction`, this.start);
  }

  #immediate(kind: Immediate): void {
    const reader = this.#reader;
    switch (kind) {
      case Immediate.memarg:
        return this.#memarg();
      case Immediate.memargLane:
        this.#memarg();
        this.lane = reader.u8();
        return;
      case Immediate.i32:
        this.value = reader.s32();
        return;
      case Immediate.i64:
        reader.s64();
        return;
      case Immediate.f32:
        reader.skip(4);
        return;
      case Immediate.f64:
        reader.skip(8);
        return;
      case Immediate.v128:
      case Immediate.lanes:
        reader.skip(16);
        return;
      case Immediate.lane:
        this.lane = reader.u8();
        return;
      case Immediate.zero:
        if (reader.u8() !== 0) reader.fail('a byte that must be zero is not', reader.position - 1);
        return;
      case Immediate.block:
        this.blockType = this.#blockType();
        return;
      case Immediate.memory:
        this.memory = reader.u32();
        return;
      case Immediate.branchTable:
        return this.#branchTable();
      case Immediate.heapType:
        this.index = readHeapType(reader, this.#typeCount);
        return;
      case Immediate.valueTypes:
        this.#valueTypes();
        return;
      case Immediate.tryTable:
        return this.#tryTable();
      default:
        return this.#indexes(kind);
    }
  }

  /** One or two plain indexes. */
  #indexes(kind: Immediate): void {
    const reader = this.#reader;
    this.index = reader.u32();
    switch (kind) {
      case Immediate.callIndirect:
      case Immediate.twoTables:
      case Immediate.elementTable:
      case Immediate.typeAndIndex:
      case Immediate.twoTypes:
        this.index2 = reader.u32();
        return;
      case Immediate.twoMemories:
        // Destination, source.
        this.memory = this.index;
        this.index2 = reader.u32();
        return;
      case Immediate.dataMemory:
        this.memory = reader.u32();
        return;
      case Immediate.castBranch:
        // What was read as the index are the flags, a single byte below 4.
        if (this.index > 3) reader.fail('the flags of a cast are unknown', this.start);
        this.index = reader.u32();
        readHeapType(reader, this.#typeCount);
        readHeapType(reader, this.#typeCount);
        return;
      default:
    }
  }

  /** https://webassembly.github.io/spec/core/binary/instructions.html#memory-instructions */
  #memarg(): void {
    const reader = this.#reader;
    const flags = reader.u32();
    if (flags >= 2 * memoryIndexFlag) reader.fail('the alignment of a memory access is malformed', this.start);
    this.align = flags & (memoryIndexFlag - 1);
    this.memory = (flags & memoryIndexFlag) === 0 ? 0 : reader.u32();
    // A memory of 32-bit addresses has offsets of 32 bits; larger ones belong to memory64, which is refused by its type.
    this.offset = reader.u32();
  }

  #blockType(): number {
    const reader = this.#reader;
    const byte = reader.peek();
    if (byte === 0x40) {
      reader.u8();
      return emptyBlock;
    }
    // A single negative byte is a value type, 0x63 and 0x64 have a heap type behind them, the rest is a type index.
    if (byte >= 0x40 && byte < 0x80) {
      readValueType(reader, this.#typeCount);
      return -1;
    }
    const index = reader.s33();
    if (index < 0 || index >= this.#typeCount) reader.fail(`type ${index} of a block does not exist`, this.start);
    return index;
  }

  #branchTable(): void {
    const reader = this.#reader;
    const count = reader.count('the number of labels in a br_table', formatLimits.branchTableEntries);
    this.detail = reader.position;
    for (let i = 0; i < count; i++) reader.u32();
    this.index = reader.u32();
    this.index2 = count;
  }

  #valueTypes(): void {
    const count = this.#reader.count('the number of types of a select', 1000);
    for (let i = 0; i < count; i++) readValueType(this.#reader, this.#typeCount);
  }

  /** https://webassembly.github.io/spec/core/binary/instructions.html#control-instructions */
  #tryTable(): void {
    const reader = this.#reader;
    this.blockType = this.#blockType();
    const count = reader.count('the number of catch clauses', formatLimits.branchTableEntries);
    this.detail = reader.position;
    this.index2 = count;
    for (let i = 0; i < count; i++) {
      const kind = reader.u8();
      if (kind > 3) reader.fail('the kind of a catch clause is unknown', reader.position - 1);
      if (kind < 2) reader.u32();
      reader.u32();
    }
  }
}

const nop: Instruction = instructionOf(Op.nop) ?? unknownNop();

function unknownNop(): never {
  throw new Error('the instruction table has no nop');
}
