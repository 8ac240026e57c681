import type { Digest, FunctionName, ProjectId, WireError } from '../base/mod.ts';
import type { Env, FunctionRoute, Limits, ListenAddress } from '../config/mod.ts';
import type { BuiltImage, ImageSettings } from '../engine/mod.ts';
import type { PortUse, ServerTiming } from '../gateway/mod.ts';
import type { LogStyle } from './log.ts';

/** What the processes of a node say to each other, over node's IPC channel. */

/** A function as a worker gets it. */
export interface DeployedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly image: Digest;
  readonly env: Env;
  readonly limits: Limits;
  readonly routes: readonly FunctionRoute[];
}

/** All that a node serves at one moment. It is never changed, only replaced by one of a higher generation. */
export interface Snapshot {
  readonly generation: number;
  readonly functions: readonly DeployedFunction[];
}

/** What a worker needs to begin. */
export interface WorkerSettings {
  readonly index: number;
  readonly listen: ListenAddress;
  readonly portUse: PortUse;
  readonly imagesFolder: string;
  readonly serverTiming: ServerTiming;
  readonly logStyle: LogStyle;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly settings: WorkerSettings; readonly snapshot: Snapshot }
  | { readonly kind: 'publish'; readonly snapshot: Snapshot }
  | { readonly kind: 'stop'; readonly deadlineMs: number };

export type FromWorker =
  /** Every function of the snapshot is compiled and takes requests. */
  { readonly kind: 'ready'; readonly generation: number } | { readonly kind: 'failed'; readonly error: WireError };

export interface ToBuilder {
  readonly artifact: Uint8Array;
  readonly settings: ImageSettings;
}

export type FromBuilder =
  | { readonly kind: 'built'; readonly image: BuiltImage }
  /** `detail` is for the operator: what was thrown, where that was not an error of the artifact. */
  | { readonly kind: 'refused'; readonly error: WireError; readonly detail?: string };
