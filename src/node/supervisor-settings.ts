import type { Env, FunctionSource, Limits, ListenAddress } from '../config/mod.ts';
import type { ServerTiming } from '../gateway/mod.ts';
import type { DataDir } from './data-dir.ts';
import type { LogStyle } from './log.ts';

/** What a node is to serve, and how: all that its supervisor is told. Plain data, as it crosses from process to process. */
export interface SupervisorSettings {
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
