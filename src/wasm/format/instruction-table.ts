/**
 * Every instruction that V8 14 takes, as data: opcode, name, shape of what follows the opcode, and effect on the stack.
 * https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */
import {
  Family,
  Immediate,
  type Instruction,
  Op,
  prefixAtomic,
  prefixed,
  prefixGc,
  prefixMisc,
  prefixSimd,
} from './instructions.ts';

const table = new Map<number, Instruction>();

function define(
  opcode: number,
  name: string,
  signature: string,
  immediate: Immediate = Immediate.none,
  family: Family = Family.other,
): void {
  const [takes, gives] = signature === '?' ? [undefined, undefined] : signature.split('>');
  table.set(opcode, { name, opcode, immediate, takes, gives, family });
}

/** Defines instructions with consecutive opcodes and one signature. A `-` leaves its opcode out. */
function defineRun(
  first: number,
  prefix: string,
  names: string,
  signature: string,
  immediate: Immediate = Immediate.none,
  family: Family = Family.other,
): void {
  names.split(' ').forEach((name, index) => {
    if (name !== '-') define(first + index, prefix + name, signature, immediate, family);
  });
}

function defineControl(): void {
  define(Op.unreachable, 'unreachable', '?');
  define(Op.nop, 'nop', '>');
  for (const [opcode, name] of [
    [Op.block, 'block'],
    [Op.loop, 'loop'],
    [Op.if, 'if'],
    [Op.try, 'try'],
  ] as const) {
    define(opcode, name, '?', Immediate.block);
  }
  define(Op.else, 'else', '?');
  define(Op.end, 'end', '?');
  define(Op.catch, 'catch', '?', Immediate.tag);
  define(Op.throw, 'throw', '?', Immediate.tag);
  define(Op.rethrow, 'rethrow', '?', Immediate.label);
  define(Op.throwRef, 'throw_ref', '?');
  define(Op.br, 'br', '?', Immediate.label);
  define(Op.brIf, 'br_if', 'i>', Immediate.label);
  define(Op.brTable, 'br_table', '?', Immediate.branchTable);
  define(Op.return, 'return', '?');
  define(Op.call, 'call', '?', Immediate.func);
  define(Op.callIndirect, 'call_indirect', '?', Immediate.callIndirect);
  define(Op.returnCall, 'return_call', '?', Immediate.func);
  define(Op.returnCallIndirect, 'return_call_indirect', '?', Immediate.callIndirect);
  define(Op.callRef, 'call_ref', '?', Immediate.type);
  define(Op.returnCallRef, 'return_call_ref', '?', Immediate.type);
  define(Op.delegate, 'delegate', '?', Immediate.label);
  define(Op.catchAll, 'catch_all', '?');
  define(Op.drop, 'drop', 'r>');
  define(Op.select, 'select', 'rri>r');
  define(Op.selectTyped, 'select', 'rri>r', Immediate.valueTypes);
  define(Op.tryTable, 'try_table', '?', Immediate.tryTable);
}

function defineVariables(): void {
  define(Op.localGet, 'local.get', '>r', Immediate.local);
  define(Op.localSet, 'local.set', 'r>', Immediate.local);
  define(Op.localTee, 'local.tee', 'r>r', Immediate.local);
  define(Op.globalGet, 'global.get', '>r', Immediate.global);
  define(Op.globalSet, 'global.set', 'r>', Immediate.global);
  define(Op.tableGet, 'table.get', 'i>r', Immediate.table);
  define(Op.tableSet, 'table.set', 'ir>', Immediate.table);
}

function defineMemory(): void {
  const { memarg } = Immediate;
  define(0x28, 'i32.load', 'i>i', memarg);
  define(0x29, 'i64.load', 'i>I', memarg);
  define(0x2a, 'f32.load', 'i>f', memarg);
  define(0x2b, 'f64.load', 'i>F', memarg);
  defineRun(0x2c, 'i32.', 'load8_s load8_u load16_s load16_u', 'i>i', memarg);
  defineRun(0x30, 'i64.', 'load8_s load8_u load16_s load16_u load32_s load32_u', 'i>I', memarg);
  define(0x36, 'i32.store', 'ii>', memarg, Family.store);
  define(0x37, 'i64.store', 'iI>', memarg, Family.store);
  define(0x38, 'f32.store', 'if>', memarg, Family.store);
  define(0x39, 'f64.store', 'iF>', memarg, Family.store);
  defineRun(0x3a, 'i32.', 'store8 store16', 'ii>', memarg, Family.store);
  defineRun(0x3c, 'i64.', 'store8 store16 store32', 'iI>', memarg, Family.store);
  define(Op.memorySize, 'memory.size', '>i', Immediate.memory);
  define(Op.memoryGrow, 'memory.grow', 'i>i', Immediate.memory);
  define(Op.memoryInit, 'memory.init', 'iii>', Immediate.dataMemory);
  define(Op.dataDrop, 'data.drop', '>', Immediate.data);
  define(Op.memoryCopy, 'memory.copy', 'iii>', Immediate.twoMemories);
  define(Op.memoryFill, 'memory.fill', 'iii>', Immediate.memory);
}

