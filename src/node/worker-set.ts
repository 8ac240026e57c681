import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, isMayflyError, MayflyError, toWireError } from '../base/mod.ts';
import { Backoff } from './backoff.ts';
import type { AdoptedChild, ChildLink, SpawnChild } from './guardian-link.ts';
import { publishDeathsMax } from './limits.ts';
import type { Log } from './log.ts';
import type { DeployedFunction, DeployedVersion, Forward, Snapshot, WorkerSettings } from './protocol.ts';
import { exitText, WorkerGone, WorkerHandle, type WorkerNote } from './worker-handle.ts';
import { workerSpec } from './worker-spec.ts';

/** What a set of workers works with. */
export interface WorkerSetTools {
  readonly spawn: SpawnChild;
  readonly log: Log;
  /** Takes what functions have logged, as a worker says. */
  readonly onLines: (batch: unknown) => void;
  /** Takes which functions were used, as a worker says. */
  readonly onUsed?: (functions: unknown) => void;
  /** In which order workers are to load functions; as they come when undefined. */
  readonly inOrder?: (functions: readonly DeployedFunction[]) => readonly DeployedFunction[];
  /** What is behind a version's own host; without it there are no such hosts. @throws MayflyError */
  readonly preview?: (host: string) => Promise<DeployedVersion | Forward>;
  /** Counts upwards from here: generations and requests of a supervisor are above those of the ones before it. */
  readonly firstNumber: number;
  /** Told when workers cannot be started, as the code on disk has changed. */
  readonly onCodeChanged: () => void;
}

/** Whose connections a worker takes. */
interface Place {
  readonly index: number;
  worker: WorkerHandle | undefined;
  /** Whether the worker was started from code that has been replaced since: it cannot load what is published now. */
  code: 'current' | 'old';
  filling: Promise<void> | undefined;
}

/**
 * The workers of a node. Each place has one that takes the connections of its socket, and one more stands by: started, warm, and
 * listening to none.
 *
 *     place 0   place 1  …   idle
 *     worker    worker       worker ──▶ whichever place has lost its own;
 *     socket    socket                  another one is started to stand by
 *
 * A worker is a member once it can load snapshots. Publishing is with the members that there are, and a worker that becomes one later
 * begins with what is current then: its commands are done in the order they were told, so nobody has to wait for it.
 */
export class WorkerSet {
  readonly #settings: WorkerSettings;
  readonly #tools: WorkerSetTools;
  readonly #places: readonly Place[];
  /** All that have not ended. */
  readonly #handles = new Set<WorkerHandle>();
  readonly #members = new Set<WorkerHandle>();
  /** Members that take no connections. */
  readonly #idle: WorkerHandle[] = [];
  /** Places that wait for a worker. */
  readonly #waiting: ((worker: WorkerHandle) => void)[] = [];
  readonly #backoff = new Backoff(3);
  /** They finish what they have begun, and may get one more request on each connection that they have. */
  readonly #leaving = new Set<WorkerHandle>();
  readonly #adoptedIdle: WorkerHandle[] = [];
  /** Workers that were started and are no members yet, or are to be. */
  #coming = 0;
  #idleWanted = 0;
  #current: Snapshot | undefined;
  #queue: Promise<void> = Promise.resolve();
  #nextNumber: number;
  #delayMs = 0;
  #state: 'running' | 'stopped' = 'running';

