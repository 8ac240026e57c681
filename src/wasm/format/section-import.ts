import { formatLimits } from './limits.ts';
import type { GlobalType, Import, ImportDescription, Limits, MemoryType, TableType, Tag } from './module.ts';
import { MayflyError } from '../../base/mod.ts';
import type { Reader } from './reader.ts';
import { readValueType, writeValueType } from './value-type.ts';
import type { Writer } from './writer.ts';

const hasMax = 1;
const isShared = 2;
const is64 = 4;

/** https://webassembly.github.io/spec/core/binary/types.html#limits */
function readLimits(reader: Reader, what: 'memory' | 'table'): Limits {
  const offset = reader.position;
  const flags = reader.u8();
  if (flags > 7) reader.fail(`the limits of a ${what} are malformed`, offset);
  if ((flags & is64) !== 0) {
    throw new MayflyError('unsupported_feature', {
      offset,
      feature: `a ${what} with 64-bit addresses (memory64)`,
      instead: 'Build for wasm32: a function has at most 4 GiB of memory',
    });
  }
  const min = reader.u32();
  const max = (flags & hasMax) === 0 ? undefined : reader.u32();
  if (max !== undefined && max < min) invalid(offset, `the maximum of a ${what} is less than its minimum`);
  return { min, max, shared: (flags & isShared) !== 0 };
}

function invalid(offset: number, reason: string): never {
  throw new MayflyError('invalid_module', { offset, reason });
}

function tooLarge(what: string, size: number, limit: number, offset: number): never {
  throw new MayflyError('module_too_large', { what, size, limit, offset });
}

export function writeLimits(writer: Writer, limits: Limits): void {
  writer.u8((limits.max === undefined ? 0 : hasMax) | (limits.shared ? isShared : 0)).u32(limits.min);
  if (limits.max !== undefined) writer.u32(limits.max);
}

export function readTableType(reader: Reader, typeCount: number): TableType {
  const element = readValueType(reader, typeCount);
  const offset = reader.position;
  const limits = readLimits(reader, 'table');
  const { tableEntries } = formatLimits;
  if (limits.min > tableEntries) tooLarge("a table's size", limits.min, tableEntries, offset);
  return { element, limits };
}

export function writeTableType(writer: Writer, table: TableType): void {
  writeValueType(writer, table.element);
  writeLimits(writer, table.limits);
}

export function readMemoryType(reader: Reader): MemoryType {
  const offset = reader.position;
  const limits = readLimits(reader, 'memory');
  const largest = Math.max(limits.min, limits.max ?? 0);
  if (largest > formatLimits.memoryPages)
    tooLarge("a memory's size in pages", largest, formatLimits.memoryPages, offset);
  return { limits, offset };
}

export function readGlobalType(reader: Reader, typeCount: number): GlobalType {
  const type = readValueType(reader, typeCount);
  const flag = reader.u8();
  if (flag > 1) reader.fail('the mutability of a global is neither 0 nor 1', reader.position - 1);
  return { type, mutable: flag === 1 };
}

export function writeGlobalType(writer: Writer, global: GlobalType): void {
  writeValueType(writer, global.type);
  writer.u8(global.mutable ? 1 : 0);
}

/** A tag's type; the attribute before it is always 0. */
export function readTag(reader: Reader): Tag {
  const offset = reader.position;
  if (reader.u8() !== 0) reader.fail('the attribute of a tag is not 0', offset);
  return { type: reader.u32(), offset };
}

export function writeTag(writer: Writer, tag: Tag): void {
  writer.u8(0).u32(tag.type);
}

/** https://webassembly.github.io/spec/core/binary/modules.html#import-section */
export function readImportSection(reader: Reader, typeCount: number): Import[] {
  const count = reader.count('the number of imports', formatLimits.imports);
  const imports: Import[] = [];
  for (let i = 0; i < count; i++) {
    const offset = reader.position;
    const module = reader.name();
    const name = reader.name();
    imports.push({ module, name, description: readDescription(reader, typeCount), offset });
  }
  return imports;
}

function readDescription(reader: Reader, typeCount: number): ImportDescription {
  const offset = reader.position;
  switch (reader.u8()) {
    case 0:
      return { kind: 'func', type: reader.u32() };
    case 1:
      return { kind: 'table', table: readTableType(reader, typeCount) };
    case 2:
      return { kind: 'memory', memory: readMemoryType(reader) };
    case 3:
      return { kind: 'global', global: readGlobalType(reader, typeCount) };
    case 4:
      return { kind: 'tag', tag: readTag(reader) };
    default:
      return reader.fail('an import is of no known kind', offset);
  }
}

export function writeImport(writer: Writer, module: string, name: string, description: ImportDescription): void {
  writer.name(module).name(name);
  switch (description.kind) {
    case 'func':
      writer.u8(0).u32(description.type);
      return;
    case 'table':
      writer.u8(1);
      writeTableType(writer, description.table);
      return;
    case 'memory':
      writer.u8(2);
      writeLimits(writer, description.memory.limits);
      return;
    case 'global':
      writer.u8(3);
      writeGlobalType(writer, description.global);
      return;
    case 'tag':
      writer.u8(4);
      writeTag(writer, description.tag);
      return;
    default:
      return description satisfies never;
  }
}