function defineTables(): void {
  define(Op.tableInit, 'table.init', 'iii>', Immediate.elementTable);
  define(Op.elemDrop, 'elem.drop', '>', Immediate.element);
  define(Op.tableCopy, 'table.copy', 'iii>', Immediate.twoTables);
  define(Op.tableGrow, 'table.grow', 'ri>i', Immediate.table);
  define(Op.tableSize, 'table.size', '>i', Immediate.table);
  define(Op.tableFill, 'table.fill', 'iri>', Immediate.table);
}

function defineNumeric(): void {
  define(Op.i32Const, 'i32.const', '>i', Immediate.i32);
  define(Op.i64Const, 'i64.const', '>I', Immediate.i64);
  define(Op.f32Const, 'f32.const', '>f', Immediate.f32);
  define(Op.f64Const, 'f64.const', '>F', Immediate.f64);
  const integerTests = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
  const floatTests = 'eq ne lt gt le ge';
  const integerBinary = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
  const floatUnary = 'abs neg ceil floor trunc nearest sqrt';
  const floatBinary = 'add sub mul div min max copysign';
  define(0x45, 'i32.eqz', 'i>i');
  defineRun(0x46, 'i32.', integerTests, 'ii>i');
  define(0x50, 'i64.eqz', 'I>i');
  defineRun(0x51, 'i64.', integerTests, 'II>i');
  defineRun(0x5b, 'f32.', floatTests, 'ff>i');
  defineRun(0x61, 'f64.', floatTests, 'FF>i');
  defineRun(0x67, 'i32.', 'clz ctz popcnt', 'i>i');
  defineRun(0x6a, 'i32.', integerBinary, 'ii>i');
  defineRun(0x79, 'i64.', 'clz ctz popcnt', 'I>I');
  defineRun(0x7c, 'i64.', integerBinary, 'II>I');
  defineRun(0x8b, 'f32.', floatUnary, 'f>f');
  defineRun(0x92, 'f32.', floatBinary, 'ff>f');
  defineRun(0x99, 'f64.', floatUnary, 'F>F');
  defineRun(0xa0, 'f64.', floatBinary, 'FF>F');
  defineConversions();
}

function defineConversions(): void {
  define(0xa7, 'i32.wrap_i64', 'I>i');
  defineRun(0xa8, 'i32.', 'trunc_f32_s trunc_f32_u', 'f>i');
  defineRun(0xaa, 'i32.', 'trunc_f64_s trunc_f64_u', 'F>i');
  defineRun(0xac, 'i64.', 'extend_i32_s extend_i32_u', 'i>I');
  defineRun(0xae, 'i64.', 'trunc_f32_s trunc_f32_u', 'f>I');
  defineRun(0xb0, 'i64.', 'trunc_f64_s trunc_f64_u', 'F>I');
  defineRun(0xb2, 'f32.', 'convert_i32_s convert_i32_u', 'i>f');
  defineRun(0xb4, 'f32.', 'convert_i64_s convert_i64_u', 'I>f');
  define(0xb6, 'f32.demote_f64', 'F>f');
  defineRun(0xb7, 'f64.', 'convert_i32_s convert_i32_u', 'i>F');
  defineRun(0xb9, 'f64.', 'convert_i64_s convert_i64_u', 'I>F');
  define(0xbb, 'f64.promote_f32', 'f>F');
  define(0xbc, 'i32.reinterpret_f32', 'f>i');
  define(0xbd, 'i64.reinterpret_f64', 'F>I');
  define(0xbe, 'f32.reinterpret_i32', 'i>f');
  define(0xbf, 'f64.reinterpret_i64', 'I>F');
  defineRun(0xc0, 'i32.', 'extend8_s extend16_s', 'i>i');
  defineRun(0xc2, 'i64.', 'extend8_s extend16_s extend32_s', 'I>I');
  const misc = prefixed(prefixMisc, 0);
  defineRun(misc, 'i32.trunc_sat_', 'f32_s f32_u', 'f>i');
  defineRun(misc + 2, 'i32.trunc_sat_', 'f64_s f64_u', 'F>i');
  defineRun(misc + 4, 'i64.trunc_sat_', 'f32_s f32_u', 'f>I');
  defineRun(misc + 6, 'i64.trunc_sat_', 'f64_s f64_u', 'F>I');
}

