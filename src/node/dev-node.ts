import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionSource, ListenAddress } from '../config/mod.ts';
import { ServerTiming } from '../gateway/mod.ts';
import { codeIdentity } from './code-identity.ts';
import type { FunctionLine } from './function-log.ts';
import { FunctionLogs } from './function-logs.ts';
import { devStopDeadlineMs, logDrainMs } from './limits.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { spawnLocally } from './local-children.ts';
import { type LocalFunction, LocalFunctions, type LocalSettings } from './local-functions.ts';
import { type Log, LogStyle } from './log.ts';
import { SpareBuilder } from './spare-builder.ts';
import { WorkerSet } from './worker-set.ts';

/** What a developer's node is made with. */
export interface DevNodeOptions {
  readonly listen: ListenAddress;
  /** Where images and logs are kept; the user's cache when undefined. */
  readonly dataDir: string | undefined;
  readonly log: Log;
  /** Sees what the function logs, as it does. */
  readonly onLine: (line: FunctionLine) => void;
}

/**
 * A developer's node: one worker that serves one function, whichever version of it was published last. It listens before there is
 * any, and goes on with the last one when the next cannot be served. This process is guardian and supervisor in one.
 */
export class DevNode {
  readonly address: ListenAddress;
  readonly #functions: LocalFunctions;
  readonly #builder: SpareBuilder;
  readonly #sockets: ListeningSockets;
  readonly #workers: WorkerSet;
  readonly #logs: FunctionLogs;
  /** Functions that the worker may have lines of: a manifest can change its function's name. */
  readonly #published = new Set<string>();

  private constructor(
    sockets: ListeningSockets,
    functions: LocalFunctions,
    builder: SpareBuilder,
    { log, onLine }: DevNodeOptions,
  ) {
    const { address } = sockets;
    this.address = address;
    this.#sockets = sockets;
    this.#functions = functions;
    this.#builder = builder;
    this.#logs = new FunctionLogs({ folder: path.join(functions.dataDir.path, 'logs'), log, onLine });
    const { imagesFolder } = functions.store;
    const settings = {
      code: codeIdentity(),
      address,
      imagesFolder,
      serverTiming: ServerTiming.shown,
      logStyle: LogStyle.pretty,
    };
    this.#workers = new WorkerSet(1, settings, {
      spawn: spawnLocally(sockets),
      log,
      onLines: (batch) => this.#logs.take(batch, (project, name) => this.#published.has(`${project}/${name}`)),
      onCodeChanged: () => log.error('Mayfly’s own code has changed: start this again'),
      firstNumber: 1,
    });
  }

  /** @throws MayflyError listen_failed, data_dir_unusable, worker_failed */
  static async start(options: DevNodeOptions): Promise<DevNode> {
    const sockets = await ListeningSockets.open(options.listen, 1);
    const builder = new SpareBuilder(options.log);
    const functions = await LocalFunctions.open(options.dataDir, options.log, builder.build);
    const node = new DevNode(sockets, functions, builder, options);
    await node.#workers.start();
    await node.#workers.publish([]);
    return node;
  }

  /**
   * Serves what the function is now, from the next request on.
   * @throws MayflyError why not; what was served before is served still
   */
  async publish(source: FunctionSource, settings: LocalSettings): Promise<LocalFunction> {
    const prepared = await this.#functions.prepare(source, settings);
    const { deployed, routes } = prepared;
    const { project, name } = deployed;
    this.#published.add(`${project}/${name}`);
    await this.#workers.publish([{ project, name, routes, versions: [{ ...deployed, percent: 100 }] }]);
    this.#builder.prepare({ memoryBytesMax: deployed.limits.memoryBytes });
    return prepared;
  }

  /** Finishes the requests under way, for a moment, and ends all processes of the node. */
  async stop(): Promise<void> {
    this.#builder.close();
    this.#sockets.close();
    this.#workers.stop(devStopDeadlineMs);
    await Promise.race([this.#workers.ended(), sleep(devStopDeadlineMs + logDrainMs)]);
    await this.#logs.close();
  }
}
