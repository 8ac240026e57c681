import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { countText, type ProjectId } from '../base/mod.ts';
import type { Env, FunctionSource, Limits, ListenAddress } from '../config/mod.ts';
import { listenOn, PortUse, type ServerTiming } from '../gateway/mod.ts';
import { buildInChild } from './builder.ts';
import { type DataDir, defaultDataDir } from './data-dir.ts';
import { ImageStore } from './image-store.ts';
import { stopDeadlineMs } from './limits.ts';
import type { Log, LogStyle } from './log.ts';
import { prepareFunctions } from './prepare.ts';
import type { Snapshot, WorkerSettings } from './protocol.ts';
import { WorkerPool } from './worker-pool.ts';

/** What a node is to serve, and how. */
export interface NodeOptions {
  readonly functions: readonly FunctionSource[];
  readonly listen: ListenAddress;
  /** The user's cache when undefined: see data-dir.ts. */
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
  /** The process ids of the workers, at this moment. */
  pids(): (number | undefined)[];
  /** Finishes the requests under way, and ends the workers. */
  stop(): Promise<void>;
}

/** The owner of everything that is served without a control plane. */
const defaultProject = 'default' as ProjectId;

/**
 * Starts a node: when this returns, every function is served on every worker; when it throws, nothing is left running.
 * @throws MayflyError listen_failed, data_dir_unusable, bad_functions, worker_failed, image_corrupt
 */
export async function startNode(options: NodeOptions, log: Log): Promise<RunningNode> {
  const address = await claimAddress(options.listen);
  const dataDir: DataDir =
    options.dataDir === undefined ? await defaultDataDir(process.env) : { path: options.dataDir, lifetime: 'kept' };
  const store = await ImageStore.open(dataDir.path);
  const functions = await prepareFunctions(
    options.functions,
    store,
    (artifact, settings) => buildInChild(artifact, settings, { log }),
    {
      project: defaultProject,
      env: options.env,
      limits: options.limits,
      onProgress: options.onProgress,
    },
  );
  const snapshot: Snapshot = { generation: 1, functions };
  const workers = canSharePort ? (options.workers ?? availableParallelism()) : 1;
  const settings = Array.from({ length: workers }, (_, index): WorkerSettings => ({
    index,
    listen: address,
    portUse: canSharePort ? PortUse.shared : PortUse.exclusive,
    imagesFolder: store.imagesFolder,
    serverTiming: options.serverTiming,
    logStyle: options.logStyle,
  }));
  options.onProgress(`Starting ${countText(workers, 'worker')}`);
  const pool = new WorkerPool(settings, snapshot, log);
  await pool.start();
  return { address, workers, dataDir, pids: () => pool.pids(), stop: () => pool.stop(stopDeadlineMs) };
}

/**
 * Whether the system spreads connections over processes that listen on the same port (SO_REUSEPORT). Where it does not, as on
 * macOS and Windows, one worker serves. https://nodejs.org/api/net.html#serverlistenoptions-callback
 */
const canSharePort = ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform);

/**
 * Finds out whether the address is free, and which port it has. Workers share their port with whoever else asks for that, so
 * each of two nodes would take some of the other's requests: only a socket that shares with nobody tells.
 * @throws MayflyError listen_failed
 */
async function claimAddress(listen: ListenAddress): Promise<ListenAddress> {
  const probe = createServer();
  const address = await listenOn(probe, listen, PortUse.exclusive);
  await new Promise((resolve) => probe.close(resolve));
  return address;
}
