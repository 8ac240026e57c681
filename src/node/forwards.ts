import type { ProjectId } from '../base/mod.ts';
import { CallMeasures } from '../engine/mod.ts';
import { type GatewayVersion, ServerTiming } from '../gateway/mod.ts';
import { ForwardedFunction, type Way } from './forwarded-function.ts';
import { forwardedIdleMs } from './limits.ts';
import type { OwnWorkerPool } from './own-worker-pool.ts';
import type { Forward } from './protocol.ts';

/** What a worker has others serve, and its connections to them: one pool for the workers of each project. */
export class Forwards {
  readonly #measuresOf: (project: ProjectId) => CallMeasures;
  /** By their sockets. */
  readonly #pools = new Map<string, OwnWorkerPool>();
  readonly #ways = new Map<ProjectId, Way>();

  /** @param measuresOf where the calls of a project are counted */
  constructor(measuresOf: (project: ProjectId) => CallMeasures) {
    this.#measuresOf = measuresOf;
  }

  async version(forward: Forward): Promise<GatewayVersion> {
    const { project, limits, sockets } = forward;
    const pool = await this.#pool(sockets);
    const way = this.#ways.get(project) ?? { pool };
    this.#ways.set(project, way);
    const measures = new CallMeasures(this.#measuresOf(project));
    const loaded = new ForwardedFunction(forward, way, measures);
    return { loaded, limits, serverTiming: ServerTiming.hidden };
  }

  /**
   * Has requests go where `forwards` say from now on, also those that were let in before and have yet to be sent on. Connections that
   * nobody needs any more are given up once the requests that have them are done.
   */
  serve(forwards: readonly Forward[]): void {
    const kept = new Set<string>();
    const projects = new Set<ProjectId>();
    for (const { project, sockets } of forwards) {
      const key = keyOf(sockets);
      const pool = this.#pools.get(key);
      const way = this.#ways.get(project);
      if (way !== undefined && pool !== undefined) way.pool = pool;
      kept.add(key);
      projects.add(project);
    }
    for (const project of this.#ways.keys()) if (!projects.has(project)) this.#ways.delete(project);
    for (const [key, pool] of this.#pools) {
      if (kept.has(key)) continue;
      this.#pools.delete(key);
      // Of a project that has no workers of its own any more: a request whose body is just coming in still finds them.
      setTimeout(() => void pool.close(), forwardedIdleMs).unref();
    }
  }

  async #pool(sockets: readonly string[]): Promise<OwnWorkerPool> {
    // Only where it is wanted: a worker starts in less time without an HTTP client.
    const { OwnWorkerPool: Made } = await import('./own-worker-pool.ts');
    const key = keyOf(sockets);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new Made(sockets);
      this.#pools.set(key, pool);
    }
    return pool;
  }
}

function keyOf(sockets: readonly string[]): string {
  return sockets.join('\n');
}
