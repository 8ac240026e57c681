import type { Module } from '../format/module.ts';
import type { Assembly } from './assembly.ts';
import type { MemoryLayout } from './layout.ts';
import type { ModuleShape } from './shape.ts';

/** Words in the flags memory, which all slots of a thread and its ticker share. */
export const flagWords = {
  /** Not zero: whoever runs a guest asks the engine what to do, by `preempt`. Written by the ticker. */
  interrupt: 0,
} as const;

/** What the engine's `preempt` answers. */
export const Verdict = {
  goOn: 0,
  yield: 1,
  trap: 2,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Which passes are woven into a module. */
export interface Passes {
  /** Checks at loops and calls, so that a guest can be interrupted. */
  readonly preemption: 'checks' | 'none';
  /** How a rewind knows what to restore: pages that were marked, or everything. */
  readonly dirty: 'marks' | 'everything';
}

/** A guest memory: its index is the same before and after. */
export interface GuestMemoryPlan {
  readonly layout: MemoryLayout;
  /** The guest's pages when a request starts. */
  readonly initialPages: number;
  /** The guest's own maximum, or what an address can reach. */
  readonly declaredPagesMax: number;
  /** The global that holds the pages the guest has. */
  readonly pagesGlobal: number;
  /** The memory with the pristine content. */
  readonly imageMemory: number;
  /** Pages that every rewind restores, so that nobody has to mark them. They lie in the memory as a request finds it. */
  readonly alwaysDirty: ReadonlySet<number>;
}

/** In place of an entry's index: larger than all. */
export const noEntry = -1;

/** Two globals. When nothing is changed, `first` is `noEntry` and `end` is 0. */
export interface TouchedEntries {
  readonly first: number;
  readonly end: number;
}

/** Everything that the passes need of each other. */
export interface RewriteContext {
  readonly module: Module;
  readonly shape: ModuleShape;
  readonly assembly: Assembly;
  readonly passes: Passes;
  readonly memories: readonly GuestMemoryPlan[];
  readonly flagsMemory: number;
  /** Indexes of the engine's functions. */
  readonly engine: Readonly<Record<'preempt' | 'yield' | 'park' | 'next' | 'resumed' | 'grow', number>>;
  /** The global that is 1 once the segment was dropped, made when the module can drop it. */
  dataDropped(segment: number): number;
  elementDropped(segment: number): number;
  /** The globals that say which entries of a table of the module's own were changed: from `first` on, up to `end`. */
  tableTouched(table: number): TouchedEntries;
}
