import type { Digest, FunctionName, ProjectId, WireError } from '../base/mod.ts';
import type { Env, FunctionRoute, Limits, ListenAddress } from '../config/mod.ts';
import type { BuiltImage, ImageSettings } from '../engine/mod.ts';
import type { ServerTiming, StickyBy } from '../gateway/mod.ts';
import type { LineBatch } from './function-log-sender.ts';
import type { Stop } from './guardian-protocol.ts';
import type { LogStyle } from './log.ts';

/** What the processes of a node say to each other, over node's IPC channel. */

/** A version of a function, as a worker gets it. */
export interface DeployedVersion {
  readonly project: ProjectId;
  /** The function's. */
  readonly name: FunctionName;
  readonly image: Digest;
  /** With the values of secrets. */
  readonly env: Env;
  readonly limits: Limits;
}

/** A function as a worker gets it: what comes in on its routes is shared between its versions. */
export interface DeployedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly routes: readonly FunctionRoute[];
  /** At least one; percents add up to 100. */
  readonly versions: readonly (DeployedVersion & { readonly percent: number })[];
  readonly stickyBy?: StickyBy | undefined;
}

/** Where a function is served whose project has workers of its own: all that shared workers get to know of it. */
export interface Forward {
  readonly project: ProjectId;
  readonly name: FunctionName;
  /** The highest of its versions': each version's own are enforced where it is served. */
  readonly limits: Limits;
  /** The sockets that the project's workers listen on. */
  readonly sockets: readonly string[];
}

/** All that workers serve at one moment. It is never changed, only replaced by one of a higher generation. */
export interface Snapshot {
  readonly generation: number;
  readonly functions: readonly DeployedFunction[];
  /** What others serve. */
  readonly forwards?: readonly (Forward & { readonly routes: readonly FunctionRoute[] })[];
}

/** What a worker needs to begin. */
export interface WorkerSettings {
  /** What the supervisor was started from: a worker from other code has nothing to do with it. */
  readonly code: string;
  /** With the real port. */
  readonly address: ListenAddress;
  readonly imagesFolder: string;
  readonly serverTiming: ServerTiming;
  readonly logStyle: LogStyle;
  /** Below it every version has a host of its own; undefined where versions have none. */
  readonly previewDomain?: string | undefined;
  /** Bytes of memory that all of its slots may hold together; the engine's own default when undefined. */
  readonly slotBytesMax?: number;
  /** Whether requests come from clients, or from workers that have got them from clients. */
  readonly callers?: 'clients' | 'workers';
}

/**
 * What a worker does, one after the other. Each can be told again, as a supervisor that has just begun does not know how far the one
 * before it has come.
 */
export type WorkerCommand =
  /** Make what it needs to load functions. */
  | { readonly kind: 'begin'; readonly settings: WorkerSettings }
  /** Load all functions of a snapshot beside those that are served. */
  | { readonly kind: 'load'; readonly snapshot: Snapshot }
  /** Serve the snapshot that was loaded, and nothing else. */
  | { readonly kind: 'switch'; readonly generation: number }
  /** Load versions beside all that is loaded, whatever else is done meanwhile, and keep them until they are cooled. */
  | { readonly kind: 'warm'; readonly lease: number; readonly versions: readonly DeployedVersion[] }
  | { readonly kind: 'cool'; readonly lease: number }
  /** Forget the snapshot that was loaded. */
  | { readonly kind: 'discard'; readonly generation: number }
  /** Take connections from the socket that comes with this. */
  | { readonly kind: 'listen' };

export type ToWorker =
  | { readonly kind: 'do'; readonly request: number; readonly command: WorkerCommand }
  /** The last batch of lines has been taken: the next one may come. */
  | { readonly kind: 'linesTaken' }
  /** What is behind the host that the worker has asked for. */
  | { readonly kind: 'preview'; readonly host: string; readonly found: DeployedVersion | Forward | WireError }
  | Stop;

export type FromWorker =
  /** What was asked for is done: a snapshot that is loaded is compiled and warm. */
  | { readonly kind: 'done'; readonly request: number }
  | { readonly kind: 'failed'; readonly request: number; readonly error: WireError }
  /** Somebody has come for the version that has this host. */
  | { readonly kind: 'preview'; readonly host: string }
  /** Somebody has asked it to end: it takes no more connections, and exits once it is done. */
  | { readonly kind: 'leaving' }
  /** `project/name` of functions that were used since this was said before, the last one at the end. */
  | { readonly kind: 'used'; readonly functions: readonly string[] }
  /** What functions have logged. One batch is on the way at a time. */
  | { readonly kind: 'lines'; readonly batch: LineBatch };

export interface ToBuilder {
  readonly artifact: Uint8Array;
  readonly settings: ImageSettings;
}

export type FromBuilder =
  | { readonly kind: 'built'; readonly image: BuiltImage; readonly artifactKind: string }
  /** `detail` is for the operator: what was thrown, where that was not an error of the artifact. */
  | { readonly kind: 'refused'; readonly error: WireError; readonly detail?: string };
