import { MayflyError } from '../../base/mod.ts';
import { readConstExpression } from './const-expression.ts';
import { InstructionReader } from './instruction-reader.ts';
import { formatLimits } from './limits.ts';
import type {
  CustomSection,
  DataSegment,
  ElementSegment,
  Export,
  FunctionBody,
  Global,
  Import,
  MemoryType,
  Module,
  Table,
  Tag,
} from './module.ts';
import { Reader } from './reader.ts';
import { readCodeSection } from './section-code.ts';
import { readGlobalType, readImportSection, readMemoryType, readTableType, readTag } from './section-import.ts';
import { readDataSection, readElementSection } from './section-segments.ts';
import { readTypeSection, type TypeSection } from './section-type.ts';

/** Section ids. https://webassembly.github.io/spec/core/binary/modules.html#sections */
export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** Sections in the order that they must come in. */
const sectionOrder: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** What the first bytes of a file say it is. */
export type ArtifactKind = 'module' | 'component' | 'other';

const magic = 0x6d73_6100;
const moduleVersion = 1;
/** Version 13 at layer 1: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md */
const componentVersion = 0x0001_000d;

/** Tells a module from a component from anything else by its first eight bytes. */
export function artifactKind(bytes: Uint8Array): ArtifactKind {
  if (bytes.byteLength < 8) return 'other';
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  if (view.getUint32(0, true) !== magic) return 'other';
  const version = view.getUint32(4, true);
  return version === moduleVersion ? 'module' : version === componentVersion ? 'component' : 'other';
}

/**
 * Decodes a module. Every index that stands outside function bodies is still unchecked: `checkModule` does that.
 * @throws MayflyError not_wasm, malformed_module, module_too_large, unsupported_feature
 */
export function decodeModule(bytes: Uint8Array): Module {
  if (bytes.byteLength > formatLimits.moduleBytes) {
    const limit = formatLimits.moduleBytes;
    throw new MayflyError('module_too_large', { what: 'its size', size: bytes.byteLength, limit, offset: 0 });
  }
  if (artifactKind(bytes) !== 'module') throw notWasm(bytes);
  return new Decoder(bytes).decode();
}

function notWasm(bytes: Uint8Array): MayflyError {
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const found = bytes.byteLength === 0 ? 'nothing: it is empty' : start;
  if (artifactKind(bytes) === 'component') {
    const feature = 'the component model';
    return new MayflyError('unsupported_feature', {
      offset: 4,
      feature,
      instead: 'Build it as a WASI preview1 command',
    });
  }
  if (start === '00 61 73 6d') {
    return new MayflyError('malformed_module', { offset: 4, reason: 'the version is not 1' });
  }
  return new MayflyError('not_wasm', { found });
}

