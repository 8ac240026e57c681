import { MayflyError, wasmPageBytes } from '../../base/mod.ts';
import { SectionId } from '../format/decode.ts';
import {
  copyInstructions,
  declarativeSegment,
  moduleHeader,
  vector,
  writeElementSegment,
  writeExport,
  writeGlobal,
  writeTable,
} from '../format/encode.ts';
import { Op } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import type { ElementSegment, Import, MemoryType, Module } from '../format/module.ts';
import { writeTag } from '../format/section-import.ts';
import { Writer } from '../format/writer.ts';
import { Assembly, engineModule, type FunctionCode, functionCode, i32 } from './assembly.ts';
import { BodyRewriter } from './body.ts';
import { Code } from './code.ts';
import { type GuestMemoryPlan, noEntry, type Passes, type RewriteContext, type TouchedEntries } from './context.ts';
import { alwaysDirtyPages } from './dirty-pages.ts';
import type { BodyFindings, OffsetPair } from './findings.ts';
import { type MemoryLayout, memoryLayout, physicalPagesMax } from './layout.ts';
import { refuseImportedTable, refuseUnbounded } from './refusals.ts';
import { makeRewind } from './rewind.ts';
import { ModuleShape } from './shape.ts';
import { makeShim } from './shims.ts';
import { isSnapshotType, mutableGlobals, type Snapshot, writeConstant } from './snapshot.ts';

/** Names of the engine's imports, from `engineModule`. */
export const engineImports = {
  /** () → what a guest is to do that saw the interrupt: a `Verdict`. */
  preempt: 'preempt',
  /** () → 1 when the guest is to trap. Suspends: the guest has had its slice. */
  yield: 'yield',
  /** () → 1 when the guest is to trap. Suspends: the guest waits for its host. */
  park: 'park',
  /** () → 1 when there is another request to serve. Suspends: the guest before it has returned. */
  next: 'next',
  /** () → (): called first of all after each of the three that suspend. */
  resumed: 'resumed',
  /** (pages, memory, or -1 for a table) → 1 when there is room for them. */
  grow: 'grow',
  flags: 'flags',
  memory: (index: number): string => `memory ${index}`,
  image: (index: number): string => `image ${index}`,
} as const;

/** Names of a rewritten module's exports. */
export const rewrittenExports = {
  /** () → (): runs the guest's entry, once. */
  enter: 'enter',
  /** () → (): runs the guest's entry for each request that `next` tells of. */
  serve: 'serve',
  /** (bytes to restore, about) → (1 when it is to be called again): see rewind.ts */
  rewind: 'rewind',
  /** The guest's own export of this name, where they are kept. */
  guest: (name: string): string => `guest ${name}`,
} as const;

/** The functions among the engine's imports, in the order of their indexes. */
const engineFunctions = [
  { name: engineImports.preempt, params: [], results: [i32] },
  { name: engineImports.yield, params: [], results: [i32] },
  { name: engineImports.park, params: [], results: [i32] },
  { name: engineImports.next, params: [], results: [i32] },
  { name: engineImports.resumed, params: [], results: [] },
  { name: engineImports.grow, params: [i32, i32], results: [i32] },
] as const;

/** How a slot gets back to its image. */
export type ResetMode =
  /** By the module's own `rewind`. */
  | 'rewind'
  /** Memory by `rewind`, the rest by a new instance: for what cannot be undone in place. */
  | 'reinstantiate';

export interface RewriteOptions {
  readonly snapshot: Snapshot;
  /** The function that serves a request: takes nothing, gives nothing. Undefined for a module that is only tested. */
  readonly entry: number | undefined;
  /** What each memory's guest may have at most; decides where the guest's address 0 lies. */
  readonly memoryBytesMax: number;
  readonly passes: Passes;
  /** Host functions whose answer -1 says that the guest has to wait and ask again. Those with one i32 for an answer, unless told. */
  readonly mayBlock?: (entry: Import) => boolean;
  /**
   * What for. A module for tests keeps the guest's exports (memories left out) and imported tables that it changes, and may have
   * exceptions that a served one may not.
   */
  readonly purpose?: 'serving' | 'testing';
}

