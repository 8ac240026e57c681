import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../fuzz/prng.ts';
import { isAlive, type NodeProcess, processesOf } from '../support/node-processes.ts';
import {
  folderOfGuests,
  type Lifetime,
  type NodeUnderTest,
  startNodeUnderTest,
  temporaryFolder,
  until,
} from '../support/node-under-test.ts';
import { askEnv, SteadyLoad } from '../support/steady-load.ts';
import { type Changes, RestartChanges, Versions } from './changes.ts';
import { DeployChanges } from './deploy-changes.ts';

/** Who is killed in a round. */
export const Victim = {
  /** One of them, whether it takes connections or stands by. */
  worker: 'worker',
  supervisor: 'supervisor',
  /** In the middle of its work: the round waits until there is one. */
  builder: 'builder',
  workerAndSupervisor: 'worker and supervisor',
  workers: 'all workers',
  everybody: 'everybody else',
  guardian: 'guardian',
} as const;
export type Victim = (typeof Victim)[keyof typeof Victim];

/** How often each is killed. */
const draws: readonly [Victim, ...Victim[]] = [
  Victim.worker,
  Victim.worker,
  Victim.worker,
  Victim.supervisor,
  Victim.supervisor,
  Victim.supervisor,
  Victim.builder,
  Victim.builder,
  Victim.workerAndSupervisor,
  Victim.workers,
  Victim.everybody,
  Victim.guardian,
];

/** What came of a round. */
export interface RoundReport {
  readonly round: number;
  readonly victim: Victim;
  readonly change: 'none' | 'acknowledged' | 'refused';
  readonly answered: number;
  readonly lost: number;
  /** The longest that a request had to wait, from before the kill until everything was as it should be. */
  readonly slowestMs: number;
  /** What should not have been. */
  readonly problems: readonly string[];
}

const workers = 2;
const clients = 8;
/** What a client sees of a process that was killed, or of a node that is not there. */
const excused = /^(?:ECONNRESET|ECONNREFUSED|EPIPE|aborted in the middle of an answer|socket hang up)$/;

/** How what is served is changed: by a restart with other files, or by deploys. */
export type ChangedBy = 'restarts' | 'deploys';

/** A node whose processes are killed at random moments, under load and while what it serves is changed. */
export class FaultRun {
  readonly #lifetime: Lifetime;
  readonly #random: Prng;
  readonly #args: readonly string[];
  readonly #changes: Changes;
  /** Builders that stand by. */
  readonly #spareBuilders: number;
  readonly #versions = new Versions();
  #node: NodeUnderTest | undefined;
  #round = 0;

  constructor(lifetime: Lifetime, seed: number, changedBy: ChangedBy = 'restarts') {
    this.#lifetime = lifetime;
    this.#random = new Prng(seed);
    const dataDir = temporaryFolder(lifetime);
    this.#spareBuilders = changedBy === 'deploys' ? 1 : 0;
    const args = ['--workers', String(workers), '--data-dir', dataDir];
    if (changedBy === 'deploys') {
      this.#changes = new DeployChanges(dataDir);
      this.#args = ['--admin', '127.0.0.1:0', ...args];
    } else {
      const folder = folderOfGuests(lifetime, { env: '' });
      this.#changes = new RestartChanges(path.join(folder, 'version'));
      this.#args = [folder, ...args];
    }
  }