  constructor(places: number, settings: WorkerSettings, tools: WorkerSetTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#nextNumber = tools.firstNumber;
    this.#places = Array.from({ length: places }, (_, index) => ({
      index,
      worker: undefined,
      code: 'current',
      filling: undefined,
    }));
  }

  /** The process ids, by place. */
  get pids(): number[] {
    return this.#places.map(({ worker }) => worker?.pid ?? 0);
  }

  /**
   * Takes over the workers of the supervisor before this one: they are members, or, where their code was replaced, serve until others
   * have taken their places.
   */
  adopt(children: readonly AdoptedChild[], code: Place['code']): void {
    for (const { link, note } of children) {
      const worker = this.#handle(link);
      const place = this.#places.find(({ index, worker: taken }) => index === note && taken === undefined);
      if (place === undefined) {
        if (note === ('idle' satisfies WorkerNote) && code === 'current') this.#adoptedIdle.push(worker);
        else this.#letGo(worker, note === ('leaving' satisfies WorkerNote) ? 'leaves already' : 'is to leave');
        continue;
      }
      place.worker = worker;
      place.code = code;
      if (code === 'current') this.#members.add(worker);
    }
  }

  /** Starts what is missing, to be given its first snapshot. @throws MayflyError when a worker cannot be started */
  async start(): Promise<void> {
    const adopted = await Promise.allSettled(this.#adoptedIdle.map((worker) => this.#bring(worker)));
    const idle = adopted.filter(({ status }) => status === 'fulfilled').length;
    const empty = this.#places.filter(({ worker }) => worker === undefined).length;
    const isOld = this.#places.some(({ code }) => code === 'old');
    // One shows whether the new code can load the snapshot at all.
    const missing = Math.max(empty - idle, isOld ? 1 : 0, 0);
    await Promise.all(Array.from({ length: missing }, () => this.#bring(this.#spawn())));
  }

  /**
   * Has every worker serve `functions`, have `forwards` be served by others, and serve nothing else: see publisher.ts.
   * @throws MayflyError
   */
  publish(functions: readonly DeployedFunction[], forwards: Snapshot['forwards'] = []): Promise<void> {
    const published = this.#queue.then(() => this.#publish(functions, forwards));
    this.#queue = published.catch(() => {});
    return published;
  }

  /** Has every worker load `versions` beside what it serves: see publisher.ts. @throws MayflyError */
  async warm(versions: readonly DeployedVersion[]): Promise<() => void> {
    const lease = this.#number();
    const members = [...this.#members];
    const cool = (): void => {
      for (const worker of members) worker.cool(lease);
    };
    const results = await Promise.allSettled(members.map((worker) => worker.warm(lease, versions)));
    for (const result of results) {
      // A worker that is gone is replaced by one that loads them when they are published.
      if (result.status === 'fulfilled' || result.reason instanceof WorkerGone) continue;
      cool();
      throw result.reason;
    }
    return cool;
  }

  /** Starts no more workers, and has those that there are finish and exit when `deadlineMs` says in how long. */
  stop(deadlineMs?: number): void {
    this.#state = 'stopped';
    if (deadlineMs !== undefined) for (const handle of this.#handles) handle.leave(deadlineMs);
  }

  /** When every worker has ended. */
  async ended(): Promise<void> {
    await Promise.all(Array.from(this.#handles, (handle) => handle.exited));
  }

  async #publish(given: readonly DeployedFunction[], forwards: Snapshot['forwards']): Promise<void> {
    const functions = this.#tools.inOrder?.(given) ?? given;
    const snapshot: Snapshot = {
      generation: this.#number(),
      functions,
      ...(forwards === undefined ? {} : { forwards }),
    };
    const fresh = await this.#loadEverywhere(snapshot);
    // Up to the last message nothing else can happen: whoever becomes a member from now on begins with this snapshot.
    this.#current = snapshot;
    const switched = [...this.#members].map((worker) => worker.switchTo(snapshot.generation));
    // A worker that ends meanwhile is replaced by one that serves it.
    await Promise.allSettled(switched);
    for (const worker of fresh) this.#offer(worker);
    await Promise.all(this.#places.filter(({ worker }) => worker === undefined).map((place) => this.#fill(place)));
    this.#idleWanted = 1;
    this.#dismiss();
    this.#supply();
    for (const place of this.#places) if (place.code === 'old') await this.#fill(place);
    // Until then somebody could still be answered as before.
    await Promise.all(Array.from(this.#leaving, (worker) => worker.exited));
  }

  /**
   * All members load `snapshot`, those that become members meanwhile too.
   * @returns members that have loaded nothing else, and are to be offered once they serve it
   * @throws MayflyError when one cannot load it; then none keeps it
   */
  async #loadEverywhere(snapshot: Snapshot): Promise<WorkerHandle[]> {
    const loaded = new Set<WorkerHandle>();
    const fresh: WorkerHandle[] = [];
    let deaths = 0;
    for (;;) {
      const rest = [...this.#members].filter((worker) => !loaded.has(worker));
      if (rest.length === 0 && this.#members.size > 0) return fresh;
      if (rest.length === 0) {
        // What is current may be what they die of.
        const worker = this.#spawn();
        await worker.begin(this.#settings);
        this.#members.add(worker);
        fresh.push(worker);
        rest.push(worker);
      }
      const results = await Promise.allSettled(rest.map((worker) => worker.load(snapshot)));
      for (const [index, worker] of rest.entries()) {
        const result = results[index];
        if (result?.status !== 'rejected') {
          loaded.add(worker);
          continue;
        }
        const isGone = result.reason instanceof WorkerGone;
        if (isGone) {
          this.#members.delete(worker);
          deaths += 1;
        }
        if (isGone && deaths < publishDeathsMax) continue;
        for (const member of this.#members) member.discard(snapshot.generation);
        for (const each of fresh) each.kill();
        throw result.reason;
      }
    }
  }

  #spawn(): WorkerHandle {
    return this.#handle(this.#tools.spawn(workerSpec(this.#settings), 'idle' satisfies WorkerNote));
  }

  /** Makes a worker a member that serves what is current, and offers it. @throws MayflyError */
  async #bring(worker: WorkerHandle): Promise<void> {
    this.#coming += 1;
    try {
      await worker.begin(this.#settings);
      this.#members.add(worker);
      const current = this.#current;
      // Both are told at once, so that nothing that is published later comes in between.
      if (current !== undefined) await Promise.all([worker.load(current), worker.switchTo(current.generation)]);
    } catch (error) {
      this.#members.delete(worker);
      worker.kill();
      await worker.exited;
      throw error;
    } finally {
      this.#coming -= 1;
    }
    this.#offer(worker);
  }

  /** A worker is ready to take connections. */
  #offer(worker: WorkerHandle): void {
    if (worker.isGone) return;
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(worker);
      return;
    }
    this.#idle.push(worker);
    this.#dismiss();
  }

  /** When all had died, a publish and the places may have started workers for each other. */
  #dismiss(): void {
    while (this.#idleWanted > 0 && this.#idle.length > this.#idleWanted) {
      const surplus = this.#idle.pop();
      if (surplus === undefined) return;
      this.#members.delete(surplus);
      this.#letGo(surplus, 'is to leave');
    }
  }

  /** A worker to take connections: the idle one, or the next that is ready; a place that has none comes first. */
  #take(when: 'at once' | 'in turn'): Promise<WorkerHandle> {
    const idle = this.#idle.shift();
    const taken = Promise.withResolvers<WorkerHandle>();
    if (idle !== undefined) taken.resolve(idle);
    else if (when === 'in turn') this.#waiting.push(taken.resolve);
    else this.#waiting.unshift(taken.resolve);
    this.#supply();
    return taken.promise;
  }

  /** Gives a place a worker that takes its connections, in place of the one that it has. */
  #fill(place: Place): Promise<void> {
    place.filling ??= this.#fillWith(place);
    return place.filling;
  }

  async #fillWith(place: Place): Promise<void> {
    for (;;) {
      const worker = await this.#take(place.worker === undefined ? 'at once' : 'in turn');
      try {
        await worker.listen(place.index);
      } catch {
        worker.kill();
        continue;
      }
      const before = place.worker;
      place.worker = worker;
      place.code = 'current';
      if (before !== undefined) this.#letGo(before, 'is to leave');
      // It may have ended with its answer.
      if (!worker.isGone) {
        // Not a moment later: should it end now, the place is to be filled again.
        place.filling = undefined;
        return;
      }
      place.worker = undefined;
    }
  }

  /** Starts as many workers as are wanted and not there. */
  #supply(): void {
    const wanted = this.#waiting.length + this.#idleWanted;
    while (this.#state === 'running' && this.#idle.length + this.#coming < wanted) void this.#bringLater();
  }

  async #bringLater(): Promise<void> {
    this.#coming += 1;
    await sleep(this.#delayMs);
    this.#coming -= 1;
    if (this.#isStopped()) return;
    try {
      await this.#bring(this.#spawn());
    } catch (error) {
      if (this.#isStopped()) return;
      if (isMayflyError(error, 'code_changed')) this.#tools.onCodeChanged();
      this.#tools.log.error({ reason: errorText(error) }, 'worker could not be started');
    }
    this.#supply();
  }

  #handle(link: ChildLink): WorkerHandle {
    const handle = new WorkerHandle(link, this.#number(), {
      lines: (batch) => this.#tools.onLines(batch),
      used: (used) => this.#tools.onUsed?.(used),
      preview: (worker, host) => void this.#preview(worker, host),
      leaving: (worker) => {
        this.#leaving.add(worker);
        this.#left(worker, 'it was asked to end');
      },
      ended: (worker, exit) => {
        this.#leaving.delete(worker);
        if (this.#state === 'stopped') return;
        if (!worker.isLeaving) this.#delayMs = this.#backoff.ended(worker.livedMs);
        this.#left(worker, exitText(exit));
      },
    });
    this.#handles.add(handle);
    void handle.exited.then(() => this.#handles.delete(handle));
    return handle;
  }

  #letGo(worker: WorkerHandle, state: 'is to leave' | 'leaves already'): void {
    this.#leaving.add(worker);
    if (state === 'is to leave') worker.leave();
    else worker.expectEnd();
  }

  async #preview(worker: WorkerHandle, host: string): Promise<void> {
    try {
      const find = this.#tools.preview;
      if (find === undefined) throw new MayflyError('no_route', {});
      worker.tellPreview(host, await find(host));
    } catch (error) {
      if (!isMayflyError(error)) this.#tools.log.error({ err: error }, 'a version could not be looked up');
      worker.tellPreview(host, toWireError(error));
    }
  }

  /** A worker takes no connections any more. */
  #left(worker: WorkerHandle, reason: string): void {
    this.#members.delete(worker);
    const idle = this.#idle.indexOf(worker);
    if (idle >= 0) this.#idle.splice(idle, 1);
    const place = this.#places.find((each) => each.worker === worker);
    if (place !== undefined) {
      place.worker = undefined;
      const { log } = this.#tools;
      log.warn({ worker: place.index, pid: worker.pid, reason }, 'worker ended, another one takes its place');
      if (this.#current !== undefined) {
        void this.#fill(place).then(() => log.info({ worker: place.index, pid: place.worker?.pid }, 'worker is back'));
      }
    }
    this.#supply();
  }

  #number(): number {
    return this.#nextNumber++;
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
