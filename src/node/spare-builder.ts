import type { ChildProcess } from 'node:child_process';
import type { ImageSettings } from '../engine/mod.ts';
import { type BuiltArtifact, buildWith, startBuilder } from './builder.ts';
import { spareBuilderDelayMs } from './limits.ts';
import type { Log } from './log.ts';

interface Spare {
  readonly child: ChildProcess;
  readonly memoryBytesMax: number;
}

/**
 * Builds with a builder that was started beforehand: starting one takes longer than most artifacts take to build. Each builder builds
 * one artifact and ends, as everywhere.
 */
export class SpareBuilder {
  readonly #log: Log;
  #spare: Spare | undefined;
  #timer: NodeJS.Timeout | undefined;
  #state: 'open' | 'closed' = 'open';

  constructor(log: Log) {
    this.#log = log;
  }

  /** As `buildInChild`. */
  readonly build = async (artifact: Uint8Array, settings: ImageSettings): Promise<BuiltArtifact> => {
    const child = this.#take(settings) ?? startBuilder(settings);
    try {
      return await buildWith(child, artifact, settings, { log: this.#log });
    } finally {
      // Not at once: what was built is to be loaded first.
      this.#timer = setTimeout(() => this.prepare(settings), spareBuilderDelayMs).unref();
    }
  };

  /** Starts a builder for the next artifact of these settings. */
  prepare(settings: ImageSettings): void {
    if (this.#state === 'closed' || this.#spare !== undefined) return;
    const child = startBuilder(settings, 'warm');
    const spare: Spare = { child, memoryBytesMax: settings.memoryBytesMax };
    this.#spare = spare;
    const forget = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    child.once('error', forget).once('exit', forget);
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#spare?.child.kill('SIGKILL');
    this.#spare = undefined;
  }

  /** The spare, where its memory is what these settings give. */
  #take({ memoryBytesMax }: ImageSettings): ChildProcess | undefined {
    clearTimeout(this.#timer);
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.memoryBytesMax === memoryBytesMax) return spare.child;
    spare?.child.kill('SIGKILL');
    return undefined;
  }
}
