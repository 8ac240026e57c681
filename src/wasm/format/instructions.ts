/** What instructions are told by: opcodes, shapes of what follows them, families. The instructions: instruction-table.ts. */

/** What follows an opcode. */
export const Immediate = {
  none: 0,
  /** A block type. */
  block: 1,
  label: 2,
  branchTable: 3,
  local: 4,
  global: 5,
  func: 6,
  /** A type index. */
  type: 7,
  /** Type index, table index. */
  callIndirect: 8,
  table: 9,
  /** Two table indexes. */
  twoTables: 10,
  /** Element segment, table. */
  elementTable: 11,
  element: 12,
  /** Alignment, memory, offset. */
  memarg: 13,
  /** The same and a lane. */
  memargLane: 14,
  memory: 15,
  twoMemories: 16,
  /** Data segment, memory. */
  dataMemory: 17,
  data: 18,
  i32: 19,
  i64: 20,
  f32: 21,
  f64: 22,
  v128: 23,
  lane: 24,
  /** Sixteen lanes. */
  lanes: 25,
  heapType: 26,
  /** A vector of value types. */
  valueTypes: 27,
  tag: 28,
  /** Block type, catch clauses. */
  tryTable: 29,
  /** A zero byte. */
  zero: 30,
  /** Type index, field or segment or count. */
  typeAndIndex: 31,
  twoTypes: 32,
  /** Flags, label, two heap types. */
  castBranch: 33,
} as const;
export type Immediate = (typeof Immediate)[keyof typeof Immediate];

/** Families that a rewriter or a reader treats alike. */
export const Family = {
  other: 0,
  store: 1,
  /** Reads and writes memory in one instruction. */
  atomicUpdate: 2,
  /** Garbage-collected objects, and whatever else needs them. */
  gc: 3,
} as const;
export type Family = (typeof Family)[keyof typeof Family];

export interface Instruction {
  readonly name: string;
  readonly opcode: number;
  readonly immediate: Immediate;
  /** Operands it takes, a letter each: i i32, I i64, f f32, F f64, v v128, r a reference. Undefined where it depends on immediates. */
  readonly takes: string | undefined;
  /** Results, likewise. */
  readonly gives: string | undefined;
  readonly family: Family;
}

/** Opcodes behind a prefix byte are numbered `prefix << 16 | opcode`. */
export function prefixed(prefix: number, opcode: number): number {
  return (prefix << 16) | opcode;
}

export const prefixGc = 0xfb;
export const prefixMisc = 0xfc;
export const prefixSimd = 0xfd;
export const prefixAtomic = 0xfe;

/** The opcodes that code refers to by name. */
export const Op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  i32Load: 0x28,
  i32Load8U: 0x2d,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i64GtU: 0x56,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i32Or: 0x72,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i64ExtendI32U: 0xad,
  i32ReinterpretF32: 0xbc,
  i64ReinterpretF64: 0xbd,
  refNull: 0xd0,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  memoryInit: 0xfc0008,
  dataDrop: 0xfc0009,
  memoryCopy: 0xfc000a,
  memoryFill: 0xfc000b,
  tableInit: 0xfc000c,
  elemDrop: 0xfc000d,
  tableCopy: 0xfc000e,
  tableGrow: 0xfc000f,
  tableSize: 0xfc0010,
  tableFill: 0xfc0011,
  v128Load: 0xfd0000,
  v128Store: 0xfd000b,
  v128Const: 0xfd000c,
  v128AnyTrue: 0xfd0053,
  i64x2ExtractLane: 0xfd001d,
  atomicFence: 0xfe0003,
} as const;
