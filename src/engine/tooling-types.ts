import type { WireError } from '../base/mod.ts';
import type { InputStream, OutputStream } from '../wasi/mod.ts';

/** What an artifact is, found out from its bytes. */
export const ArtifactKind = {
  /** A core module with `_start`. */
  wasiCommand: 'WASI command',
  /** A core module with `_initialize` and `handle`. */
  wasiReactor: 'WASI reactor',
  /** A core module that is neither. */
  coreModule: 'core module',
  component: 'component',
} as const;
export type ArtifactKind = (typeof ArtifactKind)[keyof typeof ArtifactKind];

/** Something an artifact imports. */
export interface InspectedImport {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'global' | 'memory' | 'table' | 'tag';
  readonly status: 'provided' | 'missing';
  /** The way out, for a missing one. */
  readonly instead?: string | undefined;
}

export interface InspectedExport {
  readonly name: string;
  readonly kind: 'function' | 'global' | 'memory' | 'table' | 'tag';
}

/** A memory in pages of 64 KiB, or a table in entries. */
export interface InspectedLimits {
  readonly initial: number;
  readonly maximum: number | undefined;
}

/** One of the rewriter's passes, and what it did about this module. */
export interface InspectedPass {
  readonly name: string;
  readonly outcome: 'applied' | 'skipped';
  readonly why: string;
}

/** One entry of the `producers` section, for example `language`, `C11`. */
export interface InspectedProducer {
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

/** What can be told of an artifact without running it as a function. */
export interface Inspection {
  readonly kind: ArtifactKind;
  readonly artifactBytes: number;
  readonly producers: readonly InspectedProducer[];
  /** Source languages: as the producers say, or else by traces that compilers leave. Empty when nothing tells. */
  readonly languages: readonly string[];
  readonly imports: readonly InspectedImport[];
  readonly exports: readonly InspectedExport[];
  readonly memories: readonly InspectedLimits[];
  readonly tables: readonly InspectedLimits[];
  /** The passes that were chosen; also for a module that cannot be served only because of what it imports or lacks. */
  readonly passes: readonly InspectedPass[];
  /** What the module comes to when it is rewritten; undefined when it cannot be. */
  readonly rewrittenBytes: number | undefined;
  /** Undefined when no image can be made of it: `problem` says why. */
  readonly image:
    | {
        readonly bytes: number;
        /** The rewritten module alone. */
        readonly moduleBytes: number;
        /** Pages of the memory snapshot that are not zero, of 4 KiB each. */
        readonly snapshotPages: number;
        /** Compiling it, off the serving thread, when it is loaded; measured just now. */
        readonly compileMs: number;
        /** Making a slot, ahead of the requests that it will serve; measured just now. */
        readonly slotMs: number;
        /** What a request waits for a sandbox of its own: a rewound slot's start and rewind, by the pages it is likely to touch. */
        readonly startUs: number;
      }
    | undefined;
  /** Why it cannot be served. */
  readonly problem: WireError | undefined;
}

/** How long something took, over many times. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly p9999Us: number;
  readonly maxUs: number;
}

export interface BenchOptions {
  readonly artifact: Uint8Array;
  /** Calls that are measured, after warming up. */
  readonly calls: number;
  readonly memoryBytesMax: number;
  /** What takes turns with the calls, for comparison: fresh instances, unless told. They make work for the garbage collector. */
  readonly beside?: 'fresh instances' | 'nothing';
  /** Told from time to time. */
  readonly onProgress?: (callsDone: number) => void;
}

/** What a function's calls cost on this machine. */
export interface BenchReport {
  /** Choosing the function → the guest's first instruction. */
  readonly start: LatencySummary;
  /** The guest's own time. */
  readonly guest: LatencySummary;
  readonly rewind: LatencySummary;
  /** Start and rewind of one call together: what a sandbox of its own costs a request. */
  readonly sandbox: LatencySummary;
  readonly total: LatencySummary;
  /** Medians of whole calls, the first tenth and the last. */
  readonly ends: { readonly firstUs: number; readonly lastUs: number };
  /** For comparison, in the same run: a fresh `WebAssembly.Instance` with its own memory for each call. */
  readonly naive: LatencySummary;
}

/** A host folder that is loaded into a command's in-memory file system. */
export interface MountedFolder {
  readonly hostPath: string;
  readonly guestPath: string;
}

/** One run of a WASI command, outside of any server: no CPU or wall limit. */
export interface RunOptions {
  readonly artifact: Uint8Array;
  /** What the command sees as its arguments, its own name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folders: readonly MountedFolder[];
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Which of the three are a terminal. */
  readonly terminals?: readonly (0 | 1 | 2)[];
}

/** @throws MayflyError for bytes that are no artifact at all; whatever is merely not served is told in `problem` */
export type InspectArtifact = (artifact: Uint8Array) => Promise<Inspection>;
/** @throws MayflyError what makes the artifact unusable */
export type BenchFunction = (options: BenchOptions) => Promise<BenchReport>;
/** @returns the exit code; 134 after a trap, as a shell reports an abort. @throws MayflyError what makes the artifact unusable */
export type RunCommand = (options: RunOptions) => Promise<number>;
