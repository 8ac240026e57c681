import { fromWireError, MayflyError, type WireError } from '../base/mod.ts';
import type { ChildLink } from './guardian-link.ts';
import type { Exit } from './guardian-protocol.ts';
import { leaveQuietMs, stopDeadlineMs, stopKillMs, workerCommandDeadlineMs, workerLoadDeadlineMs } from './limits.ts';
import type { DeployedVersion, Forward, Snapshot, ToWorker, WorkerCommand, WorkerSettings } from './protocol.ts';

/** What a supervisor notes about a worker: the place whose connections it takes, or that it takes none yet, or no more. */
export type WorkerNote = number | 'idle' | 'leaving';

/** The worker ended before it had done what was asked of it. */
export class WorkerGone extends MayflyError<'worker_failed'> {
  constructor(reason: string) {
    super('worker_failed', { reason });
  }
}

/** Told what becomes of a worker. */
export interface WorkerEvents {
  /** Somebody else has asked it to end: it takes no more connections, and does nothing more that it is told. */
  leaving(worker: WorkerHandle): void;
  ended(worker: WorkerHandle, exit: Exit): void;
  /** It wants to know what is behind a version's own host. */
  preview(worker: WorkerHandle, host: string): void;
  /** What its functions have logged, as it says. */
  lines(batch: unknown): void;
  /** Which functions were used, as it says. */
  used(functions: unknown): void;
}

interface Asked {
  readonly what: string;
  readonly deadlineMs: number;
  readonly done: PromiseWithResolvers<void>;
}

/** One worker, as the supervisor has to do with it. */
export class WorkerHandle {
  readonly #link: ChildLink;
  readonly #events: WorkerEvents;
  /** What is not answered, in the order in which it is done. */
  readonly #asked = new Map<number, Asked>();
  #deadline: NodeJS.Timeout | undefined;
  readonly #startedMs = performance.now();
  /** Unlike those of a supervisor before this one, whose answers may still come. */
  #nextRequest: number;
  /** Whether nothing can be asked of it any more. */
  #isGone = false;
  #isLeaving = false;

