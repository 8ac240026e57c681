import type { FunctionName, ProjectId } from '../base/mod.ts';
import type { Publisher as ControlPublisher, ServedFunction, ServedVersion, ServingState } from '../control/mod.ts';
import type { DeployedFunction, DeployedVersion } from './protocol.ts';
import type { Publisher } from './publisher.ts';

/** Brings what is deployed to the workers. */
export class DeployPublisher implements ControlPublisher {
  readonly #workers: Publisher;
  readonly #onGone: (project: ProjectId, name: FunctionName) => void;
  #published: readonly ServedFunction[] = [];

  /** @param onGone told of functions that were served and are not any more */
  constructor(workers: Publisher, onGone: (project: ProjectId, name: FunctionName) => void) {
    this.#workers = workers;
    this.#onGone = onGone;
  }

  warm(versions: readonly ServedVersion[]): Promise<() => void> {
    return this.#workers.warm(versions.map(deployedVersion));
  }

  async publish({ functions, workers }: ServingState): Promise<void> {
    await this.#workers.publish(functions.map(deployedFunction), workers);
    const served = new Set(functions.map(keyOf));
    for (const one of this.#published) if (!served.has(keyOf(one))) this.#onGone(one.project, one.name);
    this.#published = functions;
  }
}

/** A version as workers get it: nothing of it that they do not need. */
export function deployedVersion({ project, function: name, image, env, limits }: ServedVersion): DeployedVersion {
  return { project, name, image, env, limits };
}

function deployedFunction({ project, name, routes, stickyBy, versions }: ServedFunction): DeployedFunction {
  return {
    project,
    name,
    routes,
    stickyBy,
    versions: versions.map(({ served, percent }) => ({ ...deployedVersion(served), percent })),
  };
}

function keyOf({ project, name }: ServedFunction): string {
  return `${project}/${name}`;
}
