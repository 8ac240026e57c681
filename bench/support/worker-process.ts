import { type ChildProcess, fork, type SendHandle } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fromWireError } from '../../src/base/mod.ts';
import type { ListenAddress } from '../../src/config/mod.ts';
import { type ListeningSocket, ServerTiming } from '../../src/gateway/mod.ts';
import {
  codeIdentity,
  type DeployedFunction,
  type FromWorker,
  ListeningSockets,
  LogStyle,
  type ToWorker,
  type WorkerCommand,
} from '../../src/node/mod.ts';
import type { Core } from './pinned.ts';

const program = join(import.meta.dirname, '../../src/node/worker-main.ts');

/** A worker without a node around it, to deploy to as often as a benchmark likes. */
export class WorkerProcess {
  readonly host: string;
  readonly port: number;
  readonly #child: ChildProcess;
  #requests = 0;
  #generation = 0;

  private constructor(child: ChildProcess, { host, port }: ListenAddress) {
    this.#child = child;
    this.host = host;
    this.port = port;
  }

  /** Starts a worker that serves `functions`, on `core`. */
  static async start(functions: readonly DeployedFunction[], imagesFolder: string, core: Core): Promise<WorkerProcess> {
    const sockets = await ListeningSockets.open({ host: '127.0.0.1', port: 0 }, 1);
    const node = ['--no-wasm-lazy-compilation', '--expose-gc', '--disable-warning=ExperimentalWarning'];
    const pinned = core === undefined ? {} : { execPath: 'taskset' };
    const execArgv = core === undefined ? node : ['-c', String(core), process.execPath, ...node];
    const child = fork(program, { ...pinned, execArgv, serialization: 'advanced' });
    const { address } = sockets;
    const worker = new WorkerProcess(child, address);
    const settings = {
      code: codeIdentity(),
      address,
      imagesFolder,
      serverTiming: ServerTiming.hidden,
      logStyle: LogStyle.json,
    };
    await worker.#do({ kind: 'begin', settings });
    await worker.publish(functions);
    await worker.#do({ kind: 'listen' }, sockets.of(0));
    sockets.close();
    return worker;
  }

  /** Has it serve `functions`, and waits until it does. */
  async publish(functions: readonly DeployedFunction[]): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    await this.#do({ kind: 'load', snapshot: { generation, functions } });
    await this.#do({ kind: 'switch', generation });
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop', deadlineMs: 0 } satisfies ToWorker);
    await exited;
  }

  async #do(command: WorkerCommand, socket?: ListeningSocket): Promise<void> {
    this.#requests += 1;
    const told = once(this.#child, 'message');
    const message: ToWorker = { kind: 'do', request: this.#requests, command };
    // What node takes there is more than its types say: the handles that ListeningSockets opens are among it.
    this.#child.send(message, socket as SendHandle | undefined);
    // Only worker-main.ts speaks on this channel.
    const [answer] = (await told) as [FromWorker];
    if (answer.kind === 'failed') throw fromWireError(answer.error);
  }
}
