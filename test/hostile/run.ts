/**
 * `npm run test:hostile [-- --rounds N --only TEXT --rate N]`: every attack of the corpus, against a node that serves a victim under
 * a steady load all the while. Prints what was attempted and contained, by kind, what the victim saw of it, and what the node's memory
 * was before and is afterwards. Exit code 1 when anything was not contained.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startNodeUnderTest, type NodeUnderTest } from '../support/node-under-test.ts';
import type { Attack } from './attack.ts';
import { containArtifact, containInBuilders } from './contain-artifact.ts';
import { containClient } from './contain-client.ts';
import { containCommand } from './contain-command.ts';
import { containGuest } from './contain-guest.ts';
import { corpus } from './corpus.ts';
import { functions, writeFunctions } from './functions.ts';
import { coreWaitMs, residentBytes, settled, sum } from './node-memory.ts';
import { type AttackResult, growthMax, isContained, reportLines } from './report.ts';
import type { Verdict } from './verdict.ts';
import { VictimLoad } from './victim-load.ts';

/** Slots that have grown are given up after half a minute without a call, and garbage is collected after that. */
const settleMs = 90_000;
const warmRounds = 10;
const warmAtOnce = 16;
/** As long as slots that nobody needs, and garbage, take to be given up. */
const restMs = 60_000;
const quietMs = 3000;

interface Options {
  readonly rounds: number;
  readonly only: string;
  readonly perSecond: number;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      rate: { type: 'string', default: '100' },
    },
  });
  return { rounds: Number(values.rounds), only: values.only, perSecond: Number(values.rate) };
}

const kinds: readonly Attack['kind'][] = ['guest', 'client', 'artifact', 'command'];

async function main(): Promise<number> {
  const { rounds, only, perSecond } = options();
  const wanted = corpus.filter(({ attacks, name, kind }) => `${kind}: ${attacks}: ${name}`.includes(only));
  if (wanted.length === 0) {
    console.error(`Cannot run attacks: none has ${only} in its name`);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'mayfly-hostile-'));
  const cleanUps: (() => void | Promise<void>)[] = [() => rmSync(scratch, { recursive: true, force: true })];
  try {
    const folder = join(scratch, 'functions');
    writeFunctions(folder, new Set(functions.keys()));
    console.log(`Preparing ${functions.size} hostile functions and a victim`);
    const lifetime = { after: (run: () => void | Promise<void>): void => void cleanUps.push(run) };
    const node = await startNodeUnderTest(lifetime, [folder, '--workers', '2', '--data-dir', join(scratch, 'data')]);
    const load = new VictimLoad({ port: node.port, perSecond });
    cleanUps.push(() => load.stop());
    return await attackNode(node, load, wanted, rounds, scratch);
  } finally {
    for (const run of cleanUps.toReversed()) await run();
  }
}

async function attackNode(
  node: NodeUnderTest,
  load: VictimLoad,
  wanted: readonly Attack[],
  rounds: number,
  scratch: string,
): Promise<number> {
  const pids = [node.process.pid ?? 0, ...node.workerPids];
  await warm(node);
  await sleep(restMs);
  await load.report();
  await sleep(quietMs);
  const quietBefore = await load.report();
  const residentBefore = residentBytes(pids);
  const results: AttackResult[] = [];
  for (const kind of kinds) {
    const attacks = wanted.filter((attack) => attack.kind === kind);
    if (attacks.length === 0 || gonePids(node).length > 0) continue;
    const before = results.length;
    for (let round = 0; round < rounds; round++) results.push(...(await oneRound(attacks, round, node, load, scratch)));
    const { attempted, problems } = totals(results.slice(before));
    console.log(`${kind}: ${attempted - problems} of ${attempted} contained`);
  }
  const residentAtOnce = residentBytes(pids);
  const residentAfter = await settled(pids, sum(residentBefore) * (1 + growthMax), settleMs);
  await load.report();
  await sleep(quietMs);
  const quietAfter = await load.report();
  const gone = gonePids(node);
  const run = { results, quietBefore, quietAfter, residentBefore, residentAtOnce, residentAfter, gone };
  for (const line of reportLines(run)) console.log(line);
  return isContained(run) ? 0 : 1;
}

/**
 * Has every function serve ordinary requests, many at once: a node that has not served yet has less compiled, and fewer slots, than
 * it ever will again, and what it has afterwards could not be told from what an attack left.
 */
async function warm(node: NodeUnderTest): Promise<void> {
  const ask = async (name: string): Promise<void> => {
    try {
      const response = await fetch(`${node.url}/${name}/`);
      await response.arrayBuffer();
    } catch {
      // A limit cut it, on a busy machine: it has served all the same.
    }
  };
  for (let round = 0; round < warmRounds; round++) {
    for (const name of functions.keys()) await Promise.all(Array.from({ length: warmAtOnce }, () => ask(name)));
  }
}

function totals(results: readonly AttackResult[]): { attempted: number; problems: number } {
  return {
    attempted: results.reduce((total, { attempted }) => total + attempted, 0),
    problems: results.reduce((total, { problems }) => total + problems.length, 0),
  };
}

/** All of `attacks` once, those left out that have had their rounds. */
async function oneRound(
  attacks: readonly Attack[],
  round: number,
  node: NodeUnderTest,
  load: VictimLoad,
  scratch: string,
): Promise<AttackResult[]> {
  const results: AttackResult[] = [];
  let waitedMs = coreWaitMs(node.workerPids);
  const note = async (kind: string, name: string, verdicts: readonly Verdict[]): Promise<void> => {
    const problems = verdicts.flatMap(({ attack, problem }) =>
      problem === undefined ? [] : [`${attack}: ${problem}`],
    );
    const beforeMs = waitedMs;
    waitedMs = coreWaitMs(node.workerPids);
    const attempted = verdicts.length;
    results.push({ kind, name, attempted, problems, load: await load.report(), coreWaitMs: waitedMs - beforeMs });
  };
  for (const attack of attacks) {
    if ('rounds' in attack && attack.rounds !== undefined && round >= attack.rounds) continue;
    await note(attack.kind, attack.name, await attackOnce(attack, node, scratch));
    if (gonePids(node).length === 0) continue;
    await note(attack.kind, attack.name, [{ attack: attack.name, problem: 'the node lost a process' }]);
    return results;
  }
  // Each builder is a process of its own, so that one of each sort and the bombs have to do.
  const built = attacks.filter((attack) => attack.kind === 'artifact');
  const chosen = built.filter(
    (attack, index) => attack.where === 'builder' || attack.attacks !== built[index - 1]?.attacks,
  );
  if (round === 0 && chosen.length > 0)
    await note('artifact', 'builders', await containInBuilders(chosen, join(scratch, 'artifacts')));
  return results;
}

async function attackOnce(attack: Attack, node: NodeUnderTest, scratch: string): Promise<readonly Verdict[]> {
  switch (attack.kind) {
    case 'guest':
      return containGuest(attack, node.port);
    case 'client':
      return containClient(attack, node.port);
    case 'artifact':
      return attack.where === 'builder' ? [] : [await containArtifact(attack)];
    case 'command':
      return [await containCommand(attack, join(scratch, 'functions', 'victim'))];
    default:
      return attack satisfies never;
  }
}

/** Processes of the node that were there when it began and are not any more. */
function gonePids(node: NodeUnderTest): number[] {
  const pids = [node.process.pid ?? 0, ...node.workerPids];
  return pids.filter((pid) => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
}

if (import.meta.main) process.exitCode = await main();
