import { InstructionReader } from '../format/instruction-reader.ts';
import { Op } from '../format/instructions.ts';
import type { Module, Span } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { isReference, ValType, type ValueType } from '../format/value-type.ts';
import type { Writer } from '../format/writer.ts';

/** The bits of a global's value: one number, or the two halves of a v128, low first. */
export type GlobalBits = readonly bigint[];

/** The state of a module after it was instantiated and its initialisers have run. */
export interface Snapshot {
  /** Pages that each memory has. */
  readonly memoryPages: readonly number[];
  /** Numeric globals that can change, by index. */
  readonly globals: ReadonlyMap<number, GlobalBits>;
}

/** Whether a snapshot holds the value of globals of this type: references cannot be written down. */
export function isSnapshotType(type: ValueType): boolean {
  return type >= ValType.v128 && type <= ValType.i32;
}

/** Writes the constant with these bits. */
export function writeConstant(writer: Writer, type: ValueType, bits: GlobalBits): void {
  const [low = 0n, high = 0n] = bits;
  switch (type) {
    case ValType.i32:
      writer.u8(Op.i32Const).s32(Number(BigInt.asIntN(32, low)));
      return;
    case ValType.i64:
      writer.u8(Op.i64Const).s64(low);
      return;
    case ValType.f32:
      writer.u8(Op.f32Const).fixed32(Number(BigInt.asUintN(32, low)));
      return;
    case ValType.f64:
      writer.u8(Op.f64Const).fixed64(low);
      return;
    default:
      writer
        .u8(Op.v128Const >> 16)
        .u32(Op.v128Const & 0xffff)
        .fixed64(low)
        .fixed64(high);
  }
}

/** Indexes of the defined globals that the guest can change. */
export function mutableGlobals(module: Module): number[] {
  const first = module.imported.globals;
  return module.globals.flatMap(({ global }, position) => (global.mutable ? [first + position] : []));
}

const tableChanges: ReadonlySet<number> = new Set([
  Op.tableSet,
  Op.tableInit,
  Op.tableCopy,
  Op.tableGrow,
  Op.tableFill,
]);

/**
 * Whether the module has state that an initialiser can change and a snapshot cannot hold: references, in globals or in tables. Whether
 * one does change it is not looked at.
 */
export function hasUnsnapshotableState(module: Module): boolean {
  const inGlobals = mutableGlobals(module).some((index) => isReference(module.spaces.globals[index]?.type ?? 0));
  return inGlobals || module.bodies.some(({ code }) => changesTable(module, code));
}

function changesTable(module: Module, { start, end }: Span): boolean {
  const instructions = new InstructionReader(new Reader(module.bytes, start, end), module.types.length);
  while (!instructions.done) {
    instructions.next();
    if (tableChanges.has(instructions.opcode)) return true;
  }
  return false;
}
