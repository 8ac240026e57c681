import type { FuncType, GlobalType, ImportDescription, Module } from '../format/module.ts';
import { writeImport } from '../format/section-import.ts';
import { type ValueType, ValType, writeValueType } from '../format/value-type.ts';
import { Writer } from '../format/writer.ts';
import type { Code } from './code.ts';

/** Where the engine's own imports come from; no guest may import from a module of this name. */
export const engineModule = 'mayfly';

/** A branch hint: where the `if` or `br_if` stands in its function's code, and that it is not taken. */
export interface FunctionCode {
  readonly type: number;
  /** The declarations of locals. */
  readonly locals: Uint8Array;
  readonly code: Uint8Array;
  /** Offsets into `code` of branches that are unlikely to be taken. */
  readonly unlikely: readonly number[];
}

export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  readonly description: ImportDescription;
}

/**
 * The module under construction: what the rewriter adds to the guest's own, with the indexes the additions get. Functions
 * are numbered so:
 *
 *     guest's imports | engine's imports | guest's functions | shims of the guest's imports | helpers, as they are asked for
 */
export class Assembly {
  readonly module: Module;
  readonly imports: ImportEntry[] = [];
  readonly #types: FuncType[] = [];
  readonly #typeIndexes = new Map<string, number>();
  readonly #globals: { readonly global: GlobalType; readonly initial: (writer: Writer) => void }[] = [];
  readonly #helpers: FunctionCode[] = [];
  readonly #helperIndexes = new Map<string, number>();
  readonly #engineFunctions: number;

  constructor(module: Module, engineFunctions: number) {
    this.module = module;
    this.#engineFunctions = engineFunctions;
  }

  /** The index of the first function of the guest's own. */
  get firstDefined(): number {
    return this.module.imported.funcs + this.#engineFunctions;
  }

  get #firstShim(): number {
    return this.firstDefined + this.module.bodies.length;
  }

  get #firstHelper(): number {
    return this.#firstShim + this.module.imported.funcs;
  }

  /** What the guest's function `index` is called in the rewritten module: an import goes by its shim. */
  mapFunction(index: number): number {
    const { funcs } = this.module.imported;
    return index < funcs ? this.#firstShim + index : index + this.#engineFunctions;
  }

  /** The index of a function type, added when it is not there yet. */
  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join(' ')}>${results.join(' ')}`;
    const known = this.#typeIndexes.get(key);
    if (known !== undefined) return known;
    const index = this.module.types.length + this.#types.length;
    this.#types.push({ params, results });
    this.#typeIndexes.set(key, index);
    return index;
  }

  /** Adds a global. @returns its index */
  global(global: GlobalType, initial: (writer: Writer) => void): number {
    this.#globals.push({ global, initial });
    return this.module.spaces.globals.length + this.#globals.length - 1;
  }

  /** The index of the helper function `key`; `make` is called once, when it is first asked for. */
  helper(key: string, make: () => FunctionCode): number {
    const known = this.#helperIndexes.get(key);
    if (known !== undefined) return known;
    // Claimed before it is made, as a helper may ask for further ones.
    const position = this.#helpers.length;
    const index = this.#firstHelper + position;
    this.#helpers.push({ type: 0, locals: new Uint8Array(), code: new Uint8Array(), unlikely: [] });
    this.#helperIndexes.set(key, index);
    this.#helpers[position] = make();
    return index;
  }

  get helpers(): readonly FunctionCode[] {
    return this.#helpers;
  }

  /** The type section: the guest's own types as they stand, and the added ones. */
  writeTypes(): Writer {
    const { count, span } = this.module.typeGroups;
    const writer = new Writer(span.end - span.start + 256);
    writer.u32(count + this.#types.length).copy(this.module.bytes, span.start, span.end);
    for (const { params, results } of this.#types) {
      writer.u8(0x60).u32(params.length);
      for (const type of params) writeValueType(writer, type);
      writer.u32(results.length);
      for (const type of results) writeValueType(writer, type);
    }
    return writer;
  }

  writeImports(): Writer {
    const writer = new Writer();
    if (this.imports.length === 0) return writer;
    writer.u32(this.imports.length);
    for (const { module, name, description } of this.imports) writeImport(writer, module, name, description);
    return writer;
  }

  /** The added globals, without a count. */
  writeGlobals(writer: Writer): number {
    for (const { global, initial } of this.#globals) {
      writeValueType(writer, global.type);
      writer.u8(global.mutable ? 1 : 0);
      initial(writer);
    }
    return this.#globals.length;
  }
}

/** The declarations of locals of an added function. */
function declareLocals(...types: readonly ValueType[]): Uint8Array {
  const writer = new Writer(16).u32(types.length);
  for (const type of types) {
    writer.u32(1);
    writeValueType(writer, type);
  }
  return writer.finish();
}

/** An added function. `locals` are those behind its parameters. */
export function functionCode(
  type: number,
  locals: readonly ValueType[],
  code: Code,
  unlikely: readonly number[] = [],
): FunctionCode {
  return { type, locals: declareLocals(...locals), code: code.finish(), unlikely };
}

export const i32: ValueType = ValType.i32;
