/**
 * Runs a module twice, untouched and rewritten, and tells what differs: how calls end, memory, globals, tables. Without the engine, so
 * that the rewriter is tested by itself.
 *
 *     bytes ── openUp ──► all of it exported, sizes capped ──► NativeGuest
 *                                            └─ rewriteModule ──► RewrittenGuest ── rewind ──► residue?
 */
import {
  checkModule,
  decodeModule,
  dirtyPageBytes,
  encodeModule,
  engineImports,
  engineModule,
  flagWords,
  type Import,
  type Module,
  type Passes,
  prepared,
  prepareModule,
  rewriteModule,
  type RewrittenModule,
  rewrittenExports,
  type Snapshot,
  takeSnapshot,
  ValType,
  Verdict,
} from '../../src/wasm/mod.ts';

const wasmPageBytes = 65_536;
/** So small that many a test's rewind takes several. */
const smallPieceBytes: number = 131_072;
const everything: Passes = { preemption: 'checks', dirty: 'marks' };

/** Names that `openUp` gives to what a module has. */
export const opened = {
  func: (index: number): string => `func ${index}`,
  global: (index: number): string => `global ${index}`,
  table: (index: number): string => `table ${index}`,
  memory: (index: number): string => `memory ${index}`,
};

export interface SizeCaps {
  readonly memoryPagesMax: number;
  readonly tableEntriesMax: number;
}

const defaultCaps: SizeCaps = { memoryPagesMax: 64, tableEntriesMax: 2000 };

/** The module with everything exported by index and its start function left to be called. Nothing can grow past `caps`. */
export function openUp(bytes: Uint8Array, caps: SizeCaps = defaultCaps): Uint8Array<ArrayBuffer> {
  const module = decodeModule(bytes);
  checkModule(module);
  const tables = module.tables.map((entry) => {
    const { limits } = entry.table;
    const max = Math.max(limits.min, Math.min(limits.max ?? caps.tableEntriesMax, caps.tableEntriesMax));
    return { ...entry, table: { ...entry.table, limits: { ...limits, max } } };
  });
  const { spaces } = module;
  const exports = [
    ...module.functionTypes.map((_, index) => ({ name: opened.func(index), kind: 'func' as const, index })),
    ...spaces.globals.map((_, index) => ({ name: opened.global(index), kind: 'global' as const, index })),
    ...spaces.tables.map((_, index) => ({ name: opened.table(index), kind: 'table' as const, index })),
    ...spaces.memories.map((_, index) => ({ name: opened.memory(index), kind: 'memory' as const, index })),
  ];
  const { memoryPagesMax } = caps;
  return Uint8Array.from(encodeModule({ ...module, tables }, { memoryPagesMax, exports, start: 'drop' }));
}

