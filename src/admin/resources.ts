/**
 * What the admin API hands out, as it stands in JSON. Times are RFC 3339 in UTC; names and digests are plain text. No value of a
 * secret and no token is among it, but for the one answer that a token is told in.
 */
import type { Limits, Route } from '../config/mod.ts';
import type { DeployStep, Scope, StickyBy, WeightedVersion } from '../control/mod.ts';

export interface ProjectResource {
  readonly id: string;
  readonly createdAt: string;
  /** What its functions may ask for at most. */
  readonly limits: Partial<Limits>;
  /** Workers of its own, which serve nothing else; 0 when it shares those of the node. */
  readonly workers: number;
}

export interface DeploymentResource {
  readonly weights: readonly WeightResource[];
  readonly stickyBy?: StickyBy;
  readonly at: string;
  /** The id of the token that made it. */
  readonly by: string;
}

export type WeightResource = { readonly [Key in keyof WeightedVersion]: number };

export interface FunctionResource {
  readonly project: string;
  readonly name: string;
  readonly createdAt: string;
  /** Another one after each change; its ETag. */
  readonly revision: number;
  /** All that there are, the oldest first. */
  readonly versions: readonly number[];
  readonly routes: readonly Route[];
  readonly deployment: DeploymentResource;
  /** What was deployed before, the newest first. */
  readonly before: readonly DeploymentResource[];
  /** Where its routes are reached at this node. */
  readonly urls: readonly string[];
}

export interface VersionResource {
  readonly project: string;
  readonly function: string;
  readonly version: number;
  readonly artifact: string;
  readonly artifactBytes: number;
  readonly kind: string;
  readonly settings: {
    readonly limits: Limits;
    readonly vars: Readonly<Record<string, string>>;
    readonly secrets: readonly string[];
    readonly allow: readonly string[];
  };
  readonly createdAt: string;
  readonly by: string;
  readonly message?: string;
  /** Where it answers whatever its share of the traffic is; none when the node has no preview addresses. */
  readonly previewUrl?: string;
}

export interface RouteResource extends Route {
  readonly function: string;
}

export interface SecretResource {
  readonly project: string;
  readonly name: string;
  readonly updatedAt: string;
}

export interface TokenResource {
  readonly id: string;
  readonly name: string;
  /** `*` is all of them, and the node itself. */
  readonly project: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly expiresAt?: string;
}

/** A new token, with what authenticates: it is told this once. */
export interface NewTokenResource extends TokenResource {
  readonly token: string;
}

export interface AuditResource {
  readonly id: string;
  readonly at: string;
  /** The id of the token. */
  readonly actor: string;
  readonly action: string;
  readonly project: string;
  readonly target: string;
  /** `done`, or the code of what was wrong. */
  readonly outcome: string;
  /** Of what was denied: where it came from, and how often within a minute. */
  readonly address?: string;
  readonly times?: number;
}

export interface ProgressResource {
  readonly step: DeployStep;
  readonly elapsedMs: number;
}

export interface DeployedResource {
  /** Whether there is a new version, or the latest one was the same. */
  readonly outcome: 'created' | 'unchanged';
  readonly version: VersionResource;
  readonly function: FunctionResource;
  /** What is different now, for people. */
  readonly changes: readonly string[];
  readonly steps: readonly ProgressResource[];
}

export interface LogLineResource {
  readonly at: string;
  /** Who says it: the function, or the node about it. */
  readonly source: 'guest' | 'platform';
  readonly level: 'info' | 'warn' | 'error';
  /** As the function wrote it: not to be shown at a terminal as it is. */
  readonly text: string;
  /** The permanent code of a failure. */
  readonly code?: string;
  /** Names its place: what comes after it is asked for with `after`. */
  readonly cursor: string;
}

export interface StatusResource {
  readonly version: string;
  readonly location?: string;
  readonly startedAt: string;
  /** Where functions are served. */
  readonly url: string;
  readonly generation: number;
  readonly workers: readonly {
    readonly index: number;
    /** Whose own it is; of a worker that all projects share, none. */
    readonly project?: string;
    readonly pid?: number;
    readonly state: string;
  }[];
}

export interface SnapshotResource {
  /** JSON text, signed as it stands. */
  readonly payload: string;
  readonly signature: string;
}

/** A part of a list. */
export interface PageResource<Item> {
  readonly items: readonly Item[];
  /** What to give as `after` for the rest; absent at the end. */
  readonly next?: string;
}

/** What a deploy is asked for with. */
export interface DeployInput {
  readonly artifact: string;
  readonly settings: {
    readonly limits?: Partial<Limits>;
    readonly vars?: Readonly<Record<string, string>>;
    readonly secrets?: readonly string[];
    readonly allow?: readonly string[];
  };
  readonly routes?: readonly Route[];
  readonly percent?: number;
  readonly stickyBy?: StickyBy | 'none';
  readonly message?: string;
  readonly force?: boolean;
}

export interface WeightsInput {
  readonly weights: readonly WeightResource[];
  readonly stickyBy?: StickyBy | 'none';
}

export interface NewProjectInput {
  readonly id: string;
  readonly limits?: Partial<Limits>;
}

export interface ProjectChangeInput {
  readonly workers: number;
}

export interface NewTokenInput {
  readonly name: string;
  readonly project: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: string;
}
