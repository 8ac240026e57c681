import { MayflyError } from '../../base/mod.ts';
import { InstructionReader } from '../format/instruction-reader.ts';
import { Family } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import { funcTypeAt, type Module, type Span } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { isException, ValType, type ValueType } from '../format/value-type.ts';

/**
 * Refuses what V8 would run and nobody could bound. Objects and exceptions live on the JavaScript heap, which all guests of a
 * process share and which no memoryBytes counts: a list of them ends the process. So there are no objects at all. An exception is
 * small, holds no other one, and is kept nowhere but on the stack: with its megabyte full of them they come to some 20 MB.
 * @throws MayflyError unsupported_feature, module_too_large
 */
export function refuseUnbounded(module: Module, purpose: 'serving' | 'testing'): void {
  for (const { limits, offset } of module.spaces.memories) {
    if (limits.shared) refuse(offset, 'a shared memory (threads)', 'A function has one thread: build without -pthread');
  }
  if (purpose === 'serving') for (const { type, offset } of module.spaces.tags) refuseTag(module, type, offset);
  for (const { table, initial, offset } of module.tables) {
    if (isException(table.element) && purpose === 'serving')
      refuse(offset, 'a table of exceptions', 'Keep them in locals');
    if (initial !== undefined) refuseObjects(module, initial);
  }
  for (const { global, initial } of module.globals) {
    if (isException(global.type) && global.mutable && purpose === 'serving')
      refuse(initial.start, 'a global that holds exceptions', 'Keep them in locals');
    refuseObjects(module, initial);
  }
  for (const { at, items } of module.elements) {
    if (at !== undefined) refuseObjects(module, at);
    if (items.kind === 'expressions') for (const span of items.spans) refuseObjects(module, span);
  }
  for (const { at } of module.data) if (at !== undefined) refuseObjects(module, at);
}

/** Refuses the use of garbage-collected objects at `offset`. */
export function refuseObject(offset: number): never {
  return refuse(offset, 'garbage-collected objects', 'Build for linear memory');
}

/** Refuses changes to an imported table: there is nothing to undo them from. */
export function refuseImportedTable(module: Module, table: number): never {
  const imports = module.imports.filter(({ description }) => description.kind === 'table');
  return refuse(imports[table]?.offset ?? 0, 'changes to an imported table', 'Let it have a table of its own');
}

function refuse(offset: number, feature: string, instead: string): never {
  throw new MayflyError('unsupported_feature', { offset, feature, instead });
}

function refuseTag(module: Module, type: number, offset: number): void {
  const params = funcTypeAt(module, type)?.params ?? [];
  if (params.some(isException)) refuse(offset, 'exceptions that hold exceptions', 'Give them numbers to hold');
  const size = params.reduce((sum, param) => sum + bytesOf(param), 0);
  const limit = formatLimits.exceptionBytes;
  if (size > limit)
    throw new MayflyError('module_too_large', { what: 'what an exception holds in bytes', size, limit, offset });
}

/** What a value takes where it is kept. A reference counts as a pointer. */
function bytesOf(type: ValueType): number {
  return type === ValType.v128 ? 16 : type === ValType.i32 || type === ValType.f32 ? 4 : 8;
}

function refuseObjects(module: Module, { start, end }: Span): void {
  const instructions = new InstructionReader(new Reader(module.bytes, start, end), module.types.length);
  while (!instructions.done) {
    instructions.next();
    if (instructions.instruction.family === Family.gc) refuseObject(instructions.start);
  }
}