/** How a call ended, as text that two runs can be compared by. */
export function outcomeOf(run: () => unknown, describe: (value: unknown) => string = String): string {
  try {
    const result = run();
    const values = Array.isArray(result) ? (result as unknown[]) : result === undefined ? [] : [result];
    return `returned ${values.map((value) => describeNumber(value) ?? describe(value)).join(' ')}`.trimEnd();
  } catch (error) {
    if (error instanceof RangeError && error.message.includes('call stack')) return 'stack overflow';
    if (error instanceof WebAssembly.RuntimeError) return `trapped: ${error.message}`;
    if (error instanceof WebAssembly.Exception) return 'threw an exception';
    return `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
}

function describeNumber(value: unknown): string | undefined {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'number') return undefined;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** What a guest of either kind can be asked. */
export interface Guest {
  readonly exports: Record<string, unknown>;
  /** Calls function `index` of the guest. */
  call(index: number, args: readonly unknown[]): string;
  /** The guest's own view of a memory. */
  memory(index: number): Uint8Array;
  /** Numeric globals and whether references are null, by index. */
  globals(): string[];
  /** Which function each entry of each table is. */
  tables(): string[];
}

/** A guest as V8 runs it by itself. */
export class NativeGuest implements Guest {
  readonly exports: Record<string, unknown>;
  readonly #module: Module;

  constructor(openedBytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}) {
    this.#module = decodeModule(openedBytes);
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(openedBytes), imports).exports;
  }

  call(index: number, args: readonly unknown[]): string {
    return callFunction(
      this.exports[opened.func(index)],
      args,
      functionNamer(this.#module, (name) => this.exports[name]),
    );
  }

  memory(index: number): Uint8Array {
    const memory = this.exports[opened.memory(index)];
    if (!(memory instanceof WebAssembly.Memory)) throw new Error(`there is no memory ${index}`);
    return new Uint8Array(memory.buffer);
  }

  globals(): string[] {
    return readGlobals(this.#module, (name) => this.exports[name]);
  }

  tables(): string[] {
    return readTables(this.#module, (name) => this.exports[name]);
  }
}

export interface RewrittenGuestOptions {
  readonly imports?: WebAssembly.Imports;
  readonly passes?: Passes;
  readonly memoryPagesMax?: number;
  /** The function that `enter` runs. */
  readonly entry?: number;
  /** Every check finds the interrupt up, and this many may be passed. Without it no check finds one. */
  readonly fuel?: number | undefined;
  readonly mayBlock?: (entry: Import) => boolean;
  /** Changes the rewritten module before it is compiled. */
  readonly instrument?: (rewritten: RewrittenModule) => Uint8Array;
  /** What the engine's `park` does. Answers 0 to go on. */
  readonly park?: () => number;
}

const outOfFuel = 'out of fuel';

/** A guest that was rewritten, with the engine's imports and without the engine. */
export class RewrittenGuest implements Guest {
  readonly rewritten: RewrittenModule;
  #exports: Record<string, unknown>;
  readonly #instantiate: () => Record<string, unknown>;
  /** Checks that found the interrupt up. */
  interrupts = 0;
  readonly #module: Module;
  readonly #memories: readonly WebAssembly.Memory[];
  readonly #images: readonly WebAssembly.Memory[];
  readonly #flags = new Int32Array(flagsMemory.buffer);
  readonly #fuel: number | undefined;
  #fuelLeft = 0;
  readonly #pristineGlobals: string[];
  readonly #pristineTables: string[];

  constructor(openedBytes: Uint8Array<ArrayBuffer>, options: RewrittenGuestOptions = {}) {
    const module = decodeModule(openedBytes);
    checkModule(module);
    this.#module = module;
    this.#fuel = options.fuel;
    const memoryPagesMax = options.memoryPagesMax ?? defaultCaps.memoryPagesMax;
    const { snapshot, memories } = initialise(module, memoryPagesMax, options.imports ?? {});
    this.rewritten = rewriteModule(module, {
      snapshot,
      entry: options.entry,
      memoryBytesMax: memoryPagesMax * wasmPageBytes,
      passes: options.passes ?? everything,
      purpose: 'testing',
      mayBlock: options.mayBlock ?? ((): boolean => false),
    });
    this.#images = memories.map(makeImage);
    this.#memories = this.rewritten.memories.map(({ layout, initialPages }, index) => {
      const shiftPages = layout.shiftBytes / wasmPageBytes;
      const maximum = shiftPages + layout.guestPagesMax;
      const memory = new WebAssembly.Memory({ initial: shiftPages + initialPages, maximum });
      new Uint8Array(memory.buffer).set(memories[index] ?? new Uint8Array(), layout.shiftBytes);
      return memory;
    });
    const imports = { ...options.imports, [engineModule]: this.#engine(options.park ?? ((): number => 0)) };
    const { instrument = ({ bytes }): Uint8Array => bytes } = options;
    const compiled = new WebAssembly.Module(Uint8Array.from(instrument(this.rewritten)));
    this.#instantiate = () => new WebAssembly.Instance(compiled, imports).exports;
    this.#exports = this.#instantiate();
    this.#pristineGlobals = this.globals();
    this.#pristineTables = this.tables();
  }

  get exports(): Record<string, unknown> {
    return this.#exports;
  }

  #engine(park: () => number): Record<string, unknown> {
    const engine: Record<string, unknown> = {
      [engineImports.preempt]: () => this.#preempt(),
      [engineImports.yield]: () => 0,
      [engineImports.next]: () => 0,
      [engineImports.resumed]: () => undefined,
      [engineImports.park]: park,
      [engineImports.grow]: () => 1,
      [engineImports.flags]: flagsMemory,
    };
    this.#memories.forEach((memory, index) => {
      engine[engineImports.memory(index)] = memory;
      engine[engineImports.image(index)] = this.#images[index];
    });
    return engine;
  }

  #preempt(): Verdict {
    this.interrupts += 1;
    this.#fuelLeft -= 1;
    return this.#fuelLeft < 0 ? Verdict.trap : Verdict.goOn;
  }

  #export(name: string): unknown {
    return this.exports[rewrittenExports.guest(name)];
  }

  call(index: number, args: readonly unknown[]): string {
    const describe = functionNamer(this.#module, (name) => this.#export(name));
    return this.#guarded(() => callFunction(this.#export(opened.func(index)), args, describe));
  }

  /** Runs the entry, as for a request. */
  enter(): string {
    return this.#guarded(() => callFunction(this.exports[rewrittenExports.enter], [], String));
  }

  #guarded(run: () => string): string {
    this.#flags[flagWords.interrupt / 4] = this.#fuel === undefined ? 0 : 1;
    this.#fuelLeft = this.#fuel ?? 0;
    try {
      const outcome = run();
      return this.#fuelLeft < 0 ? outOfFuel : outcome;
    } finally {
      this.#flags[flagWords.interrupt / 4] = 0;
    }
  }

  /** The memory as it is, the engine's part first. */
  physical(index: number): Uint8Array {
    const memory = this.#memories[index];
    if (memory === undefined) throw new Error(`there is no memory ${index}`);
    return new Uint8Array(memory.buffer);
  }

  memory(index: number): Uint8Array {
    const shift = this.rewritten.memories[index]?.layout.shiftBytes ?? 0;
    return this.physical(index).subarray(shift);
  }

  globals(): string[] {
    return readGlobals(this.#module, (name) => this.#export(name));
  }

  tables(): string[] {
    return readTables(this.#module, (name) => this.#export(name));
  }

  /** Back to the image, as the engine does it, in pieces of about so many bytes. @returns how many that took */
  rewind(pieceBytes: number = smallPieceBytes): number {
    const rewind = this.exports[rewrittenExports.rewind];
    if (typeof rewind !== 'function') throw new Error('it has no rewind');
    let pieces = 1;
    while (Reflect.apply(rewind, undefined, [pieceBytes]) === 1) pieces += 1;
    if (this.rewritten.reset === 'reinstantiate') this.#exports = this.#instantiate();
    return pieces;
  }

  /**
   * Whether a memory has more pages than the image. A rewind keeps them, zeroed, and what lies behind the size that the guest is
   * told does not trap then.
   */
  get grown(): boolean {
    return this.rewritten.memories.some(
      ({ layout, initialPages }, index) =>
        this.physical(index).byteLength > layout.shiftBytes + initialPages * wasmPageBytes,
    );
  }

  /** What is not as the image has it; empty right after a rewind. */
  residue(): string[] {
    const found: string[] = [];
    this.#memories.forEach((_, index) => {
      const shift = this.rewritten.memories[index]?.layout.shiftBytes ?? 0;
      const image = this.#images[index];
      const wanted = image === undefined ? new Uint8Array() : new Uint8Array(image.buffer);
      const at = firstDifference(this.physical(index), shift, wanted);
      if (at !== undefined) found.push(`memory ${index} at ${at < shift ? `map ${at}` : at - shift}`);
    });
    this.globals().forEach((value, index) => {
      const wanted = this.#pristineGlobals[index];
      if (value !== wanted) found.push(`global ${index} is ${value}, not ${wanted}`);
    });
    this.tables().forEach((value, index) => {
      if (value !== this.#pristineTables[index]) found.push(`table ${index} is ${value}`);
    });
    return found;
  }
}

/** One for all, as the engine has one for all slots of a thread. */
const flagsMemory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

/** What stands in the low part has to be zero, then what `wanted` has, then zeros. */
function firstDifference(bytes: Uint8Array, shift: number, wanted: Uint8Array): number | undefined {
  const zeros = Buffer.alloc(dirtyPageBytes);
  for (let at = 0; at < bytes.byteLength; at += dirtyPageBytes) {
    const page = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(dirtyPageBytes, bytes.byteLength - at));
    const guest = at - shift;
    const expected = guest >= 0 && guest < wanted.byteLength ? wanted.subarray(guest, guest + page.byteLength) : zeros;
    if (page.equals(expected.subarray(0, page.byteLength))) continue;
    const within = page.findIndex((byte, index) => byte !== expected[index]);
    return at + within;
  }
  return undefined;
}

/** The state a module is in when it is instantiated: segments in place, the start function not run. */
function initialise(
  module: Module,
  memoryPagesMax: number,
  imports: WebAssembly.Imports,
): { snapshot: Snapshot; memories: Uint8Array[] } {
  // Element segments stay out of it: they would fill imported tables with functions that are not rewritten.
  const elements = module.elements.map((segment) => ({ ...segment, mode: 'declarative' as const, at: undefined }));
  const bytes = Uint8Array.from(prepareModule({ ...module, elements }, { memoryPagesMax, call: [] }));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  const memories = module.spaces.memories.map((_, index) => {
    const memory = exports[prepared.memory(index)];
    return memory instanceof WebAssembly.Memory ? new Uint8Array(memory.buffer) : new Uint8Array();
  });
  const pages = memories.map((memory) => memory.byteLength / wasmPageBytes);
  const snapshot = takeSnapshot(module, pages, (name) => Reflect.apply(exports[name] as () => unknown, undefined, []));
  return { snapshot, memories };
}

function makeImage(content: Uint8Array): WebAssembly.Memory {
  let end = content.byteLength;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / wasmPageBytes), maximum: 65_535 });
  new Uint8Array(memory.buffer).set(content.subarray(0, end));
  return memory;
}

type Lookup = (exportName: string) => unknown;

function callFunction(target: unknown, args: readonly unknown[], describe: (value: unknown) => string): string {
  if (typeof target !== 'function') throw new Error('there is no such function');
  return outcomeOf(() => Reflect.apply(target, undefined, args) as unknown, describe);
}

/** Tells references by what they refer to. */
function functionNamer(module: Module, lookup: Lookup): (value: unknown) => string {
  let indexes: Map<unknown, number> | undefined;
  return (value) => {
    if (value === null) return 'null';
    if (typeof value !== 'function') return typeof value;
    // The first of its names for one that is there twice.
    indexes ??= new Map(
      module.functionTypes.map((_, index) => [lookup(opened.func(index)), index] as const).toReversed(),
    );
    const index = indexes.get(value);
    return index === undefined ? 'function of somebody else' : `function ${index}`;
  };
}

function readGlobals(module: Module, lookup: Lookup): string[] {
  const describe = functionNamer(module, lookup);
  return module.spaces.globals.map(({ type }, index) => {
    const global = lookup(opened.global(index));
    // JavaScript can read neither vectors nor exceptions.
    if (!(global instanceof WebAssembly.Global) || type === ValType.v128) return 'unreadable';
    return outcomeOf(() => global.value, describe);
  });
}

function readTables(module: Module, lookup: Lookup): string[] {
  const names = new Map<unknown, number>(module.functionTypes.map((_, index) => [lookup(opened.func(index)), index]));
  return module.spaces.tables.map((_, index) => {
    const table = lookup(opened.table(index));
    if (!(table instanceof WebAssembly.Table)) return 'unreadable';
    const describe = (value: unknown): string => {
      if (value === null) return 'null';
      return typeof value === 'function' ? String(names.get(value) ?? 'other') : typeof value;
    };
    // JavaScript cannot read exceptions.
    const entries = Array.from({ length: table.length }, (__, at) => outcomeOf(() => table.get(at), describe));
    return entries.join(' ').replaceAll('returned ', '');
  });
}