  constructor(link: ChildLink, firstRequest: number, events: WorkerEvents) {
    this.#link = link;
    this.#events = events;
    this.#nextRequest = firstRequest;
    link.onMessage((raw) => this.#receive(raw));
    void link.exited.then((exit) => this.#ended(exit));
  }

  get pid(): number | undefined {
    return this.#link.pid;
  }

  get exited(): Promise<Exit> {
    return this.#link.exited;
  }

  /** Whether it has ended, or is about to. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether it ends because it was asked to. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get livedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** @throws WorkerGone */
  begin(settings: WorkerSettings): Promise<void> {
    return this.#ask({ kind: 'begin', settings }, workerLoadDeadlineMs);
  }

  /** @throws WorkerGone, or MayflyError when it cannot load the snapshot */
  load(snapshot: Snapshot): Promise<void> {
    return this.#ask({ kind: 'load', snapshot }, workerLoadDeadlineMs);
  }

  /** @throws WorkerGone */
  switchTo(generation: number): Promise<void> {
    return this.#ask({ kind: 'switch', generation }, workerCommandDeadlineMs);
  }

  /** @throws WorkerGone, or MayflyError when it cannot load one of them */
  warm(lease: number, versions: readonly DeployedVersion[]): Promise<void> {
    return this.#ask({ kind: 'warm', lease, versions }, workerLoadDeadlineMs);
  }

  cool(lease: number): void {
    // One that is gone keeps nothing.
    this.#ask({ kind: 'cool', lease }, workerCommandDeadlineMs).catch(() => {});
  }

  /** Answers what it wanted to know. */
  tellPreview(host: string, found: DeployedVersion | Forward | WireError): void {
    const message: ToWorker = { kind: 'preview', host, found };
    if (!this.#isGone) this.#link.send(message);
  }

  discard(generation: number): void {
    // One that is gone has forgotten it, too.
    this.#ask({ kind: 'discard', generation }, workerCommandDeadlineMs).catch(() => {});
  }

  /** Has it take connections from the socket of `place`. @throws WorkerGone */
  listen(place: number): Promise<void> {
    return this.#ask({ kind: 'listen' }, workerCommandDeadlineMs, { socket: place, note: place });
  }

  /** Has it finish its requests and exit. */
  leave(deadlineMs: number = stopDeadlineMs): void {
    const stop: ToWorker = { kind: 'stop', deadlineMs, quietMs: leaveQuietMs };
    this.#link.send(stop, { note: 'leaving' satisfies WorkerNote });
    this.expectEnd();
  }

  /** It is on its way out: ends it when it has not exited by itself in the time that it has for that. */
  expectEnd(): void {
    this.#isLeaving = true;
    this.#giveUp('it leaves');
    const kill = setTimeout(() => this.#link.kill(), stopDeadlineMs + stopKillMs).unref();
    void this.exited.then(() => clearTimeout(kill));
  }

  kill(): void {
    this.#link.kill();
  }

  #ask(
    command: WorkerCommand,
    deadlineMs: number,
    extra: { readonly socket?: number; readonly note?: WorkerNote } = {},
  ): Promise<void> {
    if (this.#isGone) return Promise.reject(new WorkerGone('it has ended'));
    const request = this.#nextRequest++;
    const done = Promise.withResolvers<void>();
    this.#asked.set(request, { what: command.kind, deadlineMs, done });
    if (this.#asked.size === 1) this.#watch();
    const message: ToWorker = { kind: 'do', request, command };
    this.#link.send(message, extra);
    return done.promise;
  }

  /** Times the command that the worker is at: what was asked later waits for that. */
  #watch(): void {
    clearTimeout(this.#deadline);
    const [first] = this.#asked.values();
    if (first === undefined) return;
    const { what, deadlineMs } = first;
    this.#deadline = setTimeout(() => {
      this.#giveUp(`it had not done ${what} after ${deadlineMs / 1000} s`);
      this.#link.kill();
    }, deadlineMs).unref();
  }

  #receive(raw: unknown): void {
    const message = hear(raw);
    if (message === undefined) return;
    if (message.kind === 'leaving') {
      if (this.#isLeaving) return;
      this.expectEnd();
      this.#events.leaving(this);
      return;
    }
    if (message.kind === 'preview') {
      this.#events.preview(this, message.host);
      return;
    }
    if (message.kind === 'used') {
      this.#events.used(message.functions);
      return;
    }
    if (message.kind === 'lines') {
      this.#events.lines(message.batch);
      this.#link.send({ kind: 'linesTaken' } satisfies ToWorker);
      return;
    }
    const asked = this.#asked.get(message.request);
    if (asked === undefined) return;
    this.#asked.delete(message.request);
    this.#watch();
    if (message.kind === 'done') asked.done.resolve();
    else asked.done.reject(fromWireError(message.error));
  }

  #ended(exit: Exit): void {
    this.#giveUp(`it ended with ${exitText(exit)}`);
    this.#events.ended(this, exit);
  }

  /** Nothing comes of what was asked of it. */
  #giveUp(reason: string): void {
    this.#isGone = true;
    clearTimeout(this.#deadline);
    for (const { done } of this.#asked.values()) done.reject(new WorkerGone(reason));
    this.#asked.clear();
  }
}

/** How a process ended, for the log. */
export function exitText({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** What a worker has to say, as far as it is understood. */
type Heard =
  | { readonly kind: 'leaving' }
  | { readonly kind: 'preview'; readonly host: string }
  | { readonly kind: 'lines'; readonly batch: unknown }
  | { readonly kind: 'used'; readonly functions: unknown }
  | { readonly kind: 'done'; readonly request: number }
  | { readonly kind: 'failed'; readonly request: number; readonly error: unknown };

/** A worker runs what others have written, and may be theirs by now: whatever else it says is not heard. */
function hear(raw: unknown): Heard | undefined {
  if (typeof raw !== 'object' || raw === null || !('kind' in raw)) return undefined;
  if (raw.kind === 'leaving') return { kind: 'leaving' };
  if (raw.kind === 'preview')
    return 'host' in raw && typeof raw.host === 'string' ? { kind: 'preview', host: raw.host } : undefined;
  if (raw.kind === 'lines') return { kind: 'lines', batch: 'batch' in raw ? raw.batch : undefined };
  if (raw.kind === 'used') return { kind: 'used', functions: 'functions' in raw ? raw.functions : undefined };
  if (!('request' in raw) || typeof raw.request !== 'number') return undefined;
  if (raw.kind === 'done') return { kind: 'done', request: raw.request };
  if (raw.kind !== 'failed' || !('error' in raw)) return undefined;
  return { kind: 'failed', request: raw.request, error: raw.error };
}
