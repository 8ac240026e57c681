import type { Digest, FunctionName, ProjectId } from '../base/mod.ts';
import type { Limits, Route } from '../config/mod.ts';
import type { Revision } from '../storage/mod.ts';
import type {
  Actor,
  AuditRecord,
  Deployed,
  FunctionRecord,
  DeployProgress,
  DeployRequest,
  Page,
  PageOptions,
  Project,
  Scope,
  SecretInfo,
  StickyBy,
  TokenId,
  TokenInfo,
  Version,
  VersionNumber,
  WeightedVersion,
} from './types.ts';

/**
 * What the control plane can do, by noun. Names and values are checked here, whoever has checked them before; whether the actor may
 * do it is checked by who calls, with `mayAct`.
 */
export interface Control {
  readonly projects: Projects;
  readonly artifacts: Artifacts;
  readonly functions: Functions;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly audit: AuditLog;
  readonly snapshots: Snapshots;
}

export interface Projects {
  /** @throws MayflyError bad_name, already_exists, too_many, bad_limit */
  create(id: string, options: { readonly limits?: Partial<Limits> }, actor: Actor): Promise<Project>;
  list(options?: PageOptions): Promise<Page<Project>>;
  /** @throws MayflyError not_found */
  get(id: string): Promise<Project>;
  /**
   * Gives a project workers of its own, or with 0 has it share those of the node. It is served by them when this returns; when it
   * throws, all is as it was.
   * @throws MayflyError not_found, too_many, worker_failed, changed_meanwhile
   */
  setWorkers(id: string, workers: number, actor: Actor): Promise<Project>;
  /** Deletes a project without functions, and its secrets, tokens and artifacts. @throws MayflyError not_found, not_empty */
  delete(id: string, actor: Actor): Promise<void>;
}

export interface Artifacts {
  /** Takes an upload. @throws MayflyError not_found (project), blob_mismatch, blob_too_large */
  put(project: string, digest: Digest, source: AsyncIterable<Uint8Array>, actor: Actor): Promise<void>;
  /** Whether this project has uploaded it; what others have is not told. */
  has(project: string, digest: Digest): Promise<boolean>;
}

export interface Functions {
  list(project: string, options?: PageOptions): Promise<Page<FunctionRecord>>;
  /** @throws MayflyError not_found */
  get(project: string, name: string): Promise<FunctionRecord>;
  /** Nothing of it is served when this returns. @throws MayflyError not_found, changed_meanwhile */
  delete(project: string, name: string, actor: Actor, expected?: Revision): Promise<void>;
  /** The newest first; `after` is a version's number. @throws MayflyError not_found */
  versions(project: string, name: string, options?: PageOptions): Promise<Page<Version>>;
  /** @throws MayflyError not_found */
  version(project: string, name: string, number: number): Promise<Version>;
  /** What leads to the functions of a project. */
  routes(project: string, options?: PageOptions): Promise<Page<RouteOfFunction>>;
  /**
   * Makes a version and gives it traffic. When this returns, every worker serves it, and it survives whatever happens; when it throws,
   * what was served is served.
   * @throws MayflyError not_found (project, artifact), bad_name, bad_settings, bad_limit, bad_weights, secret_missing, route_conflict,
   *   host_taken, too_many, builder_failed, and whatever is wrong with the artifact
   */
  deploy(
    project: string,
    name: string,
    request: DeployRequest,
    actor: Actor,
    onProgress?: (progress: DeployProgress) => void,
  ): Promise<Deployed>;
  /** @throws MayflyError not_found, bad_weights, secret_missing, changed_meanwhile */
  setWeights(
    project: string,
    name: string,
    entries: readonly WeightedVersion[],
    stickyBy: StickyBy | 'none' | undefined,
    actor: Actor,
    expected?: Revision,
  ): Promise<FunctionRecord>;
  /**
   * Goes back to the last deployment that did without the newest version that is deployed now, or gives all traffic to version `to`.
   * @throws MayflyError not_found, nothing_to_roll_back, secret_missing, changed_meanwhile
   */
  rollback(
    project: string,
    name: string,
    to: number | undefined,
    actor: Actor,
    expected?: Revision,
  ): Promise<FunctionRecord>;
  /** The host at which a version answers; undefined when the node has no preview addresses. */
  previewHost(project: ProjectId, name: FunctionName, version: VersionNumber): string | undefined;
}

