import { randomFillSync } from 'node:crypto';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { AdminServer, type NodeStatus, type WorkerStatus } from '../admin/mod.ts';
import { errorText, type ProjectId, type RandomSource, systemClock } from '../base/mod.ts';
import { ControlPlane } from '../control/mod.ts';
import { FileBlobs } from '../storage/files/mod.ts';
import type { Records } from '../storage/mod.ts';
import { SqliteRecords } from '../storage/sqlite/mod.ts';
import { adminSocketPath, makeAdminSocketPlace, removeAdminSocketPlace } from './admin-socket.ts';
import { ArtifactImages } from './artifact-images.ts';
import { Builders } from './builders.ts';
import { DeployPublisher, deployedVersion } from './deploy-publisher.ts';
import type { FunctionLogs } from './function-logs.ts';
import type { ImageStore } from './image-store.ts';
import { artifactBytesMax, ownWorkersPerCore } from './limits.ts';
import { defaultProject } from './local-functions.ts';
import type { Log } from './log.ts';
import { readNodeKey } from './node-key.ts';
import { ensureOperatorToken, operatorTokenFile } from './operator-token.ts';
import { preparerVersion } from './prepare.ts';
import type { DeployedVersion } from './protocol.ts';
import type { Publisher } from './publisher.ts';
import type { PlatformReport, PlatformSettings } from './supervisor-settings.ts';
import { Sweeper } from './sweeper.ts';

/** What a platform is made with. */
export interface PlatformTools {
  readonly dataDir: string;
  readonly store: ImageStore;
  readonly workers: Publisher;
  readonly logs: FunctionLogs;
  readonly status: Omit<ReturnType<NodeStatus['read']>, 'generation' | 'workers'>;
  readonly workerPids: () => readonly number[];
  readonly ownPids: () => readonly { readonly project: ProjectId; readonly pids: readonly number[] }[];
  readonly log: Log;
}

interface PlatformParts {
  readonly plane: ControlPlane;
  readonly records: Records;
  readonly builders: Builders;
  readonly sweeper: Sweeper;
}

/**
 * A node that takes deploys: storage, control plane and admin API, in the supervisor. All that it keeps is in the data directory:
 *
 *     control.sqlite   projects, functions, versions, routes, sealed secrets, tokens, audit      artifacts/   what was uploaded
 *     node.key         what secrets are sealed under                                              images/      what workers load
 *     admin-token      the operator's token                                                       logs/        what functions write
 *     last-used.json   in which order functions were used                                         own/         own workers' sockets and images
 *     run/admin.sock   the admin API, for commands of the same user
 *
 * Only one node has a data directory: the first thing opened is the file that has a lock.
 */
export class Platform {
  readonly #plane: ControlPlane;
  readonly #records: Records;
  readonly #builders: Builders;
  readonly #admin: AdminServer;
  readonly #tools: PlatformTools;
  readonly #sweeper: Sweeper;

  private constructor(parts: PlatformParts, tools: PlatformTools, settings: PlatformSettings) {
    const { plane, records } = parts;
    this.#plane = plane;
    this.#records = records;
    this.#builders = parts.builders;
    this.#tools = tools;
    const status: NodeStatus = {
      read: () => ({
        ...tools.status,
        generation: plane.snapshots.generation,
        workers: [
          ...tools.workerPids().map(workerStatus),
          ...tools
            .ownPids()
            .flatMap(({ project, pids }) => pids.map((pid, index) => ({ ...workerStatus(pid, index), project }))),
        ],
      }),
    };
    this.#admin = new AdminServer(
      { control: plane, records, logs: tools.logs, status, clock: systemClock, log: tools.log },
      { listen: settings.admin },
    );
    this.#sweeper = parts.sweeper;
  }

  /** Takes up what the data directory has. @throws MayflyError data_dir_in_use, data_dir_unusable */
  static async open(settings: PlatformSettings, tools: PlatformTools): Promise<Platform> {
    const { dataDir, store, workers, logs, log } = tools;
    const records = await SqliteRecords.open(path.join(dataDir, 'control.sqlite'));
    const builders = new Builders(log);
    const sweeper = new Sweeper(log);
    try {
      const blobs = await FileBlobs.open(path.join(dataDir, 'artifacts'));
      const isFresh = (await records.latest()) === 0;
      const { key: nodeKey, origin } = await readNodeKey(path.join(dataDir, 'node.key'));
      if (origin === 'new' && !isFresh)
        log.error('node.key is gone, a new one was made: secrets have to be set again, or the old key brought back');
      const images = new ArtifactImages(blobs, store, builders, await preparerVersion());
      const publisher = new DeployPublisher(workers, (project, name) => void logs.forget(project, name));
      const plane = await ControlPlane.open(
        {
          records,
          blobs,
          images,
          publisher,
          nodeKey,
          clock: systemClock,
          random: cryptoRandom,
          log,
          onVersionsDropped: () => sweeper.dropped(),
        },
        {
          artifactBytesMax,
          anyHostProject: defaultProject,
          previewDomain: settings.previewDomain,
          ownWorkersMax: ownWorkersPerCore * availableParallelism(),
        },
      );
      return new Platform({ plane, records, builders, sweeper }, tools, settings);
    } catch (error) {
      builders.stop();
      await records.close();
      throw error;
    }
  }

  /** Serves what is deployed, and takes deploys. @throws MayflyError listen_failed, and what keeps it from being served */
  async serve(): Promise<PlatformReport> {
    await this.#plane.publish();
    const newToken = await ensureOperatorToken(this.#plane, path.join(this.#tools.dataDir, operatorTokenFile));
    const admin = await this.#admin.listen();
    await this.#listenLocally();
    this.#builders.prepare();
    // Whatever was served before is served by nobody any more.
    this.#sweeper.start(() => this.#plane.sweep());
    return { admin, ...(newToken === undefined ? {} : { newToken }) };
  }

  /** Where that cannot be, commands on this machine use the address, as others do. */
  async #listenLocally(): Promise<void> {
    const { dataDir, log } = this.#tools;
    try {
      if ((await makeAdminSocketPlace(dataDir)) === 'none') return;
      await this.#admin.listenLocally(adminSocketPath(dataDir));
    } catch (error) {
      await removeAdminSocketPlace(dataDir);
      log.warn({ reason: errorText(error) }, 'the admin API has no socket in the data directory');
    }
  }

  /** What is behind a version's own host. @throws MayflyError no_route, and what keeps it from being served */
  async preview(host: string): Promise<DeployedVersion> {
    return deployedVersion(await this.#plane.preview(host));
  }

  isDeployed(project: string, name: string): boolean {
    return this.#plane.isServed(project, name);
  }

  /** Finishes what the admin API has under way, and gives everything back. */
  async stop(): Promise<void> {
    await this.#admin.stop();
    await this.#sweeper.stop();
    this.#builders.stop();
    await this.#records.close();
  }
}

function workerStatus(pid: number, index: number): WorkerStatus {
  return { index, ...(pid === 0 ? { state: 'starting' } : { pid, state: 'serving' }) };
}

const cryptoRandom: RandomSource = { fill: (target) => void randomFillSync(target) };
