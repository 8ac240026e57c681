/**
 * `npm run test:faults [-- --rounds N --seed S --deploys]`: kills processes of a node at random moments, under load and while what it serves is
 * changed. Prints each round, and what clients saw by who was killed. Exit code 1 when anything was as it should not be.
 */
import { parseArgs } from 'node:util';
import { type ChangedBy, FaultRun, type RoundReport, Victim } from './fault-run.ts';

function line({ round, victim, change, answered, lost, slowestMs, problems }: RoundReport): string {
  const cells = [
    String(round).padStart(5),
    victim.padEnd(22),
    change.padEnd(13),
    String(answered).padStart(7),
    String(lost).padStart(5),
    slowestMs.toFixed(0).padStart(8),
  ];
  return [cells.join('  '), ...problems.map((problem) => `       ${problem}`)].join('\n');
}

function summary(reports: readonly RoundReport[]): string[] {
  return Object.values(Victim).flatMap((victim) => {
    const of = reports.filter((report) => report.victim === victim);
    if (of.length === 0) return [];
    const slowest = of.map(({ slowestMs }) => slowestMs).toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (slowest[Math.min(slowest.length - 1, Math.floor(slowest.length * share))] ?? 0).toFixed(0).padStart(7);
    const sum = (figure: (report: RoundReport) => number): string =>
      String(of.reduce((total, report) => total + figure(report), 0)).padStart(8);
    return [
      [
        victim.padEnd(22),
        String(of.length).padStart(6),
        sum(({ answered }) => answered),
        sum(({ lost }) => lost),
        at(0.5),
        at(1),
        sum(({ problems }) => problems.length),
      ].join('  '),
    ];
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      deploys: { type: 'boolean' },
    },
  });
  const changedBy: ChangedBy = values.deploys === true ? 'deploys' : 'restarts';
  const cleanUps: (() => void | Promise<void>)[] = [];
  const run = new FaultRun({ after: (clean) => void cleanUps.push(clean) }, Number(values.seed), changedBy);
  const reports: RoundReport[] = [];
  let left: string[] = [];
  try {
    console.log('round  killed                  change         answered   lost  slowest, ms');
    for (let round = 0; round < Number(values.rounds); round++) {
      const report = await run.round();
      reports.push(report);
      console.log(line(report));
    }
    left = await run.end();
  } finally {
    for (const clean of cleanUps.toReversed()) await clean();
  }
  console.log('\nkilled                  rounds  answered      lost  slowest request: p50, max ms  problems');
  for (const each of summary(reports)) console.log(each);
  for (const each of left) console.log(each);
  return left.length === 0 && reports.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
