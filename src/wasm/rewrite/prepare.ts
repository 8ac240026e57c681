import { encodeModule } from '../format/encode.ts';
import { Op } from '../format/instructions.ts';
import type { Module } from '../format/module.ts';
import { ValType, type ValueType } from '../format/value-type.ts';
import { Writer } from '../format/writer.ts';
import { Code } from './code.ts';
import { type GlobalBits, isSnapshotType, mutableGlobals, type Snapshot } from './snapshot.ts';

/** Names of the exports of a prepared module. */
export const prepared = {
  memory: (index: number): string => `memory ${index}`,
  start: 'start',
  func: (index: number): string => `func ${index}`,
  /** Half 1 is the high half of a v128. */
  global: (index: number, half: 0 | 1): string => `global ${index} ${half}`,
} as const;

/**
 * The module as the builder runs it, once, to learn its state after initialisation: the guest's own, not rewritten, with
 * what has to be read exported and the start function left to be called. It only ever runs in the builder process, which has
 * a deadline and a memory cap.
 */
export function prepareModule(
  module: Module,
  options: { memoryPagesMax: number; call: readonly number[] },
): Uint8Array {
  const types: Uint8Array[] = [];
  const functions: { type: number; body: Uint8Array }[] = [];
  const exports: { name: string; kind: 'func' | 'memory'; index: number }[] = [];
  const getterTypes = new Map<ValueType, number>();
  const getterType = (result: ValueType): number => {
    const known = getterTypes.get(result);
    if (known !== undefined) return known;
    types.push(new Writer(8).ops(0x60, 0, 1, result).finish());
    const index = module.types.length + types.length - 1;
    getterTypes.set(result, index);
    return index;
  };
  module.spaces.memories.forEach((_, index) => exports.push({ name: prepared.memory(index), kind: 'memory', index }));
  if (module.start !== undefined) exports.push({ name: prepared.start, kind: 'func', index: module.start });
  for (const index of new Set(options.call)) exports.push({ name: prepared.func(index), kind: 'func', index });
  for (const index of snapshotGlobals(module)) {
    const type = module.spaces.globals[index]?.type ?? ValType.i32;
    for (const half of halvesOf(type)) {
      const { result, code } = getter(index, type, half);
      exports.push({
        name: prepared.global(index, half),
        kind: 'func',
        index: module.functionTypes.length + functions.length,
      });
      functions.push({ type: getterType(result), body: new Writer().u32(0).copy(code.view()).finish() });
    }
  }
  // What code takes references of has to be named outside of it, and the exports that may have done so are gone.
  const declare = module.exports.flatMap(({ kind, index }) => (kind === 'func' ? [index] : []));
  const { memoryPagesMax } = options;
  return encodeModule(module, { memoryPagesMax, exports, start: 'drop', functions, types, declare });
}

function snapshotGlobals(module: Module): number[] {
  return mutableGlobals(module).filter((index) => isSnapshotType(module.spaces.globals[index]?.type ?? 0));
}

function halvesOf(type: ValueType): readonly (0 | 1)[] {
  return type === ValType.v128 ? [0, 1] : [0];
}

/** Floats are read as bits: as a JavaScript number a NaN would lose its payload. */
function getter(index: number, type: ValueType, half: 0 | 1): { result: ValueType; code: Code } {
  const code = new Code().global('get', index);
  switch (type) {
    case ValType.f32:
      return { result: ValType.i32, code: code.op(Op.i32ReinterpretF32).end() };
    case ValType.f64:
      return { result: ValType.i64, code: code.op(Op.i64ReinterpretF64).end() };
    case ValType.v128:
      return { result: ValType.i64, code: code.op(Op.i64x2ExtractLane).u8(half).end() };
    default:
      return { result: type, code: code.end() };
  }
}

/** Reads the state of an instance of a prepared module. `read` calls an exported function without arguments. */
export function takeSnapshot(
  module: Module,
  memoryPages: readonly number[],
  read: (exportName: string) => unknown,
): Snapshot {
  const globals = new Map<number, GlobalBits>();
  for (const index of snapshotGlobals(module)) {
    const type = module.spaces.globals[index]?.type ?? ValType.i32;
    const bits = halvesOf(type).map((half) => {
      const value = read(prepared.global(index, half));
      return typeof value === 'bigint' ? value : BigInt(Number(value) | 0);
    });
    globals.set(index, bits);
  }
  return { memoryPages, globals };
}
