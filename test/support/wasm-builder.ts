/** Writes modules byte by byte, for tests that want one that no text format can say, or a great many of them. */
import { Writer } from '../../src/wasm/mod.ts';

/** A value type by one letter: i i32, I i64, f f32, F f64, v v128, c funcref, x externref. */
export type TypeLetter = 'i' | 'I' | 'f' | 'F' | 'v' | 'c' | 'x';

const typeBytes: Readonly<Record<string, number>> = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, v: 0x7b, c: 0x70, x: 0x6f };

/** The byte of a value type. */
export function typeByte(letter: string): number {
  const byte = typeBytes[letter];
  if (byte === undefined) throw new Error(`${letter} is no type's letter`);
  return byte;
}

/** Bytes of an unsigned LEB128. */
export function u32(value: number): number[] {
  return [...new Writer(8).u32(value).finish()];
}

/** Bytes of a signed LEB128. */
export function s32(value: number): number[] {
  return [...new Writer(8).s32(value).finish()];
}

export function s64(value: bigint): number[] {
  return [...new Writer(12).s64(value).finish()];
}

function name(text: string): number[] {
  return [...new Writer(16).name(text).finish()];
}

interface FunctionBody {
  readonly type: number;
  /** A letter each. */
  readonly locals: string;
  /** Without the last `end`. */
  readonly code: readonly number[];
}

export interface ModuleExport {
  readonly name: string;
  /** 0 function, 1 table, 2 memory, 3 global, 4 tag. */
  readonly kind: number;
  readonly index: number;
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module under construction. What is a list of bytes is taken as it stands, right or wrong. */
export class WasmBuilder {
  readonly #types: number[][] = [];
  readonly #typeKeys = new Map<string, number>();
  readonly #imports: number[][] = [];
  readonly #functions: FunctionBody[] = [];
  readonly tables: number[][] = [];
  readonly memories: number[][] = [];
  readonly tags: number[] = [];
  readonly globals: number[][] = [];
  readonly exports: ModuleExport[] = [];
  readonly elements: number[][] = [];
  readonly data: number[][] = [];
  #importedFunctions = 0;
  start: number | undefined;
  /** Whether the number of data segments is told before the code. */
  dataCount = true;

  /** The index of the function type from `params` to `results`, a letter each. */
  type(params: string, results: string): number {
    const key = `${params}>${results}`;
    const known = this.#typeKeys.get(key);
    if (known !== undefined) return known;
    const bytes = [0x60, ...u32(params.length), ...Array.from(params, typeByte)];
    const index = this.rawType([...bytes, ...u32(results.length), ...Array.from(results, typeByte)]);
    this.#typeKeys.set(key, index);
    return index;
  }

  /** Adds a type as it stands. @returns its index, if it is a single one */
  rawType(bytes: readonly number[]): number {
    this.#types.push([...bytes]);
    return this.#types.length - 1;
  }

  importFunction(module: string, field: string, type: number): number {
    this.rawImport(module, field, [0, ...u32(type)]);
    return this.#importedFunctions++;
  }

  /** Adds an import of the kind and type that `description` says. */
  rawImport(module: string, field: string, description: readonly number[]): void {
    this.#imports.push([...name(module), ...name(field), ...description]);
  }

  /** Adds a function. @returns its index */
  function(type: number, locals: string, code: readonly number[]): number {
    this.#functions.push({ type, locals, code });
    return this.#importedFunctions + this.#functions.length - 1;
  }

  /** Adds an export of a function. */
  exportFunction(exportName: string, index: number): void {
    this.exports.push({ name: exportName, kind: 0, index });
  }

  memory(min: number, max?: number): number {
    this.memories.push(max === undefined ? [0, ...u32(min)] : [1, ...u32(min), ...u32(max)]);
    return this.memories.length - 1;
  }

  table(letter: TypeLetter, min: number, max?: number): number {
    const limits = max === undefined ? [0, ...u32(min)] : [1, ...u32(min), ...u32(max)];
    this.tables.push([typeByte(letter), ...limits]);
    return this.tables.length - 1;
  }

  global(letter: TypeLetter, mutable: boolean, initial: readonly number[]): number {
    this.globals.push([typeByte(letter), mutable ? 1 : 0, ...initial, 0x0b]);
    return this.globals.length - 1;
  }

  /** An active data segment at a constant address. */
  activeData(memory: number, address: number, content: Uint8Array): void {
    const at = [0x41, ...s32(address), 0x0b];
    const head = memory === 0 ? [0] : [2, ...u32(memory)];
    this.data.push([...head, ...at, ...u32(content.byteLength), ...content]);
  }

  passiveData(content: Uint8Array): number {
    this.data.push([1, ...u32(content.byteLength), ...content]);
    return this.data.length - 1;
  }

  build(): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions.map(({ locals, code }) => {
      const body = [
        ...u32(locals.length),
        ...Array.from(locals, (letter) => [1, typeByte(letter)]).flat(),
        ...code,
        0x0b,
      ];
      return [...u32(body.length), ...body];
    });
    const exports = this.exports.map((entry) => [...name(entry.name), entry.kind, ...u32(entry.index)]);
    const dataCount = this.dataCount && this.data.length > 0 ? [12, ...sized(u32(this.data.length))] : [];
    return Uint8Array.from([
      ...header,
      ...section(1, this.#types),
      ...section(2, this.#imports),
      ...section(
        3,
        this.#functions.map(({ type }) => u32(type)),
      ),
      ...section(4, this.tables),
      ...section(5, this.memories),
      ...section(
        13,
        this.tags.map((type) => [0, ...u32(type)]),
      ),
      ...section(6, this.globals),
      ...section(7, exports),
      ...(this.start === undefined ? [] : [8, ...sized(u32(this.start))]),
      ...section(9, this.elements),
      ...dataCount,
      ...section(10, bodies),
      ...section(11, this.data),
    ]);
  }
}

function sized(content: readonly number[]): number[] {
  return [...u32(content.length), ...content];
}

/** A section that is a list of entries; none at all when there are none. */
export function section(id: number, entries: readonly (readonly number[])[]): number[] {
  return entries.length === 0 ? [] : [id, ...sized([...u32(entries.length), ...entries.flat()])];
}