class Decoder {
  readonly #reader: Reader;
  readonly #bytes: Uint8Array;
  #types: TypeSection = { types: [], groups: { count: 0, span: { start: 0, end: 0 } } };
  #imports: Import[] = [];
  #functions: number[] = [];
  #tables: Table[] = [];
  #memories: MemoryType[] = [];
  #tags: Tag[] = [];
  #globals: Global[] = [];
  #exports: Export[] = [];
  #start: number | undefined;
  #startOffset = 0;
  #elements: ElementSegment[] = [];
  #dataCount: number | undefined;
  #bodies: FunctionBody[] | undefined;
  #data: DataSegment[] = [];
  readonly #customs: CustomSection[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new Reader(bytes, 8);
  }

  decode(): Module {
    const reader = this.#reader;
    let last = -1;
    while (!reader.done) {
      const offset = reader.position;
      const id = reader.u8();
      const section = reader.part(reader.u32());
      if (id === SectionId.custom) {
        const name = section.name();
        this.#customs.push({ name, content: { start: section.position, end: section.end } });
        continue;
      }
      const rank = sectionOrder.indexOf(id);
      if (rank < 0) reader.fail(`section ${id} is unknown`, offset);
      if (rank <= last) reader.fail(`section ${id} is out of order or there twice`, offset);
      last = rank;
      this.#section(id, section);
      if (!section.done) section.fail(`section ${id} has bytes left over`);
    }
    return this.#finish();
  }

  #section(id: number, reader: Reader): void {
    const typeCount = this.#types.types.length;
    const instructions = new InstructionReader(reader, typeCount);
    switch (id) {
      case SectionId.type:
        this.#types = readTypeSection(reader);
        return;
      case SectionId.import:
        this.#imports = readImportSection(reader, typeCount);
        return;
      case SectionId.function:
        this.#functions = readVector(reader, 'the number of functions', formatLimits.functions, () => reader.u32());
        return;
      case SectionId.table:
        this.#tables = readVector(reader, 'the number of tables', formatLimits.tables, () =>
          readTable(reader, instructions, typeCount),
        );
        return;
      case SectionId.memory:
        this.#memories = readVector(reader, 'the number of memories', formatLimits.memories, () =>
          readMemoryType(reader),
        );
        return;
      case SectionId.tag:
        this.#tags = readVector(reader, 'the number of tags', formatLimits.tags, () => readTag(reader));
        return;
      case SectionId.global:
        this.#globals = readVector(reader, 'the number of globals', formatLimits.globals, () => ({
          global: readGlobalType(reader, typeCount),
          initial: readConstExpression(reader, instructions),
        }));
        return;
      default:
        this.#laterSection(id, reader, instructions, typeCount);
    }
  }

  #laterSection(id: number, reader: Reader, instructions: InstructionReader, typeCount: number): void {
    switch (id) {
      case SectionId.export:
        this.#exports = readVector(reader, 'the number of exports', formatLimits.exports, () => readExport(reader));
        return;
      case SectionId.start:
        this.#startOffset = reader.position;
        this.#start = reader.u32();
        return;
      case SectionId.element:
        this.#elements = readElementSection(reader, instructions, typeCount);
        return;
      case SectionId.dataCount:
        this.#dataCount = reader.u32();
        return;
      case SectionId.code:
        this.#bodies = readCodeSection(reader, this.#functions, typeCount);
        return;
      default:
        this.#data = readDataSection(reader, instructions);
    }
  }

  /** Many tables, none of them too large, would be one that is. */
  #checkTables(): void {
    const limit = formatLimits.tableEntriesTogether;
    const size = this.#tables.reduce((sum, { table }) => sum + table.limits.min, 0);
    const offset = this.#tables.at(-1)?.offset ?? 0;
    if (size > limit)
      throw new MayflyError('module_too_large', { what: 'the size of all tables', size, limit, offset });
  }

  #finish(): Module {
    const reader = this.#reader;
    this.#checkTables();
    const bodies = this.#bodies ?? [];
    if (bodies.length !== this.#functions.length) reader.fail('functions are declared and their bodies are missing');
    if (this.#dataCount !== undefined && this.#dataCount !== this.#data.length) {
      reader.fail(`${this.#dataCount} data segments are announced and ${this.#data.length} are there`);
    }
    const descriptions = this.#imports.map((entry) => entry.description);
    const funcs = descriptions.filter((entry) => entry.kind === 'func');
    const tables = descriptions.filter((entry) => entry.kind === 'table');
    const memories = descriptions.filter((entry) => entry.kind === 'memory');
    const globals = descriptions.filter((entry) => entry.kind === 'global');
    const tags = descriptions.filter((entry) => entry.kind === 'tag');
    return {
      bytes: this.#bytes,
      types: this.#types.types,
      typeGroups: this.#types.groups,
      imports: this.#imports,
      functionTypes: [...funcs.map((entry) => entry.type), ...this.#functions],
      tables: this.#tables,
      memories: this.#memories,
      tags: this.#tags,
      globals: this.#globals,
      exports: this.#exports,
      start: this.#start,
      startOffset: this.#startOffset,
      elements: this.#elements,
      dataCount: this.#dataCount,
      bodies,
      data: this.#data,
      customs: this.#customs,
      imported: {
        funcs: funcs.length,
        tables: tables.length,
        memories: memories.length,
        globals: globals.length,
        tags: tags.length,
      },
      spaces: {
        tables: [...tables.map((entry) => entry.table), ...this.#tables.map((entry) => entry.table)],
        memories: [...memories.map((entry) => entry.memory), ...this.#memories],
        globals: [...globals.map((entry) => entry.global), ...this.#globals.map((entry) => entry.global)],
        tags: [...tags.map((entry) => entry.tag), ...this.#tags],
      },
    };
  }
}

function readVector<T>(reader: Reader, what: string, limit: number, read: () => T): T[] {
  const count = reader.count(what, limit);
  const entries: T[] = [];
  for (let i = 0; i < count; i++) entries.push(read());
  return entries;
}

/** https://webassembly.github.io/spec/core/binary/modules.html#table-section */
function readTable(reader: Reader, instructions: InstructionReader, typeCount: number): Table {
  const offset = reader.position;
  const withInitial = reader.peek() === 0x40;
  if (withInitial) {
    reader.u8();
    if (reader.u8() !== 0) reader.fail('a table is malformed', offset);
  }
  const table = readTableType(reader, typeCount);
  return { table, initial: withInitial ? readConstExpression(reader, instructions) : undefined, offset };
}

const exportKinds = ['func', 'table', 'memory', 'global', 'tag'] as const;

function readExport(reader: Reader): Export {
  const offset = reader.position;
  const name = reader.name();
  const kind = exportKinds[reader.u8()] ?? reader.fail('an export is of no known kind', reader.position - 1);
  return { name, kind, index: reader.u32(), offset };
}
