import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fromWireError } from '../../src/base/mod.ts';
import { listenOn, PortUse, ServerTiming } from '../../src/gateway/mod.ts';
import { type DeployedFunction, type FromWorker, LogStyle, type ToWorker } from '../../src/node/mod.ts';
import type { Core } from './pinned.ts';

const program = join(import.meta.dirname, '../../src/node/worker-main.ts');

/** A worker without a node around it, to deploy to as often as a benchmark likes. */
export class WorkerProcess {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #child: ChildProcess;
  #generation = 0;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts a worker that serves `functions`, on `core`. */
  static async start(functions: readonly DeployedFunction[], imagesFolder: string, core: Core): Promise<WorkerProcess> {
    const port = await freePort();
    const node = ['--no-wasm-lazy-compilation', '--expose-gc', '--disable-warning=ExperimentalWarning'];
    const pinned = core === undefined ? {} : { execPath: 'taskset' };
    const execArgv = core === undefined ? node : ['-c', String(core), process.execPath, ...node];
    const child = fork(program, { ...pinned, execArgv, serialization: 'advanced' });
    const worker = new WorkerProcess(child, port);
    const settings = {
      index: 0,
      listen: { host: worker.host, port },
      portUse: PortUse.exclusive,
      imagesFolder,
      serverTiming: ServerTiming.hidden,
      logStyle: LogStyle.json,
    };
    await worker.#tell({ kind: 'start', settings, snapshot: { generation: 0, functions } });
    return worker;
  }

  /** Has it serve `functions`, and waits until it does. */
  async publish(functions: readonly DeployedFunction[]): Promise<void> {
    this.#generation += 1;
    await this.#tell({ kind: 'publish', snapshot: { generation: this.#generation, functions } });
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop', deadlineMs: 0 } satisfies ToWorker);
    await exited;
  }

  async #tell(message: ToWorker): Promise<void> {
    const told = once(this.#child, 'message');
    this.#child.send(message);
    // Only worker-main.ts speaks on this channel.
    const [answer] = (await told) as [FromWorker];
    if (answer.kind === 'failed') throw fromWireError(answer.error);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const { port } = await listenOn(probe, { host: '127.0.0.1', port: 0 }, PortUse.exclusive);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
