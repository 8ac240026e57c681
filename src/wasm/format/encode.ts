import { SectionId } from './decode.ts';
import { InstructionReader } from './instruction-reader.ts';
import { Op } from './instructions.ts';
import type { DataSegment, ElementSegment, Export, GlobalType, Module, Span, Table } from './module.ts';
import { Reader } from './reader.ts';
import { writeGlobalType, writeImport, writeLimits, writeTableType, writeTag } from './section-import.ts';
import { ValType, writeValueType } from './value-type.ts';
import { Writer } from './writer.ts';

/** What a function of the artifact is called in the module being written. */
export type FunctionMap = (index: number) => number;

/** Copies the instructions in `span`, with function indexes mapped. */
export function copyInstructions(writer: Writer, module: Module, span: Span, mapFunction: FunctionMap): void {
  const reader = new Reader(module.bytes, span.start, span.end);
  const instructions = new InstructionReader(reader, module.types.length);
  while (!instructions.done) {
    instructions.next();
    const { opcode, start, end } = instructions;
    if (opcode === Op.refFunc || opcode === Op.call || opcode === Op.returnCall) {
      writer.u8(opcode).u32(mapFunction(instructions.index));
    } else {
      writer.copy(module.bytes, start, end);
    }
  }
}

export function writeTable(writer: Writer, module: Module, table: Table, mapFunction: FunctionMap): void {
  if (table.initial !== undefined) writer.ops(0x40, 0x00);
  writeTableType(writer, table.table);
  if (table.initial !== undefined) copyInstructions(writer, module, table.initial, mapFunction);
}

export function writeGlobal(writer: Writer, global: GlobalType, writeInitial: (writer: Writer) => void): void {
  writeGlobalType(writer, global);
  writeInitial(writer);
}

