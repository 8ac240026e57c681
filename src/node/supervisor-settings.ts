import type { Env, FunctionSource, Limits, ListenAddress } from '../config/mod.ts';
import type { ServerTiming } from '../gateway/mod.ts';
import type { DataDir } from './data-dir.ts';
import type { LogStyle } from './log.ts';

/** How a node takes deploys. */
export interface PlatformSettings {
  /** Where the admin API listens; port 0 takes a free one. */
  readonly admin: ListenAddress;
  /** Below it every version has a host of its own; undefined where versions have none. */
  readonly previewDomain: string | undefined;
}

/** What whoever started the node is told. */
export interface PlatformReport {
  /** Of the admin API, with the real port. */
  readonly admin: ListenAddress;
  /** The operator's token, when it was made just now: it is told once. */
  readonly newToken?: string;
}

/** What a node is to serve, and how: all that its supervisor is told. Plain data, as it crosses from process to process. */
export interface SupervisorSettings {
  /** Set for a node that takes deploys; it serves nothing of the command line. */
  readonly platform?: PlatformSettings | undefined;
  /** The functions of the command line. */
  readonly functions: readonly FunctionSource[];
  /** Over the variables and limits of their manifests. */
  readonly env: Env;
  readonly limits: Partial<Limits>;
  /** With the real port. */
  readonly address: ListenAddress;
  readonly dataDir: DataDir;
  readonly workers: number;
  readonly serverTiming: ServerTiming;
  readonly logStyle: LogStyle;
}
