import { defaultLimits } from '../config/mod.ts';
import type { ImageSettings } from '../engine/mod.ts';
import type { BuiltArtifact } from './builder.ts';
import { buildersMax } from './limits.ts';
import type { Log } from './log.ts';
import { SpareBuilder } from './spare-builder.ts';

/** Builders for a node that takes deploys: few at once, and one that stands by. */
export class Builders {
  readonly #spare: SpareBuilder;
  readonly #waiting: (() => void)[] = [];
  #building = 0;

  constructor(log: Log) {
    this.#spare = new SpareBuilder(log);
  }

  /** Has one stand by, for what most functions are. */
  prepare(): void {
    this.#spare.prepare({ memoryBytesMax: defaultLimits.memoryBytes });
  }

  /** Makes `artifact` an image. @throws MayflyError what is wrong with the artifact, or builder_failed */
  async build(artifact: Uint8Array, settings: ImageSettings): Promise<BuiltArtifact> {
    if (this.#building >= buildersMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#building++;
    try {
      return await this.#spare.build(artifact, settings);
    } finally {
      // Whoever waits takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#building--;
      else next();
    }
  }

  stop(): void {
    this.#spare.close();
  }
}