export interface RouteOfFunction {
  readonly route: Route;
  readonly function: FunctionName;
}

export interface Secrets {
  /**
   * Sets a secret; functions that have it get the new value before this returns.
   * @throws MayflyError not_found (project), bad_settings, too_many
   */
  put(project: string, name: string, value: string, actor: Actor): Promise<SecretInfo>;
  list(project: string, options?: PageOptions): Promise<Page<SecretInfo>>;
  /** @throws MayflyError not_found */
  get(project: string, name: string): Promise<SecretInfo>;
  /** @throws MayflyError not_found, secret_in_use */
  delete(project: string, name: string, actor: Actor): Promise<void>;
}

export interface NewToken {
  readonly name: string;
  readonly project: ProjectId | '*';
  readonly scopes: readonly Scope[];
  readonly expiresAt?: number;
}

export interface Tokens {
  /** `text` is what authenticates; it is told this once. @throws MayflyError not_found (project), bad_settings, too_many */
  create(token: NewToken, actor: Actor): Promise<{ readonly info: TokenInfo; readonly text: string }>;
  /** Those of one project, or with `*` all. */
  list(project: string, options?: PageOptions): Promise<Page<TokenInfo>>;
  /** @throws MayflyError not_found */
  get(id: string): Promise<TokenInfo>;
  /** It authenticates nobody from now on. @throws MayflyError not_found */
  revoke(id: TokenId, actor: Actor): Promise<void>;
  /** Whose token `text` is; undefined for one that is unknown, revoked or expired. */
  authenticate(text: string): Promise<TokenInfo | undefined>;
}

/** What somebody wanted of the admin API and was not let do. Nothing of it is the text of a token. */
export interface DeniedAttempt {
  /** Whose token it was; absent where there was none that is good for anything. */
  readonly actor?: TokenId | undefined;
  /** Where it concerns one project alone, and the one that asked. */
  readonly project: ProjectId | '*';
  /** What was asked for, without names that were made up. */
  readonly target: string;
  readonly address: string;
  /** The code of why not. */
  readonly outcome: string;
  /** How often, of late. */
  readonly times: number;
}

export interface AuditLog {
  append(entry: Omit<AuditRecord, 'id' | 'at'>): Promise<void>;
  /** Notes what somebody was not let do. As many of these as there are, they push out nothing of what was done. */
  denied(attempt: DeniedAttempt): Promise<void>;
  /** The newest first; of one project, or with `*` all. */
  list(project: string, options?: PageOptions): Promise<Page<AuditRecord>>;
}

/** A routing snapshot as it is handed out: `payload` is JSON text, signed as it stands. No value of a secret is in it. */
export interface SignedSnapshot {
  readonly payload: string;
  /** Ed25519 over the payload, in base64url. */
  readonly signature: string;
}

export interface Snapshots {
  readonly generation: number;
  current(): SignedSnapshot;
  /** The current one as soon as its generation is above `generation`; undefined when `signal` comes first. */
  after(generation: number, signal: AbortSignal): Promise<SignedSnapshot | undefined>;
}

/** One line that a function wrote, or that the node wrote about it. */
export interface LogLine {
  readonly at: number;
  readonly function: FunctionName;
  /** Who says it: the function, or the node about it. */
  readonly source: 'guest' | 'platform';
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  /** The permanent code of a failure. */
  readonly code?: string | undefined;
  /** Names its place, for `since`. */
  readonly cursor: string;
}

/** What functions write. Given by the node. */
export interface FunctionLogs {
  /** Kept lines after `since` (all when undefined), then, when `follow` is so, each as it is written, until `signal`. */
  read(
    project: ProjectId,
    name: FunctionName,
    options: { readonly since?: string; readonly follow: 'follow' | 'once'; readonly signal: AbortSignal },
  ): AsyncIterable<LogLine>;
}
