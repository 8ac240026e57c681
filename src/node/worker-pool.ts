import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromWireError, MayflyError } from '../base/mod.ts';
import {
  restartDelayFirstMs,
  restartDelayMaxMs,
  restartHealthyMs,
  stopKillMs,
  workerStartDeadlineMs,
} from './limits.ts';
import type { Log } from './log.ts';
import { entryFile, readCodeFlags } from './paths.ts';
import type { FromWorker, Snapshot, ToWorker, WorkerSettings } from './protocol.ts';

/** Starts the process of a worker. */
export type StartProcess = (settings: WorkerSettings) => ChildProcess;

/**
 * The permissions of a worker: it may listen, run the ticker's thread, and read images and the package's own code. No other file, no
 * child process, no native add-on. https://nodejs.org/api/permissions.html
 */
function startWorkerProcess(settings: WorkerSettings): ChildProcess {
  return fork(entryFile('worker-main'), {
    execArgv: [
      '--permission',
      '--allow-net',
      '--allow-worker',
      `--allow-fs-read=${settings.imagesFolder}`,
      ...readCodeFlags(),
      '--no-wasm-lazy-compilation',
      // For give-back.ts; guests have no way to it.
      '--expose-gc',
      '--disable-warning=PERM0006',
      '--disable-warning=ExperimentalWarning',
    ],
    // The node's own environment may hold what functions are not to see. These two have the C library give freed buffers
    // back to the system instead of keeping ever larger ones: https://man7.org/linux/man-pages/man3/mallopt.3.html
    env: { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/**
 * The workers of a node. Each is kept running: one that ends unasked is started again, at once the first time and later each time
 * it happens again, while the others go on.
 */
export class WorkerPool {
  readonly #startProcess: StartProcess;
  readonly #log: Log;
  readonly #workers: readonly WorkerSlot[];

  constructor(
    settings: readonly WorkerSettings[],
    snapshot: Snapshot,
    log: Log,
    startProcess: StartProcess = startWorkerProcess,
  ) {
    this.#startProcess = startProcess;
    this.#log = log;
    this.#workers = settings.map((one) => new WorkerSlot(one, snapshot, this.#log, this.#startProcess));
  }

  /**
   * Starts all workers. When one cannot be, none is left.
   * @throws MayflyError why the first one failed
   */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /** The process ids, by worker. */
  pids(): (number | undefined)[] {
    return this.#workers.map((worker) => worker.pid);
  }

  /** Lets every worker finish its requests, and ends it. */
  async stop(deadlineMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(deadlineMs)));
  }
}

/** The place of one worker: a process after another. */
class WorkerSlot {
  readonly #settings: WorkerSettings;
  readonly #snapshot: Snapshot;
  readonly #log: Log;
  readonly #startProcess: StartProcess;
  #process: ChildProcess | undefined;
  #state: 'running' | 'stopping' = 'running';
  #crashes = 0;

  constructor(settings: WorkerSettings, snapshot: Snapshot, log: Log, startProcess: StartProcess) {
    this.#settings = settings;
    this.#snapshot = snapshot;
    this.#log = log;
    this.#startProcess = startProcess;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts a process, and waits until it serves. From then on it is kept running. @throws MayflyError */
  async start(): Promise<void> {
    const child = this.#startProcess(this.#settings);
    this.#process = child;
    const readyMs = performance.now();
    await this.#untilReady(child);
    child.once('exit', (code, signal) => void this.#ended(child, performance.now() - readyMs, code, signal));
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#state = 'stopping';
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    send(child, { kind: 'stop', deadlineMs });
    const kill = setTimeout(() => child.kill('SIGKILL'), deadlineMs + stopKillMs);
    await exited;
    clearTimeout(kill);
  }

  #untilReady(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (error: MayflyError): void => {
      child.kill('SIGKILL');
      reject(error);
    };
    const deadline = setTimeout(
      () =>
        fail(new MayflyError('worker_failed', { reason: `it was not ready after ${workerStartDeadlineMs / 1000} s` })),
      workerStartDeadlineMs,
    );
    child.on('message', (raw) => {
      // Only worker-main.ts speaks on this channel.
      const message = raw as FromWorker;
      if (message.kind === 'ready') resolve();
      else fail(fromWireError(message.error));
    });
    child.once('error', (error) => fail(new MayflyError('worker_failed', { reason: error.message }, { cause: error })));
    child.once('exit', (code, signal) =>
      fail(new MayflyError('worker_failed', { reason: `it ended with ${endText(code, signal)}` })),
    );
    send(child, { kind: 'start', settings: this.#settings, snapshot: this.#snapshot });
    return promise.finally(() => clearTimeout(deadline));
  }

  async #ended(
    child: ChildProcess,
    livedMs: number,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): Promise<void> {
    if (this.#state === 'stopping' || child !== this.#process) return;
    this.#crashes = livedMs > restartHealthyMs ? 1 : this.#crashes + 1;
    this.#log.warn(
      { worker: this.#settings.index, reason: endText(code, signal) },
      'worker ended, it is started again',
    );
    for (;;) {
      if (this.#crashes > 1) await sleep(Math.min(restartDelayFirstMs * 2 ** (this.#crashes - 2), restartDelayMaxMs));
      // `stop` may have come meanwhile.
      if (this.#isStopping()) return;
      try {
        await this.start();
        this.#log.info({ worker: this.#settings.index, pid: this.pid }, 'worker is back');
        return;
      } catch (error) {
        if (this.#isStopping()) return;
        this.#crashes++;
        this.#log.error({ worker: this.#settings.index, reason: String(error) }, 'worker could not be started again');
      }
    }
  }

  #isStopping(): boolean {
    return this.#state === 'stopping';
  }
}

function send(child: ChildProcess, message: ToWorker): void {
  // A child that has gone meanwhile says so by its exit.
  if (child.connected) child.send(message, () => {});
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
