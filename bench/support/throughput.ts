import { spawnSync } from 'node:child_process';
import { runLoad } from './load.ts';
import { collectOutput, type Core, startPinned, totalCpuMs } from './pinned.ts';
import type { BenchServer } from './server.ts';

/** What one round of a closed loop found. */
export interface Throughput {
  readonly requestsPerSecond: number;
  /** CPU time of the server for each request: tells more than the rate where others use the machine as well. */
  readonly cpuUs: number;
}

/** Whether wrk is there; without it the benchmarks' own generator is used, which is slower. https://github.com/wg/wrk */
export const hasWrk: boolean = spawnSync('wrk', ['-v']).error === undefined;

/** Drives `server` as hard as it goes, from `connections` callers that never pause. */
export async function measureThroughput(
  server: BenchServer,
  { connections, seconds, core }: { readonly connections: number; readonly seconds: number; readonly core: Core },
): Promise<Throughput> {
  const before = totalCpuMs(server.pids);
  const requests = hasWrk
    ? await countWithWrk(server, connections, seconds, core)
    : await countWithOwn(server, connections, seconds, core);
  const cpuUs = ((totalCpuMs(server.pids) - before) * 1000) / requests;
  return { requestsPerSecond: requests / seconds, cpuUs };
}

async function countWithWrk(server: BenchServer, connections: number, seconds: number, core: Core): Promise<number> {
  const url = `http://${server.host}:${server.port}/`;
  const output = await collectOutput(
    startPinned('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', url], core),
  );
  if (/Non-2xx/.test(output)) throw new Error(`Not every request was served:\n${output}`);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  if (Number.isNaN(requests)) throw new Error(`wrk does not tell how many requests were served:\n${output}`);
  return requests;
}

async function countWithOwn(server: BenchServer, connections: number, seconds: number, core: Core): Promise<number> {
  const { host, port } = server;
  const group = { kind: 'closed', name: 'all', paths: ['/'], connections } as const;
  const [result] = await runLoad({ host, port, seconds, warmUpSeconds: 0, groups: [group] }, core);
  const served = result?.ok.count ?? 0;
  const all = Object.values(result?.outcomes ?? {}).reduce((sum, count) => sum + count, 0);
  if (served < all || served === 0) throw new Error(`${served} of ${all} requests were served`);
  return served;
}