function defineReferences(): void {
  define(Op.refNull, 'ref.null', '>r', Immediate.heapType);
  define(0xd1, 'ref.is_null', 'r>i');
  define(Op.refFunc, 'ref.func', '>r', Immediate.func);
  define(0xd3, 'ref.eq', 'rr>i', Immediate.none, Family.gc);
  define(0xd4, 'ref.as_non_null', 'r>r');
  define(Op.brOnNull, 'br_on_null', '?', Immediate.label);
  define(Op.brOnNonNull, 'br_on_non_null', '?', Immediate.label);
  const gc = (code: number, name: string, signature: string, immediate: Immediate = Immediate.type): void =>
    define(prefixed(prefixGc, code), name, signature, immediate, Family.gc);
  gc(0, 'struct.new', '?');
  gc(1, 'struct.new_default', '>r');
  gc(2, 'struct.get', 'r>r', Immediate.typeAndIndex);
  gc(3, 'struct.get_s', 'r>i', Immediate.typeAndIndex);
  gc(4, 'struct.get_u', 'r>i', Immediate.typeAndIndex);
  gc(5, 'struct.set', 'rr>', Immediate.typeAndIndex);
  gc(6, 'array.new', 'ri>r');
  gc(7, 'array.new_default', 'i>r');
  gc(8, 'array.new_fixed', '?', Immediate.typeAndIndex);
  gc(9, 'array.new_data', 'ii>r', Immediate.typeAndIndex);
  gc(10, 'array.new_elem', 'ii>r', Immediate.typeAndIndex);
  gc(11, 'array.get', 'ri>r');
  gc(12, 'array.get_s', 'ri>i');
  gc(13, 'array.get_u', 'ri>i');
  gc(14, 'array.set', 'rir>');
  gc(15, 'array.len', 'r>i', Immediate.none);
  gc(16, 'array.fill', 'riri>');
  gc(17, 'array.copy', 'ririi>', Immediate.twoTypes);
  gc(18, 'array.init_data', 'riii>', Immediate.typeAndIndex);
  gc(19, 'array.init_elem', 'riii>', Immediate.typeAndIndex);
  gc(20, 'ref.test', 'r>i', Immediate.heapType);
  gc(21, 'ref.test null', 'r>i', Immediate.heapType);
  gc(22, 'ref.cast', 'r>r', Immediate.heapType);
  gc(23, 'ref.cast null', 'r>r', Immediate.heapType);
  gc(24, 'br_on_cast', '?', Immediate.castBranch);
  gc(25, 'br_on_cast_fail', '?', Immediate.castBranch);
  gc(26, 'any.convert_extern', 'r>r', Immediate.none);
  gc(27, 'extern.convert_any', 'r>r', Immediate.none);
  gc(28, 'ref.i31', 'i>r', Immediate.none);
  gc(29, 'i31.get_s', 'r>i', Immediate.none);
  gc(30, 'i31.get_u', 'r>i', Immediate.none);
}