  /** Kills once, and waits until everything is as it should be. */
  async round(victim: Victim = this.#random.pick(draws)): Promise<RoundReport> {
    const node = (this.#node ??= await this.#start());
    await untilWhole(node, this.#spareBuilders);
    const load = new SteadyLoad(node.port, clients, (count) =>
      count % 2 === 0 ? askEnv(count, '/env') : this.#versions.ask(),
    );
    const hasChange = victim === Victim.builder || this.#random.chance(50);
    const changing = hasChange ? this.#versions.change(this.#changes, node) : Promise.resolve('none' as const);
    if (victim !== Victim.builder) await sleep(this.#random.below(hasChange ? 1500 : 200));
    const killed = await this.#kill(victim, node);
    // The node that this change was asked of is no more.
    const change = victim === Victim.guardian ? 'refused' : await changing;
    const problems: string[] = [];
    await (victim === Victim.guardian ? untilGone(killed) : untilWhole(node, this.#spareBuilders)).catch(
      (error: unknown) => problems.push(String(error)),
    );
    if (victim === Victim.guardian) this.#node = undefined;
    const { answered, lost, slowestMs } = await load.stop();
    if (victim !== Victim.guardian) problems.push(...((await this.#changes.check?.(node)) ?? []));
    const workersKilled = killed.filter(({ role }) => role === 'worker').length;
    const isGuardian = victim === Victim.guardian;
    const lossesMax = isGuardian ? Infinity : workersKilled * clients;
    if (lost.length > lossesMax) problems.push(`${lost.length} requests were lost, at most ${lossesMax} are excused`);
    problems.push(...new Set(lost.filter((what) => !excused.test(what))));
    if (killed.length === 0) problems.push('nobody was there to be killed');
    this.#round += 1;
    return { round: this.#round, victim, change, answered, lost: lost.length, slowestMs, problems };
  }

  /** Ends the node. @returns what should not have been */
  async end(): Promise<string[]> {
    const node = this.#node;
    if (node === undefined) return [];
    const all = processesOf(node.process.pid ?? 0);
    const code = await node.stop();
    const left = all.filter(({ pid }) => isAlive(pid));
    return [
      ...(code === 0 ? [] : [`the node ended with exit code ${code}`]),
      ...left.map(({ role, pid }) => `a ${role} is left, ${pid}`),
    ];
  }

  async #start(): Promise<NodeUnderTest> {
    const node = await startNodeUnderTest(this.#lifetime, this.#args);
    await this.#changes.prepare?.(node);
    return node;
  }

  /** @returns who was killed */
  async #kill(victim: Victim, node: NodeUnderTest): Promise<NodeProcess[]> {
    const guardian = node.process.pid ?? 0;
    if (victim === Victim.guardian) {
      const all = processesOf(guardian);
      process.kill(guardian, 'SIGKILL');
      return all;
    }
    if (victim === Victim.builder) {
      // One that was too quick to be seen leaves its supervisor to be killed.
      await until(() => processesOf(guardian).some(({ role }) => role === 'builder'), 'a builder').catch(() => {});
      await sleep(this.#random.below(200));
    }
    let victims: NodeProcess[] = [];
    const draw = this.#random.u32();
    // While a node restarts it has no supervisor for a moment.
    await until(() => {
      const there = processesOf(guardian);
      const chosen = choose(victim, there, draw);
      // The builder may have been done by now: then its supervisor is killed, as it takes in what was built.
      victims = chosen.length > 0 ? chosen : there.filter(({ role }) => role === 'supervisor');
      return victims.length > 0;
    }, 'somebody to kill').catch(() => {});
    for (const { pid } of victims) kill(pid);
    return victims;
  }
}

/** Who of those that are there is killed; `draw` decides between several of a kind. */
function choose(victim: Victim, there: readonly NodeProcess[], draw: number): NodeProcess[] {
  const of = (role: NodeProcess['role']): NodeProcess[] => there.filter((each) => each.role === role);
  const allWorkers = of('worker');
  const at = draw % Math.max(1, allWorkers.length);
  const worker = allWorkers.slice(at, at + 1);
  switch (victim) {
    case Victim.worker:
      return worker;
    case Victim.workers:
      return allWorkers;
    case Victim.supervisor:
      return of('supervisor');
    case Victim.workerAndSupervisor:
      return [...worker, ...of('supervisor')];
    case Victim.builder:
      return of('builder');
    case Victim.everybody:
      return [...there];
    case Victim.guardian:
      return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Waits until none of these is left. */
async function untilGone(processes: readonly NodeProcess[]): Promise<void> {
  await until(() => processes.every(({ pid }) => !isAlive(pid)), 'the processes of the node to end', 30_000);
}

/** Waits until every process of a node is there, and none that should not be, for a while. */
async function untilWhole(node: NodeUnderTest, spareBuilders: number): Promise<void> {
  const guardian = node.process.pid ?? 0;
  let before = '';
  let sameSince = performance.now();
  await until(
    () => {
      const all = processesOf(guardian);
      const count = (role: NodeProcess['role']): number => all.filter((each) => each.role === role).length;
      const isWhole = count('supervisor') === 1 && count('worker') === workers + 1 && count('builder') <= spareBuilders;
      const now = isWhole ? all.map(({ pid }) => pid).join() : '';
      if (now !== before) sameSince = performance.now();
      before = now;
      return isWhole && performance.now() - sameSince > wholeForMs;
    },
    'all processes of the node, and no others',
    60_000,
  ).catch((error: unknown) => {
    const there = processesOf(guardian).map(({ role, pid }) => `${role} ${pid}`);
    const said = node.log().trim().split('\n').slice(-logLinesShown);
    throw new Error([String(error), `There are: ${there.join(', ')}`, ...said].join('\n'));
  });
}

/** What a node said last, where it is not as it should be. */
const logLinesShown = 30;

const wholeForMs = 300;
