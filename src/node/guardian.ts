import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromWireError, MayflyError } from '../base/mod.ts';
import { Backoff } from './backoff.ts';
import { codeCacheEnv } from './code-cache.ts';
import type {
  ChildId,
  ChildSpec,
  Exit,
  FromGuardian,
  NodeReport,
  Stop,
  SupervisorStart,
  ToGuardian,
} from './guardian-protocol.ts';
import { StartCause } from './guardian-protocol.ts';
import { stopDeadlineMs, stopKillMs } from './limits.ts';
import type { ListeningSockets } from './listening-sockets.ts';
import type { Log } from './log.ts';
import { entryFile } from './paths.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';
import { UnixSockets } from './unix-sockets.ts';

/** What a guardian works with. */
export interface GuardianTools {
  readonly log: Log;
  readonly sockets: ListeningSockets;
  readonly settings: SupervisorSettings;
  /** Told what is being done while the node starts. */
  readonly onProgress: (step: string) => void;
}

/** How the guardian starts processes. */
export interface ProcessStarter {
  supervisor(): ChildProcess;
  child(spec: ChildSpec): ChildProcess;
}

interface Child {
  readonly process: ChildProcess;
  readonly ends: ChildSpec['ends'];
  note: unknown;
}

/**
 * The parent of all of a node's lasting processes, and nothing else: it starts supervisor and workers, passes on what they say to
 * each other without reading it, starts the supervisor again when that ends, and ends them all in the end. Whatever happens to a
 * supervisor, the workers and their sockets are not its children, and serve on.
 */
export class Guardian {
  readonly #tools: GuardianTools;
  readonly #starter: ProcessStarter;
  readonly #children = new Map<ChildId, Child>();
  readonly #backoff = new Backoff();
  readonly #unixSockets = new UnixSockets();
  #supervisor: ChildProcess | undefined;
  #state: 'starting' | 'running' | 'stopping' = 'starting';
  #kept: unknown;
  #epoch = 0;
  /** What becomes of the supervisor that is starting. */
  #outcome = Promise.withResolvers<NodeReport>();
  /** A restart that was asked for and is not done. */
  #restarting: Promise<void> | undefined;

  constructor(tools: GuardianTools, starter: ProcessStarter = processStarter) {
    this.#tools = tools;
    this.#starter = starter;
  }

