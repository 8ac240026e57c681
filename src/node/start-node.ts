import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import type { Env, FunctionSource, Limits, ListenAddress } from '../config/mod.ts';
import { listenOn, type ServerTiming } from '../gateway/mod.ts';
import { keepLoadedCode } from './code-cache.ts';
import { type DataDir, defaultDataDir, platformDataDir } from './data-dir.ts';
import { Guardian } from './guardian.ts';
import { keepLoadedCodeMs, stopDeadlineMs } from './limits.ts';
import { ListeningSockets } from './listening-sockets.ts';
import type { Log, LogStyle } from './log.ts';
import type { PlatformReport, PlatformSettings } from './supervisor-settings.ts';

/** What a node is to serve, and how. */
export interface NodeOptions {
  /** Set for a node that takes deploys; then `functions`, `env` and `limits` are not looked at. */
  readonly platform?: PlatformSettings | undefined;
  readonly functions: readonly FunctionSource[];
  readonly listen: ListenAddress;
  /** When undefined the user's cache, or of a node that takes deploys where the user's data are: see data-dir.ts. */
  readonly dataDir: string | undefined;
  /** One a core when undefined. */
  readonly workers: number | undefined;
  /** Over the variables and limits of the manifests. */
  readonly env: Env;
  readonly limits: Partial<Limits>;
  readonly serverTiming: ServerTiming;
  readonly logStyle: LogStyle;
  /** Told what is being done, whenever that changes. */
  readonly onProgress: (step: string) => void;
}

/** A node that serves. */
export interface RunningNode {
  /** With the real port. */
  readonly address: ListenAddress;
  readonly workers: number;
  readonly dataDir: DataDir;
  /** Of a node that takes deploys. */
  readonly platform: PlatformReport | undefined;
  /** The process ids of the workers when the node was ready. */
  pids(): readonly number[];
  /**
   * Replaces supervisor and workers by what is on disk now, code and functions, one after the other: no request is lost.
   * @throws MayflyError when that cannot be served; then the workers that were there serve on
   */
  restart(): Promise<void>;
  /** Finishes the requests under way, and ends all processes of the node. */
  stop(): Promise<void>;
}

/**
 * Starts a node, whose guardian this process is from then on. When this returns, every function is served on every worker; when it
 * throws, nothing is left running.
 * @throws MayflyError listen_failed, data_dir_unusable, bad_functions, worker_failed, supervisor_failed, image_corrupt
 */
export async function startNode(options: NodeOptions, log: Log): Promise<RunningNode> {
  const workers = options.workers ?? availableParallelism();
  const sockets = await ListeningSockets.open(options.listen, workers);
  const { address } = sockets;
  const { functions, env, limits, serverTiming, logStyle, onProgress } = options;
  const dataDir = await chooseDataDir(options);
  const platform =
    options.platform === undefined ? undefined : { ...options.platform, admin: await withPort(options.platform.admin) };
  const settings = { functions, env, limits, platform, address, dataDir, workers, serverTiming, logStyle };
  const guardian = new Guardian({ log, sockets, settings, onProgress });
  const report = await guardian.start();
  setTimeout(keepLoadedCode, keepLoadedCodeMs).unref();
  return {
    address,
    workers,
    dataDir,
    platform: report.platform,
    pids: () => report.workerPids,
    restart: () => guardian.restart(),
    stop: () => guardian.stop(stopDeadlineMs),
  };
}

async function chooseDataDir({ dataDir, platform }: NodeOptions): Promise<DataDir> {
  if (dataDir !== undefined) return { path: dataDir, lifetime: 'kept' };
  return platform === undefined ? defaultDataDir(process.env) : platformDataDir(process.env);
}

/**
 * The address with a port: a supervisor that follows one that crashed is to listen where that did.
 * @throws MayflyError listen_failed
 */
async function withPort(address: ListenAddress): Promise<ListenAddress> {
  if (address.port !== 0) return address;
  const probe = createServer();
  const found = await listenOn(probe, address);
  await new Promise((resolve) => probe.close(resolve));
  return found;
}
