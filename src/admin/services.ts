import type { Clock } from '../base/mod.ts';
import type { ListenAddress } from '../config/mod.ts';
import type { Control, FunctionLogs } from '../control/mod.ts';

/** What a node says about itself. */
export interface NodeStatusReport {
  /** Of Mayfly. */
  readonly version: string;
  /** The named place that it serves from. */
  readonly location?: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly startedAt: number;
  /** Where functions are served. */
  readonly address: ListenAddress;
  /** Of the routing snapshot that is served. */
  readonly generation: number;
  readonly workers: readonly WorkerStatus[];
}

/** A process that serves. */
export interface WorkerStatus {
  readonly index: number;
  /** Whose own it is; of a worker that all projects share, none. */
  readonly project?: string;
  /** None while it is started again. */
  readonly pid?: number;
  readonly state: 'starting' | 'serving' | 'stopping';
}

/** How the node is. Given by the node. */
export interface NodeStatus {
  read(): NodeStatusReport;
}

/** What handlers work with. */
export interface Services {
  readonly control: Control;
  readonly logs: FunctionLogs;
  readonly status: NodeStatus;
  readonly clock: Clock;
}

/** Where the admin API tells what went wrong in it; pino's logger is one. */
export interface AdminLog {
  info(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
