import type { ProjectId } from '../base/mod.ts';
import { defaultLimits } from '../config/mod.ts';
import type { ImageSettings } from '../engine/mod.ts';
import type { BuiltArtifact } from './builder.ts';
import { buildersMax, buildsWaitingMax } from './limits.ts';
import type { Log } from './log.ts';
import { ProjectTurns } from './project-turns.ts';
import { SpareBuilder } from './spare-builder.ts';

/** Builders for a node that takes deploys: few at once, shared by projects in turns, and one that stands by. */
export class Builders {
  readonly #spare: SpareBuilder;
  readonly #turns = new ProjectTurns('builds', { atOnceMax: buildersMax, waitingMax: buildsWaitingMax });

  constructor(log: Log) {
    this.#spare = new SpareBuilder(log);
  }

  /** Has one stand by, for what most functions are. */
  prepare(): void {
    this.#spare.prepare({ memoryBytesMax: defaultLimits.memoryBytes });
  }

  /** Does `work`, which may `build`, when it is the project's turn. @throws MayflyError busy, and what `work` throws */
  inTurn<Result>(project: ProjectId, work: () => Promise<Result>): Promise<Result> {
    return this.#turns.run(project, work);
  }

  /** Makes `artifact` an image. @throws MayflyError what is wrong with the artifact, or builder_failed */
  readonly build = (artifact: Uint8Array, settings: ImageSettings): Promise<BuiltArtifact> =>
    this.#spare.build(artifact, settings);

  stop(): void {
    this.#spare.close();
  }
}