  /**
   * Starts the node. When it cannot be, nothing is left.
   * @throws MayflyError why the supervisor could not serve what it is to serve
   */
  async start(): Promise<NodeReport> {
    try {
      const outcome = this.#outcome.promise;
      this.#startSupervisor(StartCause.first);
      const report = await outcome;
      this.#state = 'running';
      return report;
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /**
   * Replaces the supervisor, and has it replace the workers, by the code that is on disk now. No request is lost.
   * @throws MayflyError why the new supervisor could not serve what it is to serve; then the old workers go on
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  /** Lets everybody finish, and ends them. */
  async stop(deadlineMs: number): Promise<void> {
    this.#state = 'stopping';
    // The queue behind a socket is lost with the last one who has it: workers empty theirs before they give it up.
    this.#tools.sockets.close();
    const supervisor = this.#supervisor;
    await Promise.all([
      this.#endChildren(performance.now() + deadlineMs),
      supervisor === undefined ? undefined : end(supervisor, deadlineMs, 'end'),
    ]);
    this.#unixSockets.close();
  }

  async #endChildren(deadline: number): Promise<void> {
    const children = [...this.#children.values()];
    for (const ends of [undefined, 'last']) {
      const leftMs = Math.max(0, deadline - performance.now());
      const now = children.filter((child) => child.ends === ends);
      await Promise.all(now.map((child) => end(child.process, leftMs, 'end')));
    }
  }

  async #restart(): Promise<void> {
    const { log } = this.#tools;
    if (this.#state !== 'running') return;
    log.info('restarting: supervisor and workers are replaced');
    this.#outcome = Promise.withResolvers();
    const outcome = this.#outcome.promise;
    const before = this.#supervisor;
    this.#supervisor = undefined;
    if (before !== undefined) await end(before, stopDeadlineMs);
    if (this.#isStopping()) return;
    this.#startSupervisor(StartCause.restart);
    await outcome;
    log.info('restarted: supervisor and workers are new');
  }

  #startSupervisor(cause: StartCause): void {
    this.#epoch += 1;
    const startedMs = performance.now();
    const supervisor = this.#starter.supervisor();
    this.#supervisor = supervisor;
    // Only supervisor-main.ts speaks on this channel.
    supervisor.on('message', (raw) => this.#obey(supervisor, raw as ToGuardian));
    onEnd(supervisor, (exit) => this.#supervisorEnded(supervisor, exit, cause, performance.now() - startedMs));
    const children = [...this.#children].map(([id, { process: child, note }]) => ({ id, pid: child.pid ?? 0, note }));
    const { settings } = this.#tools;
    const start: SupervisorStart = {
      kind: 'start',
      cause,
      epoch: this.#epoch,
      settings,
      kept: this.#kept,
      children,
    };
    this.#tell(start);
  }

  #supervisorEnded(supervisor: ChildProcess, exit: Exit, cause: StartCause, livedMs: number): void {
    // Its builders are in its group, and may be too busy to see that it is gone.
    endGroup(supervisor);
    if (supervisor !== this.#supervisor) return;
    this.#supervisor = undefined;
    if (this.#state === 'stopping') return;
    const reason = exitText(exit);
    this.#outcome.reject(new MayflyError('supervisor_failed', { reason: `it ended with ${reason}` }));
    if (this.#state === 'starting') return;
    this.#tools.log.warn({ pid: supervisor.pid, reason }, 'supervisor ended, it is started again');
    void this.#startAgain(cause, livedMs);
  }

  async #startAgain(cause: StartCause, livedMs: number): Promise<void> {
    await sleep(this.#backoff.ended(livedMs));
    if (this.#isStopping() || this.#supervisor !== undefined || this.#restarting !== undefined) return;
    this.#outcome = Promise.withResolvers();
    const outcome = this.#outcome.promise;
    // One that ended before it had replaced the workers has left that to its successor.
    this.#startSupervisor(cause === StartCause.first ? StartCause.crash : cause);
    const { log } = this.#tools;
    try {
      await outcome;
      log.info('supervisor is back');
    } catch (error) {
      if (!this.#isStopping()) log.error({ reason: String(error) }, 'supervisor could not serve again');
    }
  }

  #obey(supervisor: ChildProcess, message: ToGuardian): void {
    if (supervisor !== this.#supervisor) return;
    // While all end nothing is started any more; but a worker waits to hear that its last lines have been taken.
    if (this.#state === 'stopping' && (message.kind !== 'send' || message.socket !== undefined)) return;
    switch (message.kind) {
      case 'spawn':
        this.#spawn(message.id, message.spec, message.note);
        break;
      case 'send':
        this.#pass(message);
        break;
      case 'kill':
        this.#children.get(message.id)?.process.kill('SIGKILL');
        break;
      case 'closeSocket':
        this.#unixSockets.closeOne(message.path);
        break;
      case 'keep':
        this.#kept = message.kept;
        break;
      case 'progress':
        this.#tools.onProgress(message.step);
        break;
      case 'ready':
        this.#outcome.resolve(message.report);
        break;
      case 'failed':
        this.#outcome.reject(fromWireError(message.error));
        break;
      case 'restart':
        void this.restart().catch((error: unknown) =>
          this.#tools.log.error({ reason: String(error) }, 'could not be restarted'),
        );
        break;
    }
  }

  #spawn(id: ChildId, spec: ChildSpec, note: unknown): void {
    const child = this.#starter.child(spec);
    this.#children.set(id, { process: child, ends: spec.ends, note });
    child.on('message', (message) => this.#tell({ kind: 'message', id, message }));
    onEnd(child, (exit) => {
      this.#children.delete(id);
      this.#tell({ kind: 'exited', id, exit });
    });
    if (child.pid !== undefined) this.#tell({ kind: 'spawned', id, pid: child.pid });
  }

  #pass(message: Extract<ToGuardian, { kind: 'send' }>): void {
    const child = this.#children.get(message.id);
    // One that has ended meanwhile says so by its exit.
    if (child === undefined || !child.process.connected) return;
    if (message.note !== undefined) child.note = message.note;
    const socket = this.#socket(message.socket);
    // Node takes handles of its own kind; its types know sockets and servers alone.
    child.process.send(message.message as object, socket as never, {}, () => {});
  }

  #socket(named: number | string | undefined): object | undefined {
    if (typeof named === 'number') return this.#tools.sockets.of(named);
    if (named === undefined) return undefined;
    const found = this.#unixSockets.of(named);
    if (!(found instanceof Error)) return found;
    this.#tools.log.error({ path: named, reason: found.message }, 'a Unix socket could not be opened');
    return undefined;
  }

  #tell(message: FromGuardian): void {
    const supervisor = this.#supervisor;
    if (supervisor?.connected === true) supervisor.send(message, () => {});
  }

  #isStopping(): boolean {
    return this.#state === 'stopping';
  }
}

/** Runs `then` once when the process has ended, or could not be started. */
function onEnd(child: ChildProcess, then: (exit: Exit) => void): void {
  child.once('exit', (code, signal) => then({ code, signal }));
  child.on('error', () => {
    if (child.pid === undefined) then({ code: 1, signal: null });
  });
}

/** Asks a process to stop, and ends it when it does not. */
async function end(child: ChildProcess, deadlineMs: number, workers?: Stop['workers']): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop: Stop = { kind: 'stop', deadlineMs, ...(workers === undefined ? {} : { workers }) };
  if (child.connected) child.send(stop, () => {});
  const kill = setTimeout(() => child.kill('SIGKILL'), deadlineMs + stopKillMs);
  await exited;
  clearTimeout(kill);
}

/** Ends what is left of the group that `leader` was started in. */
function endGroup(leader: ChildProcess): void {
  if (!hasGroups || leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // Nobody is left, as it should be.
  }
}

/** Whether processes come in groups that can be ended as one. */
const hasGroups = process.platform !== 'win32';

function exitText({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** Children speak JSON: what a worker sends is not to be trusted with a richer reader. */
const processStarter: ProcessStarter = {
  supervisor: () =>
    fork(entryFile('supervisor-main'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: { ...process.env, ...codeCacheEnv() },
      // A group of its own, with all that it starts.
      detached: hasGroups,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  child: ({ file, execArgv, env }) =>
    fork(file, { execArgv: [...execArgv], env: { ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
};
