/** The load generator, a process of its own: reads a plan from its arguments, prints what happened as JSON. See load.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLoop } from './closed-loop.ts';
import { LoadMeter } from './load-meter.ts';
import type { LoadGroup, LoadPlan } from './load-plan.ts';
import { OpenLoop } from './open-loop.ts';

/** How long answers are waited for when nothing more is sent. */
const drainMs = 10_000;
/** And those to what was sent meanwhile. */
const lastAnswersMs = 5000;

interface Runner {
  readonly isDone: boolean;
  start(): void;
  /** Sends nothing more. */
  cease?(): void;
  end(): void;
}

function makeRunner(plan: LoadPlan, group: LoadGroup, meter: LoadMeter, startMs: number, untilMs: number): Runner {
  const requests = group.paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: ${plan.host}:${plan.port}\r\n\r\n`);
  const target = { host: plan.host, port: plan.port, requests };
  if (group.kind === 'closed') return new ClosedLoop({ ...target, connections: group.connections }, meter, untilMs);
  const { requestsPerSecond, connectionsMax } = group;
  const options = { ...target, requestsPerSecond, connectionsMax, random: Math.random };
  return new OpenLoop(options, meter, startMs, untilMs);
}

async function main(): Promise<void> {
  // load.ts wrote it.
  const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
  const startMs = performance.now();
  const fromMs = startMs + plan.warmUpSeconds * 1000;
  const untilMs = fromMs + plan.seconds * 1000;
  const meters = plan.groups.map(({ name }) => new LoadMeter(name, fromMs, plan.windowSeconds ?? Infinity));
  const runners = plan.groups.flatMap((group, index) => {
    const meter = meters[index];
    return meter === undefined ? [] : [makeRunner(plan, group, meter, startMs, untilMs)];
  });
  for (const runner of runners) runner.start();
  await sleep(untilMs - performance.now());
  const drained = async (ms: number): Promise<void> => {
    const limitMs = performance.now() + ms;
    while (performance.now() < limitMs && !runners.every((runner) => runner.isDone)) await sleep(5);
  };
  await drained(drainMs);
  for (const runner of runners) runner.cease?.();
  await drained(lastAnswersMs);
  for (const runner of runners) runner.end();
  console.log(JSON.stringify(meters.map((meter) => meter.result(plan.seconds))));
  process.exit();
}

await main();