const exportCodes = { func: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

export function writeExport(writer: Writer, name: string, kind: Export['kind'], index: number): void {
  writer.name(name).u8(exportCodes[kind]).u32(index);
}

/** Writes an element segment. An active one goes to `table`. */
export function writeElementSegment(
  writer: Writer,
  module: Module,
  segment: ElementSegment,
  table: number,
  mapFunction: FunctionMap,
): void {
  const { mode, items, at, type } = segment;
  const asExpressions = items.kind === 'expressions';
  // Active segments name their table and type unless both are what the shortest form means.
  const short = mode === 'active' && table === 0 && type === ValType.funcref;
  const named = mode === 'declarative' || (mode === 'active' && !short);
  writer.u32((mode === 'active' ? 0 : 1) | (named ? 2 : 0) | (asExpressions ? 4 : 0));
  if (mode === 'active' && named) writer.u32(table);
  if (at !== undefined) copyInstructions(writer, module, at, mapFunction);
  if (!short) {
    if (asExpressions) writeValueType(writer, type);
    else writer.u8(0);
  }
  if (items.kind === 'functions') {
    writer.u32(items.indexes.length);
    for (const index of items.indexes) writer.u32(mapFunction(index));
  } else {
    writer.u32(items.spans.length);
    for (const span of items.spans) copyInstructions(writer, module, span, mapFunction);
  }
}

/** A segment that names functions and does nothing else. */
export function declarativeSegment(indexes: readonly number[]): ElementSegment {
  const items = { kind: 'functions', indexes } as const;
  return { mode: 'declarative', table: 0, at: undefined, type: ValType.funcref, items, offset: 0 };
}

function writeDataSegment(writer: Writer, module: Module, segment: DataSegment, mapFunction: FunctionMap): void {
  const { mode, memory, at, content } = segment;
  if (mode === 'passive') writer.u32(1);
  else if (memory === 0) writer.u32(0);
  else writer.u32(2).u32(memory);
  if (at !== undefined) copyInstructions(writer, module, at, mapFunction);
  writer.u32(content.end - content.start).copy(module.bytes, content.start, content.end);
}

/** A vector: a count and what `write` makes of each entry. */
export function vector<T>(entries: readonly T[], write: (writer: Writer, entry: T, index: number) => void): Writer {
  const writer = new Writer();
  if (entries.length === 0) return writer;
  writer.u32(entries.length);
  entries.forEach((entry, index) => write(writer, entry, index));
  return writer;
}

/** The magic number and the version. */
export function moduleHeader(writer: Writer): Writer {
  return writer.ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
}

/** What is different from the artifact in a module that `encodeModule` writes. */
export interface EncodeChanges {
  /** Largest number of pages a defined memory may declare, unless it starts with more. */
  readonly memoryPagesMax?: number;
  /** Exports in place of the module's own. */
  readonly exports?: readonly Pick<Export, 'name' | 'kind' | 'index'>[];
  /** Whether V8 runs the start function by itself. */
  readonly start?: 'keep' | 'drop';
  /** Functions to add: type index and body (locals and code). Their types are the artifact's own. */
  readonly functions?: readonly { readonly type: number; readonly body: Uint8Array }[];
  /** Function types to add. */
  readonly types?: readonly Uint8Array[];
  /** Functions to name in a segment of their own, so that code may take references of them. */
  readonly declare?: readonly number[];
}

/**
 * Writes a module anew from what was decoded, custom sections left out: the same module in its shortest form, but for the
 * changes asked for. Function bodies are walked instruction by instruction, so that what the reader cannot read is not passed through.
 */
export function encodeModule(module: Module, changes: EncodeChanges = {}): Uint8Array {
  const same: FunctionMap = (index) => index;
  const writer = moduleHeader(new Writer(module.bytes.byteLength + 1024));
  const addedTypes = changes.types ?? [];
  const addedFunctions = changes.functions ?? [];
  const { count, span } = module.typeGroups;
  const types = new Writer().u32(count + addedTypes.length).copy(module.bytes, span.start, span.end);
  for (const type of addedTypes) types.copy(type);
  if (count + addedTypes.length > 0) writer.section(SectionId.type, types);
  writer.section(
    SectionId.import,
    vector(module.imports, (to, entry) => writeImport(to, entry.module, entry.name, entry.description)),
  );
  const functionTypes = [...module.bodies.map((body) => body.type), ...addedFunctions.map((added) => added.type)];
  writer.section(
    SectionId.function,
    vector(functionTypes, (to, type) => to.u32(type)),
  );
  writer.section(
    SectionId.table,
    vector(module.tables, (to, table) => writeTable(to, module, table, same)),
  );
  const pagesMax = changes.memoryPagesMax;
  writer.section(
    SectionId.memory,
    vector(module.memories, (to, { limits }) => {
      const { min, max } = limits;
      writeLimits(
        to,
        pagesMax === undefined ? limits : { ...limits, max: Math.max(min, Math.min(max ?? pagesMax, pagesMax)) },
      );
    }),
  );
  writer.section(SectionId.tag, vector(module.tags, writeTag));
  writer.section(
    SectionId.global,
    vector(module.globals, (to, { global, initial }) =>
      writeGlobal(to, global, (target) => copyInstructions(target, module, initial, same)),
    ),
  );
  writer.section(
    SectionId.export,
    vector(changes.exports ?? module.exports, (to, entry) => writeExport(to, entry.name, entry.kind, entry.index)),
  );
  if (module.start !== undefined && changes.start !== 'drop') {
    writer.section(SectionId.start, new Writer(8).u32(module.start));
  }
  const declare = changes.declare ?? [];
  const elements = declare.length === 0 ? module.elements : [...module.elements, declarativeSegment(declare)];
  writer.section(
    SectionId.element,
    vector(elements, (to, segment) => writeElementSegment(to, module, segment, segment.table, same)),
  );
  if (module.dataCount !== undefined) writer.section(SectionId.dataCount, new Writer(8).u32(module.dataCount));
  writer.section(SectionId.code, encodeBodies(module, addedFunctions));
  writer.section(
    SectionId.data,
    vector(module.data, (to, segment) => writeDataSegment(to, module, segment, same)),
  );
  return writer.finish();
}

function encodeBodies(module: Module, added: readonly { readonly body: Uint8Array }[]): Writer {
  const code = new Writer(module.bytes.byteLength);
  if (module.bodies.length + added.length === 0) return code;
  code.u32(module.bodies.length + added.length);
  const body = new Writer(4096);
  for (const { whole, code: span } of module.bodies) {
    body.clear();
    body.copy(module.bytes, whole.start, span.start);
    copyInstructions(body, module, span, (index) => index);
    code.sized(body);
  }
  for (const { body: bytes } of added) code.u32(bytes.byteLength).copy(bytes);
  return code;
}