export interface RewrittenMemory {
  readonly layout: MemoryLayout;
  readonly initialPages: number;
  readonly declaredPagesMax: number;
  /** Pages that every rewind restores. */
  readonly alwaysDirty: ReadonlySet<number>;
}

export interface RewrittenModule {
  readonly bytes: Uint8Array;
  readonly memories: readonly RewrittenMemory[];
  readonly reset: ResetMode;
  readonly passes: Passes;
  readonly findings: BodyFindings;
  /** The index of the guest's first own function, before and after. */
  readonly functions: { readonly before: number; readonly after: number };
  /** For each of the guest's functions: where its instructions stand, after (from the module's start) and before. */
  readonly offsets: readonly (readonly OffsetPair[])[];
}

/**
 * Rewrites a module for serving: memories handed in from outside, stores marked, loops and calls checked, a `rewind` that
 * undoes everything a request did.
 * @throws MayflyError unsupported_feature, invalid_module, malformed_module, module_too_large
 */
export function rewriteModule(module: Module, options: RewriteOptions): RewrittenModule {
  return new Rewriter(module, options).run();
}

class Rewriter {
  readonly #module: Module;
  readonly #options: RewriteOptions;
  readonly #assembly: Assembly;
  readonly #shape: ModuleShape;
  readonly #context: RewriteContext;
  readonly #dataDropped = new Map<number, number>();
  readonly #elementDropped = new Map<number, number>();
  readonly #tableTouched = new Map<number, TouchedEntries>();
  /** Pristine twins of tables that the guest can change, by table. */
  readonly #twins = new Map<number, number>();

  constructor(module: Module, options: RewriteOptions) {
    this.#module = module;
    this.#options = options;
    this.#assembly = new Assembly(module, engineFunctions.length);
    const first = module.imported.funcs;
    const guests = module.spaces.memories.length;
    this.#shape = new ModuleShape(module);
    this.#context = {
      module,
      shape: this.#shape,
      assembly: this.#assembly,
      passes: options.passes,
      memories: module.spaces.memories.map((memory, index) => this.#planMemory(memory, index)),
      flagsMemory: guests,
      engine: {
        preempt: first,
        yield: first + 1,
        park: first + 2,
        next: first + 3,
        resumed: first + 4,
        grow: first + 5,
      },
      dataDropped: (segment) => this.#flag(this.#dataDropped, segment),
      elementDropped: (segment) => this.#flag(this.#elementDropped, segment),
      tableTouched: (table) => this.#touched(table),
    };
  }

