/**
 * The WebAssembly JavaScript API as V8 14 has it, with JSPI: TypeScript declares it only for browsers.
 * https://webassembly.github.io/spec/js-api/ and https://github.com/WebAssembly/js-promise-integration
 */
declare namespace WebAssembly {
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'anyfunc' | 'externref';
  type ExternKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  type ExportValue = Function | Global | Memory | Table;
  type Imports = Record<string, Record<string, unknown>>;

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBufferLike);
    static exports(module: Module): { name: string; kind: ExternKind }[];
    static imports(module: Module): { module: string; name: string; kind: ExternKind }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, ExportValue>;
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    /** @returns the size before, in pages */
    grow(deltaPages: number): number;
  }

  class Table {
    constructor(descriptor: { element: 'anyfunc' | 'externref'; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }

  class Global<T = unknown> {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: T);
    value: T;
  }

  class Tag {
    constructor(descriptor: { parameters: ValueType[] });
  }

  class Exception extends Error {
    is(tag: Tag): boolean;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  /** Wraps an import so that the promise it returns parks the guest. */
  class Suspending {
    constructor(run: (...args: never[]) => unknown);
  }

  /** Wraps an export so that it may be parked: answers a promise. */
  function promising(run: Function): (...args: unknown[]) => Promise<unknown>;

  function validate(bytes: ArrayBufferView | ArrayBufferLike): boolean;
  function compile(bytes: ArrayBufferView | ArrayBufferLike): Promise<Module>;
}
