import type { Digest, FunctionName, ProjectId } from '../base/mod.ts';
import type { Env, FunctionRoute, Limits } from '../config/mod.ts';
import type { StickyBy, VersionNumber, VersionSettings } from './types.ts';

/** What the control plane needs of the node around it. */

/** A version that takes traffic, with all that a worker needs to serve it. `env` has the values of secrets. */
export interface ServedVersion {
  readonly project: ProjectId;
  readonly function: FunctionName;
  readonly version: VersionNumber;
  readonly image: Digest;
  readonly env: Env;
  readonly limits: Limits;
  /** What of this may be shown: names of secrets, and not their values. */
  readonly settings: VersionSettings;
}

/** A function that is served. */
export interface ServedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly routes: readonly FunctionRoute[];
  readonly stickyBy: StickyBy | undefined;
  readonly versions: readonly { readonly served: ServedVersion; readonly percent: number }[];
}

/** All that is served at one moment. */
export interface ServingState {
  /** Grows with every change, over restarts too. */
  readonly generation: number;
  readonly functions: readonly ServedFunction[];
  /** Projects that have workers of their own, and how many; the others share those of the node. */
  readonly workers: ReadonlyMap<ProjectId, number>;
}

/** Brings what is deployed to those who serve it. */
export interface Publisher {
  /**
   * Loads `versions` wherever requests are served, beside what is served there.
   * @returns what gives them up again, unless they are published meanwhile
   * @throws MayflyError why one cannot be loaded; then none stays
   */
  warm(versions: readonly ServedVersion[]): Promise<() => void>;
  /**
   * Serves `state`, and nothing else. When this returns, everybody who takes requests serves it, and so will whoever comes later. A
   * function that was warm and cannot be loaded any more does not keep the others from being served.
   */
  publish(state: ServingState): Promise<void>;
}

/** Makes artifacts images. */
export interface ImageMaker {
  /**
   * The image of an artifact: one made before, or one that is made now, in the project's turn.
   * @throws MayflyError blob_missing, builder_failed, busy, and whatever is wrong with the artifact
   */
  prepare(
    artifact: Digest,
    settings: Pick<Limits, 'memoryBytes'>,
    project: ProjectId,
  ): Promise<{ readonly image: Digest; readonly kind: string }>;
  /** Removes the images that were made of anything else, but for those that were asked for of late: they may be about to be loaded. */
  keepOnly(sources: Iterable<ImageSource>): Promise<void>;
}

/** What an image is made of. */
export interface ImageSource {
  readonly artifact: Digest;
  readonly memoryBytes: number;
}

/** Gets to know what is not an answer to anybody. */
export interface ControlLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** What whoever runs the node decides. */
export interface ControlPolicy {
  /** The largest artifact that is taken. */
  readonly artifactBytesMax: number;
  /** Whose functions may claim paths on every host without being let by the operator. */
  readonly anyHostProject: ProjectId;
  /** Below it every version has a host of its own; undefined when there are no such hosts. */
  readonly previewDomain: string | undefined;
  /** Workers that projects may have of their own, all of them together. */
  readonly ownWorkersMax: number;
}