  run(): RewrittenModule {
    refuseUnbounded(this.#module, this.#options.purpose ?? 'serving');
    this.#addImports();
    const { functions, findings, reset } = this.#walkBodies();
    const writer = moduleHeader(new Writer(this.#module.bytes.byteLength * 2));
    const section = (id: number, content: Writer): void => void writer.section(id, content);
    section(SectionId.type, this.#assembly.writeTypes());
    section(SectionId.import, this.#assembly.writeImports());
    section(
      SectionId.function,
      vector(functions, (to, { type }) => to.u32(type)),
    );
    section(SectionId.table, this.#tables());
    section(SectionId.tag, vector(this.#module.tags, writeTag));
    section(SectionId.global, this.#globals());
    section(SectionId.export, this.#exports());
    section(SectionId.element, this.#elements(findings));
    if (this.#module.dataCount !== undefined) {
      section(SectionId.dataCount, new Writer(8).u32(this.#module.dataCount));
    }
    this.#branchHints(writer, functions);
    const offsets = this.#code(writer, functions);
    section(SectionId.data, this.#data());
    return {
      bytes: writer.finish(),
      memories: this.#context.memories,
      reset,
      passes: this.#options.passes,
      findings,
      functions: { before: this.#module.imported.funcs, after: this.#assembly.firstDefined },
      offsets,
    };
  }

  #planMemory(memory: MemoryType, index: number): GuestMemoryPlan {
    const guests = this.#module.spaces.memories.length;
    const { limits, offset } = memory;
    const layout = memoryLayout(this.#options.memoryBytesMax);
    const initialPages = this.#options.snapshot.memoryPages[index] ?? limits.min;
    if (initialPages > layout.guestPagesMax) {
      throw new MayflyError('module_too_large', {
        what: 'its memory in bytes',
        size: initialPages * wasmPageBytes,
        limit: layout.guestPagesMax * wasmPageBytes,
        offset,
      });
    }
    const declaredPagesMax = limits.max ?? 65_536;
    const pagesGlobal = this.#number(initialPages);
    const alwaysDirty = alwaysDirtyPages(this.#shape, index, initialPages);
    return { layout, initialPages, declaredPagesMax, pagesGlobal, imageMemory: guests + 1 + index, alwaysDirty };
  }

  /** A global that says that a segment was dropped. */
  #flag(flags: Map<number, number>, segment: number): number {
    const known = flags.get(segment);
    if (known !== undefined) return known;
    const index = this.#number(0);
    flags.set(segment, index);
    return index;
  }

  #touched(table: number): TouchedEntries {
    const known = this.#tableTouched.get(table);
    if (known !== undefined) return known;
    const touched = { first: this.#number(noEntry), end: this.#number(0) };
    this.#tableTouched.set(table, touched);
    return touched;
  }

  /** A global of the rewriter's own. @returns its index */
  #number(initial: number): number {
    return this.#assembly.global({ type: i32, mutable: true }, (writer) =>
      writer.u8(Op.i32Const).s32(initial).u8(Op.end),
    );
  }

  #addImports(): void {
    const { imports } = this.#assembly;
    for (const { module, name, description } of this.#module.imports) {
      if (description.kind === 'func') imports.push({ module, name, description });
    }
    for (const { name, params, results } of engineFunctions) {
      const type = this.#assembly.type(params, results);
      imports.push({ module: engineModule, name, description: { kind: 'func', type } });
    }
    for (const { module, name, description } of this.#module.imports) {
      if (description.kind !== 'func' && description.kind !== 'memory') imports.push({ module, name, description });
    }
    const memory = (name: string, min: number, max: number, shared = false): void =>
      void imports.push({
        module: engineModule,
        name,
        description: { kind: 'memory', memory: { limits: { min, max, shared }, offset: 0 } },
      });
    const { memories } = this.#context;
    memories.forEach((plan, index) => {
      const shiftPages = plan.layout.shiftBytes / wasmPageBytes;
      memory(engineImports.memory(index), plan.initialPages + shiftPages, physicalPagesMax);
    });
    memory(engineImports.flags, 1, 1, true);
    memories.forEach((_, index) => memory(engineImports.image(index), 0, physicalPagesMax));
  }

  /** All function bodies in the order of their indexes: the guest's, shims, helpers. */
  #walkBodies(): {
    functions: (FunctionCode & { offsets?: readonly OffsetPair[] })[];
    findings: BodyFindings;
    reset: ResetMode;
  } {
    const rewriter = new BodyRewriter(this.#context);
    const bodies = this.#module.bodies.map((body, position) => {
      const { code, offsets } = rewriter.rewrite(body, position);
      checkRewritten(code, body.whole.start);
      return { ...code, offsets };
    });
    const { mayBlock = (): boolean => true } = this.#options;
    const shims = this.#module.imports
      .filter(({ description }) => description.kind === 'func')
      .map((entry, index) => makeShim(this.#context, index, mayBlock(entry) ? 'may block' : 'answers'));
    const { findings } = rewriter;
    const reset = findings.tablesGrown.size > 0 ? 'reinstantiate' : 'rewind';
    this.#planTwins(findings, reset);
    this.#assembly.helper('rewind', () => this.#makeRewind());
    const { entry } = this.#options;
    if (entry !== undefined) {
      const enter = this.#assembly.helper(rewrittenExports.enter, () => this.#makeEnter(entry));
      this.#assembly.helper(rewrittenExports.serve, () => this.#makeServe(enter));
    }
    return { functions: [...bodies, ...shims, ...this.#assembly.helpers], findings, reset };
  }

  /** A new instance has new tables: only a rewind in place needs twins. */
  #planTwins({ tablesChanged }: BodyFindings, reset: ResetMode): void {
    const { imported, spaces } = this.#module;
    for (const table of tablesChanged) {
      if (table >= imported.tables) {
        if (reset === 'rewind') this.#twins.set(table, spaces.tables.length + this.#twins.size);
      } else if (this.#options.purpose !== 'testing') refuseImportedTable(this.#module, table);
    }
  }

  #makeEnter(entry: number): FunctionCode {
    return functionCode(this.#assembly.type([], []), [], new Code().call(this.#assembly.mapFunction(entry)).end());
  }

  /** One stack for all requests of a slot: V8 would make a new one for each call that may suspend. */
  #makeServe(enter: number): FunctionCode {
    const { next, resumed } = this.#context.engine;
    const code = new Code().open(Op.loop).call(next);
    code.open(Op.if).call(resumed).call(enter).br(1).end().end().end();
    return functionCode(this.#assembly.type([], []), [], code);
  }

  #makeRewind(): FunctionCode {
    const globals = mutableGlobals(this.#module).map((index) => ({
      index,
      writeValue: (code: Code): void => this.#writeGlobalValue(code, index),
    }));
    const tables = [...this.#twins].map(([table, twin]) => ({ table, twin, touched: this.#touched(table) }));
    const dropped = [...this.#dataDropped.values(), ...this.#elementDropped.values()];
    return makeRewind(this.#context, { tables, globals, dropped });
  }

  /** The pristine value of a global: from the snapshot, or as the artifact has it. */
  #writeGlobalValue(writer: Writer, index: number): void {
    const type = this.#module.spaces.globals[index]?.type ?? i32;
    const bits = this.#options.snapshot.globals.get(index);
    const initial = this.#module.globals[index - this.#module.imported.globals]?.initial;
    if (bits !== undefined && isSnapshotType(type)) {
      writeConstant(writer, type, bits);
    } else if (initial !== undefined) {
      const span = { start: initial.start, end: initial.end - 1 };
      copyInstructions(writer, this.#module, span, (at) => this.#assembly.mapFunction(at));
    }
  }

  #tables(): Writer {
    const { imported, tables } = this.#module;
    const twins = [...this.#twins.keys()].flatMap((table) => tables.slice(table - imported.tables).slice(0, 1));
    return vector([...tables, ...twins], (to, table) =>
      writeTable(to, this.#module, table, (index) => this.#assembly.mapFunction(index)),
    );
  }

  #globals(): Writer {
    const { globals, imported } = this.#module;
    const entries = new Writer();
    globals.forEach(({ global }, position) => {
      writeGlobal(entries, global, (to) => {
        this.#writeGlobalValue(to, imported.globals + position);
        to.u8(Op.end);
      });
    });
    const added = this.#assembly.writeGlobals(entries);
    const total = globals.length + added;
    return total === 0 ? entries : new Writer(entries.length + 8).u32(total).copy(entries.view());
  }

  #exports(): Writer {
    const already = (): never => {
      throw new Error('a helper is asked for that was not made');
    };
    const { enter, serve, rewind, guest } = rewrittenExports;
    const names = this.#options.entry === undefined ? [rewind] : [enter, serve, rewind];
    const own = names.map((name) => ({ name, kind: 'func' as const, index: this.#assembly.helper(name, already) }));
    const kept =
      this.#options.purpose === 'testing' ? this.#module.exports.filter(({ kind }) => kind !== 'memory') : [];
    const guests = kept.map(({ name, kind, index }) => ({
      name: guest(name),
      kind,
      index: kind === 'func' ? this.#assembly.mapFunction(index) : index,
    }));
    return vector([...own, ...guests], (to, { name, kind, index }) => writeExport(to, name, kind, index));
  }

  /** The guest's segments, and for each that fills a table with a twin a second one that fills the twin. */
  #elements({ functionsReferenced }: BodyFindings): Writer {
    const own = this.#module.elements.map((segment): [ElementSegment, number] => [segment, segment.table]);
    const twins = this.#module.elements.flatMap((segment): [ElementSegment, number][] => {
      const twin = segment.mode === 'active' ? this.#twins.get(segment.table) : undefined;
      return twin === undefined ? [] : [[segment, twin]];
    });
    const mapFunction = (index: number): number => this.#assembly.mapFunction(index);
    // What code takes references of has to be named outside of it. The guest may have named it in an export, and those are gone.
    const indexes = [...functionsReferenced];
    const referenced = indexes.length === 0 ? [] : [[declarativeSegment(indexes), 0] as const];
    return vector([...own, ...twins, ...referenced], (to, [segment, table]) =>
      writeElementSegment(to, this.#module, segment, table, mapFunction),
    );
  }

  /** Active segments are in the image; what stays of them is empty, as the dropped segment that it is after instantiation. */
  #data(): Writer {
    const { data, bytes } = this.#module;
    return vector(data, (to, { mode, content }) => {
      const length = mode === 'passive' ? content.end - content.start : 0;
      to.u32(1)
        .u32(length)
        .copy(bytes, content.start, content.start + length);
    });
  }

  /** https://github.com/WebAssembly/branch-hinting/blob/main/proposals/branch-hinting/Overview.md */
  #branchHints(writer: Writer, functions: readonly FunctionCode[]): void {
    const hinted = functions.flatMap(({ unlikely, locals }, position) =>
      unlikely.length === 0 ? [] : [{ index: this.#assembly.firstDefined + position, unlikely, locals }],
    );
    if (hinted.length === 0) return;
    const content = new Writer().name('metadata.code.branch_hint').u32(hinted.length);
    for (const { index, unlikely, locals } of hinted) {
      content.u32(index).u32(unlikely.length);
      for (const offset of unlikely)
        content
          .u32(offset + locals.byteLength)
          .u32(1)
          .u8(0);
    }
    writer.section(SectionId.custom, content);
  }

  /** Writes the code section. @returns where the guest's instructions went */
  #code(
    writer: Writer,
    functions: readonly (FunctionCode & { offsets?: readonly OffsetPair[] })[],
  ): (readonly OffsetPair[])[] {
    const code = new Writer(this.#module.bytes.byteLength * 2).u32(functions.length);
    const places: { start: number; offsets: readonly OffsetPair[] }[] = [];
    for (const { locals, code: body, offsets } of functions) {
      code.u32(locals.byteLength + body.byteLength).copy(locals);
      if (offsets !== undefined) places.push({ start: code.length, offsets });
      code.copy(body);
    }
    writer.section(SectionId.code, code);
    // The section's content ends where the writer stands now.
    const contentStart = writer.length - code.length;
    return places.map(({ start, offsets }) =>
      offsets.map((pair) => ({ ...pair, after: pair.after + start + contentStart })),
    );
  }
}

/** Marks and checks make code longer; what V8 would refuse for that is refused by name. */
function checkRewritten({ locals, code }: FunctionCode, offset: number): void {
  const size = locals.byteLength + code.byteLength;
  const limit = formatLimits.rewrittenFunctionBytes;
  const what = 'a function body in bytes, once it is rewritten,';
  if (size > limit) throw new MayflyError('module_too_large', { what, size, limit, offset });
}
