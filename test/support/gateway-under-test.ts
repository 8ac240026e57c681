import type { TestContext } from 'node:test';
import type { MayflyError } from '../../src/base/mod.ts';
import { defaultLimits, type Limits } from '../../src/config/mod.ts';
import type { LoadedFunction } from '../../src/engine/mod.ts';
import { Gateway, ServerTiming } from '../../src/gateway/mod.ts';

/** A gateway that listens, with one function on every path. */
export interface Started {
  readonly port: number;
  readonly url: string;
  readonly gateway: Gateway;
  readonly failures: MayflyError[];
}

/** Starts a gateway, and stops it after the test. */
export async function start(
  t: TestContext,
  loaded: LoadedFunction,
  limits: Partial<Limits> = {},
  serverTiming: ServerTiming = ServerTiming.hidden,
): Promise<Started> {
  const failures: MayflyError[] = [];
  const gateway = new Gateway({ serverTiming }, { failed: (_loaded, error) => failures.push(error) });
  const version = { loaded, limits: { ...defaultLimits, ...limits }, percent: 100 };
  gateway.publish([{ versions: [version], routes: [{ path: '/*', mountPath: '' }] }]);
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => gateway.stop(0));
  return { port, url: `http://127.0.0.1:${port}`, gateway, failures };
}
