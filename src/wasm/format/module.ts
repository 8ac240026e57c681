import type { Brand } from '../../base/mod.ts';
import type { ValueType } from './value-type.ts';

/** Indexes into a module's index spaces, imports first. */
export type FuncIndex = Brand<number, 'FuncIndex'>;
export type TypeIndex = number;

/** Bytes of the artifact, by offset. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface FuncType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A type of the module. Those that are no functions only matter by being there. */
export type TypeEntry =
  | ({ readonly kind: 'func' } & FuncType)
  | { readonly kind: 'struct'; readonly fields: number }
  | { readonly kind: 'array' };

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
  readonly shared: boolean;
}

export interface TableType {
  readonly element: ValueType;
  readonly limits: Limits;
}

export interface MemoryType {
  /** In pages. */
  readonly limits: Limits;
  readonly offset: number;
}

/** A tag of exceptions. */
export interface Tag {
  /** A function type without results. */
  readonly type: TypeIndex;
  readonly offset: number;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export type ImportDescription =
  | { readonly kind: 'func'; readonly type: TypeIndex }
  | { readonly kind: 'table'; readonly table: TableType }
  | { readonly kind: 'memory'; readonly memory: MemoryType }
  | { readonly kind: 'global'; readonly global: GlobalType }
  | { readonly kind: 'tag'; readonly tag: Tag };

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly description: ImportDescription;
  readonly offset: number;
}

export interface Export {
  readonly name: string;
  readonly kind: 'func' | 'table' | 'memory' | 'global' | 'tag';
  readonly index: number;
  readonly offset: number;
}

export interface Table {
  readonly table: TableType;
  /** The expression its entries start as, where there is one. */
  readonly initial: Span | undefined;
  readonly offset: number;
}

export interface Global {
  readonly global: GlobalType;
  readonly initial: Span;
}

export interface ElementSegment {
  readonly mode: 'active' | 'passive' | 'declarative';
  readonly table: number;
  /** Where an active one goes. */
  readonly at: Span | undefined;
  readonly type: ValueType;
  readonly items:
    | { readonly kind: 'functions'; readonly indexes: readonly number[] }
    | { readonly kind: 'expressions'; readonly spans: readonly Span[] };
  readonly offset: number;
}

export interface DataSegment {
  readonly mode: 'active' | 'passive';
  readonly memory: number;
  readonly at: Span | undefined;
  readonly content: Span;
  readonly offset: number;
}

/** A run of locals of one type, as the code section declares them. */
export interface LocalRun {
  readonly count: number;
  readonly type: ValueType;
}

export interface FunctionBody {
  /** Index of the function's type. */
  readonly type: TypeIndex;
  readonly locals: readonly LocalRun[];
  /** Locals in all, without parameters. */
  readonly localCount: number;
  /** The body with its declarations of locals. */
  readonly whole: Span;
  /** The instructions, the last `end` included. */
  readonly code: Span;
}

export interface CustomSection {
  readonly name: string;
  readonly content: Span;
}

/** A decoded module. Spans point into `bytes`. */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly TypeEntry[];
  /** The type section's content behind its count, and how many groups it has. */
  readonly typeGroups: { readonly count: number; readonly span: Span };
  readonly imports: readonly Import[];
  /** The types of all functions, imports first. */
  readonly functionTypes: readonly TypeIndex[];
  readonly tables: readonly Table[];
  readonly memories: readonly MemoryType[];
  readonly tags: readonly Tag[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly startOffset: number;
  readonly elements: readonly ElementSegment[];
  readonly dataCount: number | undefined;
  readonly bodies: readonly FunctionBody[];
  readonly data: readonly DataSegment[];
  readonly customs: readonly CustomSection[];
  /** What is imported of each kind. */
  readonly imported: {
    readonly funcs: number;
    readonly tables: number;
    readonly memories: number;
    readonly globals: number;
    readonly tags: number;
  };
  /** The index spaces with imports first. */
  readonly spaces: {
    readonly tables: readonly TableType[];
    readonly memories: readonly MemoryType[];
    readonly globals: readonly GlobalType[];
    readonly tags: readonly Tag[];
  };
}

/** The function type at `index`. Undefined when there is none. */
export function funcTypeAt(module: Pick<Module, 'types'>, index: number): FuncType | undefined {
  const entry = module.types[index];
  return entry?.kind === 'func' ? entry : undefined;
}
