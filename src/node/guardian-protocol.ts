import type { Brand, WireError } from '../base/mod.ts';
import type { PlatformReport, SupervisorSettings } from './supervisor-settings.ts';

/**
 * What guardian and supervisor say to each other. A guardian runs on with the code it was started from when everything else has been
 * replaced by newer code: so it knows nothing of what workers are told, and what stands here changes by addition alone.
 */

/** A worker's process, as long as it lives. Made by the supervisor that has it started. */
export type ChildId = Brand<string, 'ChildId'>;

/** How a process is started. */
export interface ChildSpec {
  readonly file: string;
  readonly execArgv: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** When the node stops: with the others, or once they have ended, who may have something for it to do until then. */
  readonly ends?: 'last';
}

/** A child that outlived the supervisor that had it started. */
export interface KeptChild {
  readonly id: ChildId;
  readonly pid: number;
  /** What the last supervisor noted about it. */
  readonly note: unknown;
}

/** Why a supervisor is started. */
export const StartCause = {
  /** The node starts. */
  first: 'first',
  /** The one before has ended unasked. */
  crash: 'crash',
  /** It was asked for: everything is to run the code that is on disk now. */
  restart: 'restart',
} as const;
export type StartCause = (typeof StartCause)[keyof typeof StartCause];

/** What a supervisor begins with. */
export interface SupervisorStart {
  readonly kind: 'start';
  readonly cause: StartCause;
  /** How many supervisors there have been, this one included. */
  readonly epoch: number;
  readonly settings: SupervisorSettings;
  /** What the last supervisor had kept. */
  readonly kept: unknown;
  readonly children: readonly KeptChild[];
}

/** Finish what is under way, and exit. Workers understand it too. */
export interface Stop {
  readonly kind: 'stop';
  readonly deadlineMs: number;
  /** Idle connections are kept so long, for requests that may be on their way. */
  readonly quietMs?: number;
  /** Whether the workers end, too; when absent they stay, for the next supervisor. */
  readonly workers?: 'end';
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type FromGuardian =
  | SupervisorStart
  | Stop
  | { readonly kind: 'spawned'; readonly id: ChildId; readonly pid: number }
  | { readonly kind: 'message'; readonly id: ChildId; readonly message: unknown }
  | { readonly kind: 'exited'; readonly id: ChildId; readonly exit: Exit };

/** What the command line tells of a node that serves. */
export interface NodeReport {
  /** Process ids of the workers, by their place. */
  readonly workerPids: readonly number[];
  /** Of a node that takes deploys. */
  readonly platform?: PlatformReport | undefined;
}

export type ToGuardian =
  | { readonly kind: 'spawn'; readonly id: ChildId; readonly spec: ChildSpec; readonly note: unknown }
  /** `socket` is the place whose socket goes with it, or the path of a Unix socket, which is opened by that; `note` replaces what was noted, as soon as this is sent and not otherwise. */
  | {
      readonly kind: 'send';
      readonly id: ChildId;
      readonly message: unknown;
      readonly socket?: number | string;
      readonly note?: unknown;
    }
  | { readonly kind: 'kill'; readonly id: ChildId }
  /** Nobody is to have this Unix socket any more. */
  | { readonly kind: 'closeSocket'; readonly path: string }
  /** Is handed to every supervisor that comes after. No secrets: those come from the data directory. */
  | { readonly kind: 'keep'; readonly kept: unknown }
  | { readonly kind: 'progress'; readonly step: string }
  /** Serves what it is to serve. */
  | { readonly kind: 'ready'; readonly report: NodeReport }
  /** Cannot serve what it is to serve; what workers serve from before goes on. */
  | { readonly kind: 'failed'; readonly error: WireError }
  /** Wants to be restarted, and the workers with it. */
  | { readonly kind: 'restart' };
