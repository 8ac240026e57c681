import type { ProjectId } from '../base/mod.ts';
import type { DeployedFunction, DeployedVersion } from './protocol.ts';

/** How many workers of its own a project is to have; those that are not there share the node's. */
export type OwnWorkerCounts = ReadonlyMap<ProjectId, number>;

/** What decides on functions tells them here; it knows nothing of workers. */
export interface Publisher {
  /**
   * Has every worker serve `functions`, and nothing else; those of a project that has workers of its own, by `counts`, only these. When this returns, every worker that takes connections serves them, and so
   * will each that comes later. Several are done one after the other.
   *
   * Nobody is answered by anything else then: workers that leave have left by the time this returns.
   *
   * First every worker loads them beside what it serves, and only when all have does the first one switch: what one worker cannot load
   * is served by none.
   * @throws MayflyError why they cannot be served: image_corrupt, bad_limit, worker_failed; what was served before is served still
   */
  publish(functions: readonly DeployedFunction[], counts?: OwnWorkerCounts): Promise<void>;
  /**
   * Has every worker load `versions` beside what it serves, whatever is published meanwhile: a publish that has them waits for nothing.
   * @returns what gives them up, unless they are served by then
   * @throws MayflyError why one cannot be loaded; then no worker keeps any
   */
  warm(versions: readonly DeployedVersion[]): Promise<() => void>;
}