/** https://webassembly.github.io/spec/core/binary/instructions.html#vector-instructions */
function defineSimd(): void {
  const run = (
    first: number,
    prefix: string,
    names: string,
    signature: string,
    immediate: Immediate = Immediate.none,
    family: Family = Family.other,
  ): void => defineRun(prefixed(prefixSimd, first), prefix, names, signature, immediate, family);
  const { memarg, memargLane, lane } = Immediate;
  const loads = 'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u';
  run(0x00, 'v128.', `${loads} load8_splat load16_splat load32_splat load64_splat`, 'i>v', memarg);
  run(0x0b, 'v128.', 'store', 'iv>', memarg, Family.store);
  run(0x0c, 'v128.', 'const', '>v', Immediate.v128);
  run(0x0d, 'i8x16.', 'shuffle', 'vv>v', Immediate.lanes);
  run(0x0e, 'i8x16.', 'swizzle', 'vv>v');
  run(0x0f, '', 'i8x16.splat i16x8.splat i32x4.splat', 'i>v');
  run(0x12, 'i64x2.', 'splat', 'I>v');
  run(0x13, 'f32x4.', 'splat', 'f>v');
  run(0x14, 'f64x2.', 'splat', 'F>v');
  for (const [first, shape, letter, extracts] of [
    [0x15, 'i8x16.', 'i', 'extract_lane_s extract_lane_u'],
    [0x18, 'i16x8.', 'i', 'extract_lane_s extract_lane_u'],
    [0x1b, 'i32x4.', 'i', 'extract_lane'],
    [0x1d, 'i64x2.', 'I', 'extract_lane'],
    [0x1f, 'f32x4.', 'f', 'extract_lane'],
    [0x21, 'f64x2.', 'F', 'extract_lane'],
  ] as const) {
    run(first, shape, extracts, `v>${letter}`, lane);
    run(first + extracts.split(' ').length, shape, 'replace_lane', `v${letter}>v`, lane);
  }
  const tests = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
  run(0x23, 'i8x16.', tests, 'vv>v');
  run(0x2d, 'i16x8.', tests, 'vv>v');
  run(0x37, 'i32x4.', tests, 'vv>v');
  run(0x41, 'f32x4.', 'eq ne lt gt le ge', 'vv>v');
  run(0x47, 'f64x2.', 'eq ne lt gt le ge', 'vv>v');
  run(0x4d, 'v128.', 'not', 'v>v');
  run(0x4e, 'v128.', 'and andnot or xor', 'vv>v');
  run(0x52, 'v128.', 'bitselect', 'vvv>v');
  run(0x53, 'v128.', 'any_true', 'v>i');
  run(0x54, 'v128.', 'load8_lane load16_lane load32_lane load64_lane', 'iv>v', memargLane);
  run(0x58, 'v128.', 'store8_lane store16_lane store32_lane store64_lane', 'iv>', memargLane, Family.store);
  run(0x5c, 'v128.', 'load32_zero load64_zero', 'i>v', memarg);
  run(0x5e, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4', 'v>v');
  defineSimdArithmetic(run);
}

type Run = (first: number, prefix: string, names: string, signature: string) => void;

function defineSimdArithmetic(run: Run): void {
  run(0x60, 'i8x16.', 'abs neg popcnt', 'v>v');
  run(0x63, 'i8x16.', 'all_true bitmask', 'v>i');
  run(0x65, 'i8x16.', 'narrow_i16x8_s narrow_i16x8_u', 'vv>v');
  run(0x67, 'f32x4.', 'ceil floor trunc nearest', 'v>v');
  run(0x6b, 'i8x16.', 'shl shr_s shr_u', 'vi>v');
  run(0x6e, 'i8x16.', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u', 'vv>v');
  run(0x74, 'f64x2.', 'ceil floor', 'v>v');
  run(0x76, 'i8x16.', 'min_s min_u max_s max_u', 'vv>v');
  run(0x7a, 'f64x2.', 'trunc', 'v>v');
  run(0x7b, 'i8x16.', 'avgr_u', 'vv>v');
  run(0x7c, 'i16x8.', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u', 'v>v');
  run(0x7e, 'i32x4.', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u', 'v>v');
  const extend = (from: string): string =>
    `extend_low_${from}_s extend_high_${from}_s extend_low_${from}_u extend_high_${from}_u`;
  const extmul = (from: string): string =>
    `extmul_low_${from}_s extmul_high_${from}_s extmul_low_${from}_u extmul_high_${from}_u`;
  run(0x80, 'i16x8.', 'abs neg', 'v>v');
  run(0x82, 'i16x8.', 'q15mulr_sat_s', 'vv>v');
  run(0x83, 'i16x8.', 'all_true bitmask', 'v>i');
  run(0x85, 'i16x8.', 'narrow_i32x4_s narrow_i32x4_u', 'vv>v');
  run(0x87, 'i16x8.', extend('i8x16'), 'v>v');
  run(0x8b, 'i16x8.', 'shl shr_s shr_u', 'vi>v');
  run(0x8e, 'i16x8.', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u', 'vv>v');
  run(0x94, 'f64x2.', 'nearest', 'v>v');
  run(0x95, 'i16x8.', 'mul min_s min_u max_s max_u - avgr_u', 'vv>v');
  run(0x9c, 'i16x8.', extmul('i8x16'), 'vv>v');
  run(0xa0, 'i32x4.', 'abs neg', 'v>v');
  run(0xa3, 'i32x4.', 'all_true bitmask', 'v>i');
  run(0xa7, 'i32x4.', extend('i16x8'), 'v>v');
  run(0xab, 'i32x4.', 'shl shr_s shr_u', 'vi>v');
  run(0xae, 'i32x4.', 'add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s', 'vv>v');
  run(0xbc, 'i32x4.', extmul('i16x8'), 'vv>v');
  run(0xc0, 'i64x2.', 'abs neg', 'v>v');
  run(0xc3, 'i64x2.', 'all_true bitmask', 'v>i');
  run(0xc7, 'i64x2.', extend('i32x4'), 'v>v');
  run(0xcb, 'i64x2.', 'shl shr_s shr_u', 'vi>v');
  run(0xce, 'i64x2.', 'add - - sub - - - mul eq ne lt_s gt_s le_s ge_s', 'vv>v');
  run(0xdc, 'i64x2.', extmul('i32x4'), 'vv>v');
  run(0xe0, 'f32x4.', 'abs neg - sqrt', 'v>v');
  run(0xe4, 'f32x4.', 'add sub mul div min max pmin pmax', 'vv>v');
  run(0xec, 'f64x2.', 'abs neg - sqrt', 'v>v');
  run(0xf0, 'f64x2.', 'add sub mul div min max pmin pmax', 'vv>v');
  run(0xf8, 'i32x4.', 'trunc_sat_f32x4_s trunc_sat_f32x4_u', 'v>v');
  run(0xfa, 'f32x4.', 'convert_i32x4_s convert_i32x4_u', 'v>v');
  run(0xfc, 'i32x4.', 'trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero', 'v>v');
  run(0xfe, 'f64x2.', 'convert_low_i32x4_s convert_low_i32x4_u', 'v>v');
  // Relaxed SIMD: https://github.com/WebAssembly/relaxed-simd
  run(0x100, 'i8x16.', 'relaxed_swizzle', 'vv>v');
  run(0x101, 'i32x4.relaxed_trunc_', 'f32x4_s f32x4_u f64x2_s_zero f64x2_u_zero', 'v>v');
  run(0x105, '', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd', 'vvv>v');
  const select = 'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect';
  run(0x109, '', select, 'vvv>v');
  run(0x10d, '', 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max', 'vv>v');
  run(0x111, 'i16x8.', 'relaxed_q15mulr_s relaxed_dot_i8x16_i7x16_s', 'vv>v');
  run(0x113, 'i32x4.', 'relaxed_dot_i8x16_i7x16_add_s', 'vvv>v');
}

/** https://github.com/WebAssembly/threads */
function defineAtomics(): void {
  const { memarg } = Immediate;
  const widths = [
    ['i32.', '', 'i'],
    ['i64.', '', 'I'],
    ['i32.', '8', 'i'],
    ['i32.', '16', 'i'],
    ['i64.', '8', 'I'],
    ['i64.', '16', 'I'],
    ['i64.', '32', 'I'],
  ] as const;
  const base = prefixed(prefixAtomic, 0);
  define(base, 'memory.atomic.notify', 'ii>i', memarg);
  define(base + 1, 'memory.atomic.wait32', 'iiI>i', memarg);
  define(base + 2, 'memory.atomic.wait64', 'iII>i', memarg);
  define(Op.atomicFence, 'atomic.fence', '>', Immediate.zero);
  widths.forEach(([type, bits, letter], index) => {
    const unsigned = bits === '' ? '' : '_u';
    define(base + 0x10 + index, `${type}atomic.load${bits}${unsigned}`, `i>${letter}`, memarg);
    define(base + 0x17 + index, `${type}atomic.store${bits}`, `i${letter}>`, memarg, Family.store);
    ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'].forEach((action, row) => {
      const takes = action === 'cmpxchg' ? `i${letter}${letter}` : `i${letter}`;
      const name = `${type}atomic.rmw${bits}.${action}${unsigned}`;
      define(base + 0x1e + row * 7 + index, name, `${takes}>${letter}`, memarg, Family.atomicUpdate);
    });
  });
}

defineControl();
defineVariables();
defineMemory();
defineTables();
defineNumeric();
defineReferences();
defineSimd();
defineAtomics();

const single: readonly (Instruction | undefined)[] = Array.from({ length: 256 }, (_, opcode) => table.get(opcode));

/** The instruction with this opcode (numbered as `prefixed` does), if there is one. */
export function instructionOf(opcode: number): Instruction | undefined {
  return opcode < 256 ? single[opcode] : table.get(opcode);
}

/** Every instruction, in order of opcodes. */
export function allInstructions(): Instruction[] {
  return [...table.values()].toSorted((a, b) => a.opcode - b.opcode);
}
