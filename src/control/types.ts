import type { Brand, Digest, FunctionName, ProjectId } from '../base/mod.ts';
import type { Env, Limits, Route } from '../config/mod.ts';
import type { Revision } from '../storage/mod.ts';

/** What the control plane keeps, and what it hands out. Times are milliseconds since 1970-01-01 UTC. */

/** Counts the versions of one function, from 1. */
export type VersionNumber = Brand<number, 'VersionNumber'>;

/** Names a token without telling it. */
export type TokenId = Brand<string, 'TokenId'>;

/** The owner of functions, secrets and tokens: the tenant boundary. */
export interface Project {
  readonly id: ProjectId;
  readonly createdAt: number;
  /** What its functions may ask for at most. */
  readonly limits: Partial<Limits>;
  /** Workers of its own, which serve nothing else; 0 when it shares those of the node. */
  readonly workers: number;
}

/** What a version runs with, beside its artifact. */
export interface VersionSettings {
  readonly limits: Limits;
  /** Plain variables, for anybody to see. */
  readonly vars: Env;
  /** Names of the project's secrets that it gets as variables of the same name. */
  readonly secrets: readonly string[];
  /** Hosts that it may send requests to, `HOST` or `HOST:PORT`. */
  readonly allow: readonly string[];
}

/** An immutable pair of artifact and settings. */
export interface Version {
  readonly project: ProjectId;
  readonly function: FunctionName;
  readonly number: VersionNumber;
  readonly artifact: Digest;
  readonly artifactBytes: number;
  /** What the artifact turned out to be, such as `command`. */
  readonly kind: string;
  readonly settings: VersionSettings;
  readonly createdAt: number;
  readonly by: TokenId;
  readonly message?: string | undefined;
}

/** A version's share of the traffic. */
export interface WeightedVersion {
  readonly version: VersionNumber;
  /** A whole number from 1 to 100. */
  readonly percent: number;
}

/** What keeps a client at one version while weights stay as they are. */
export type StickyBy = { readonly header: string } | { readonly cookie: string };

/** Which versions of a function take traffic; percents add up to 100. */
export interface Deployment {
  readonly entries: readonly WeightedVersion[];
  readonly stickyBy?: StickyBy | undefined;
  readonly at: number;
  readonly by: TokenId;
}

/** A function, as it is now. One record: whatever changes together stands in it. */
export interface FunctionRecord {
  readonly project: ProjectId;
  readonly name: FunctionName;
  readonly createdAt: number;
  /** Of all versions that there are, the oldest first. A version that is not here does not exist. */
  readonly versions: readonly VersionNumber[];
  readonly routes: readonly Route[];
  readonly deployment: Deployment;
  /** What was deployed before, the newest first. */
  readonly before: readonly Deployment[];
  /** Changes with every change of the function. */
  readonly revision: Revision;
}

/** A secret, without its value. */
export interface SecretInfo {
  readonly project: ProjectId;
  readonly name: string;
  readonly updatedAt: number;
}

/** What a token allows. Each includes those below it: admin, deploy, read. */
export const Scope = { admin: 'admin', deploy: 'deploy', read: 'read' } as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

/** A token, without what authenticates it. */
export interface TokenInfo {
  readonly id: TokenId;
  /** What people call it. */
  readonly name: string;
  /** The project it is good for; `*` is all of them, and the node itself. */
  readonly project: ProjectId | '*';
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
}

/** On whose behalf something is done. A TokenInfo is one. */
export type Actor = Pick<TokenInfo, 'id' | 'project' | 'scopes' | 'expiresAt'>;

/** What somebody did, or tried to. */
export interface AuditRecord {
  /** Newest first when they are listed by it. */
  readonly id: string;
  readonly at: number;
  readonly actor: TokenId;
  /** Such as `deploy`, `rollback`, `secret.put`. */
  readonly action: string;
  /** The project it belongs to; `*` for what belongs to the node. */
  readonly project: ProjectId | '*';
  /** Such as `functions/cart`. */
  readonly target: string;
  /** `done`, or the code of what was wrong. */
  readonly outcome: string;
  /** Of what was denied: where it came from, and how often within a minute. */
  readonly address?: string | undefined;
  readonly times?: number | undefined;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to give as `after` for the rest; absent at the end. */
  readonly next?: string;
}

/** Which part of a list. */
export interface PageOptions {
  readonly after?: string;
  readonly limit?: number;
}

/** Asks for a deploy. */
export interface DeployRequest {
  /** One that was uploaded to the project before. */
  readonly artifact: Digest;
  /** Limits that are not named have their default, as far as the project allows it. */
  readonly settings: {
    readonly limits?: Partial<Limits>;
    readonly vars?: Env;
    readonly secrets?: readonly string[];
    readonly allow?: readonly string[];
  };
  /**
   * All that lead to the function from now on; when absent they stay as they are, and a new function of the default project gets
   * `/NAME/*`, and one of another project none.
   */
  readonly routes?: readonly Route[];
  /** The new version's share; what is deployed keeps the rest, in proportion. All when absent. */
  readonly percent?: number;
  /** When absent it stays as it is; `none` ends it. */
  readonly stickyBy?: StickyBy | 'none';
  readonly message?: string;
  /** What the function's record has to be at, if there has to be one. */
  readonly expected?: Revision | undefined;
  /** Makes a new version even when the latest is the same. */
  readonly force?: 'force';
}

/** What a deploy has done so far. */
export const DeployStep = {
  checked: 'checked',
  built: 'built',
  stored: 'stored',
  warm: 'warm',
  live: 'live',
} as const;
export type DeployStep = (typeof DeployStep)[keyof typeof DeployStep];

/** Told as a deploy goes on. */
export interface DeployProgress {
  readonly step: DeployStep;
  /** Since the deploy began. */
  readonly elapsedMs: number;
}

/** What a deploy came to. */
export interface Deployed {
  readonly version: Version;
  /** Whether there is a new version, or the latest one was the same. */
  readonly outcome: 'created' | 'unchanged';
  readonly function: FunctionRecord;
  /** What is different now, for people: `version 3 → 4`, `limits.cpuMs 50 → 100`, `route /cart/* is new`. */
  readonly changes: readonly string[];
  /** The host at which this version answers whatever its share is; undefined when the node has no preview addresses. */
  readonly previewHost: string | undefined;
  readonly steps: readonly DeployProgress[];
}
