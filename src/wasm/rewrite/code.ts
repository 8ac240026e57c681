import { Op } from '../format/instructions.ts';
import { Writer } from '../format/writer.ts';

const memoryIndexFlag = 0x40;

/** Writes the instructions of the functions that the rewriter adds, and those it puts between a guest's own. */
export class Code extends Writer {
  op(opcode: number): this {
    return opcode < 256 ? this.u8(opcode) : this.u8(opcode >> 16).u32(opcode & 0xffff);
  }

  local(opcode: 'get' | 'set' | 'tee', index: number): this {
    return this.op(opcode === 'get' ? Op.localGet : opcode === 'set' ? Op.localSet : Op.localTee).u32(index);
  }

  global(opcode: 'get' | 'set', index: number): this {
    return this.op(opcode === 'get' ? Op.globalGet : Op.globalSet).u32(index);
  }

  i32(value: number): this {
    return this.op(Op.i32Const).s32(value);
  }

  i64(value: bigint): this {
    return this.op(Op.i64Const).s64(value);
  }

  /** A load or a store, with `align` as log2. */
  access(opcode: number, memory: number, offset: number, align = 0): this {
    this.op(opcode);
    if (memory === 0) this.u32(align);
    else this.u32(align | memoryIndexFlag).u32(memory);
    return this.u32(offset);
  }

  call(index: number): this {
    return this.op(Op.call).u32(index);
  }

  /** `block`, `loop` or `if` without a result. */
  open(opcode: number): this {
    return this.op(opcode).u8(0x40);
  }

  end(): this {
    return this.op(Op.end);
  }

  br(depth: number): this {
    return this.op(Op.br).u32(depth);
  }

  brIf(depth: number): this {
    return this.op(Op.brIf).u32(depth);
  }

  memoryCopy(destination: number, source: number): this {
    return this.op(Op.memoryCopy).u32(destination).u32(source);
  }

  memoryFill(memory: number): this {
    return this.op(Op.memoryFill).u32(memory);
  }

  memorySize(memory: number): this {
    return this.op(Op.memorySize).u32(memory);
  }
}
