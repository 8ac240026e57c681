import { z } from 'zod';
import { type Digest, type FunctionName, isDigest, isName, type ProjectId } from '../base/mod.ts';
import {
  isEnvName,
  limitNames,
  type Limits,
  limitWanted,
  type Route,
  routeHostWanted,
  routePathWanted,
} from '../config/mod.ts';
import type { Sealed } from './sealer.ts';
import {
  type AuditRecord,
  type Deployment,
  type FunctionRecord,
  type Project,
  Scope,
  type SecretInfo,
  type StickyBy,
  type TokenId,
  type TokenInfo,
  type Version,
  type VersionNumber,
  type VersionSettings,
} from './types.ts';

/**
 * The records of the control plane. They are read as strictly as input from outside: a store can be damaged, or hold what another
 * version of Mayfly wrote. Keys that a schema does not know are dropped.
 */

/** A function as it is kept; its revision is that of the record. */
export type StoredFunction = Omit<FunctionRecord, 'revision'>;

/** Who has claimed what on one host. */
export interface HostClaims {
  readonly claims: readonly Claim[];
}

export interface Claim {
  readonly path: string;
  readonly project: ProjectId;
  readonly function: FunctionName;
}

/** An artifact that a project has uploaded. */
export interface UploadedArtifact {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly uploadedAt: number;
}

export interface StoredSecret extends SecretInfo {
  readonly sealed: Sealed;
}

export interface StoredToken extends TokenInfo {
  /** Of the token's text, 64 hex digits. */
  readonly sha256: string;
}

/** Text that `isRight` takes, as a brand of its own. */
function branded<Type extends string>(isRight: (text: string) => boolean, wanted: string): z.ZodType<Type> {
  // Checked to be one.
  return z.string().refine(isRight, `${wanted} is wanted`) as unknown as z.ZodType<Type>;
}

const project = branded<ProjectId>(isName, 'a name');
const projectOrAll = z.union([z.literal('*'), project]);
const functionName = branded<FunctionName>(isName, 'a name');
const digest = branded<Digest>(isDigest, 'a digest');
const tokenId = branded<TokenId>((text) => /^[0-9a-z-]{1,64}$/.test(text), 'an id');
const time = z.number().nonnegative();
// Checked to be one.
const versionNumber = z.int().positive() as unknown as z.ZodType<VersionNumber>;

const envName = z.string().refine(isPlainEnvName, 'a variable’s name is wanted');
const vars = z.record(envName, z.string());

const limits = z
  .record(z.string(), z.number())
  .refine(
    (value) => limitNames.every((name) => limitWanted(name, value[name] ?? -1) === undefined),
    'limits are wanted',
  )
  // Checked to have them all.
  .transform((value) => Object.fromEntries(limitNames.map((name) => [name, value[name]])) as unknown as Limits);

const someLimits = z
  .record(z.string(), z.number())
  .refine((value) =>
    limitNames.every((name) => !Object.hasOwn(value, name) || limitWanted(name, value[name] ?? -1) === undefined),
  )
  .transform((value) => Object.fromEntries(Object.entries(value).filter(([name]) => isLimit(name))) as Partial<Limits>); // its names are those of limits

const route: z.ZodType<Route> = z
  .object({ host: z.string().optional(), path: z.string() })
  .refine(
    ({ host, path }) =>
      routePathWanted(path) === undefined && (host === undefined || routeHostWanted(host) === undefined),
    'a route is wanted',
  )
  .transform(({ host, path }) => (host === undefined ? { path } : { host, path }));

const stickyBy: z.ZodType<StickyBy> = z.union([z.object({ header: z.string() }), z.object({ cookie: z.string() })]);

const settings: z.ZodType<VersionSettings> = z.object({
  limits,
  vars,
  secrets: z.array(envName),
  allow: z.array(z.string()),
});

const deployment: z.ZodType<Deployment> = z.object({
  entries: z
    .array(z.object({ version: versionNumber, percent: z.int().min(1).max(100) }))
    .refine((entries) => entries.reduce((sum, { percent }) => sum + percent, 0) === 100, 'a sum of 100 is wanted'),
  stickyBy: stickyBy.optional(),
  at: time,
  by: tokenId,
});

export const projectSchema: z.ZodType<Project> = z.object({
  id: project,
  createdAt: time,
  limits: someLimits,
  // Records of before there were such workers have none.
  workers: z.int().nonnegative().default(0),
});

export const functionSchema: z.ZodType<StoredFunction> = z
  .object({
    project,
    name: functionName,
    createdAt: time,
    versions: z.array(versionNumber).min(1),
    routes: z.array(route),
    deployment,
    before: z.array(deployment),
  })
  .refine(
    ({ versions, deployment: { entries } }) => entries.every(({ version }) => versions.includes(version)),
    'a deployment of versions that there are is wanted',
  );

export const versionSchema: z.ZodType<Version> = z.object({
  project,
  function: functionName,
  number: versionNumber,
  artifact: digest,
  artifactBytes: z.int().nonnegative(),
  kind: z.string(),
  settings,
  createdAt: time,
  by: tokenId,
  message: z.string().optional(),
});

export const hostSchema: z.ZodType<HostClaims> = z.object({
  claims: z.array(
    z.object({
      path: z.string().refine((path) => routePathWanted(path) === undefined, 'a path is wanted'),
      project,
      function: functionName,
    }),
  ),
});

export const artifactSchema: z.ZodType<UploadedArtifact> = z.object({
  digest,
  sizeBytes: z.int().nonnegative(),
  uploadedAt: time,
});

export const secretSchema: z.ZodType<StoredSecret> = z.object({
  project,
  name: envName,
  updatedAt: time,
  sealed: z.object({ key: z.string(), iv: z.base64(), tag: z.base64(), text: z.base64() }),
});

export const tokenSchema: z.ZodType<StoredToken> = z.object({
  id: tokenId,
  name: z.string(),
  project: projectOrAll,
  scopes: z.array(z.enum(Scope)),
  createdAt: time,
  expiresAt: time.optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const auditSchema: z.ZodType<AuditRecord> = z.object({
  id: z.string(),
  at: time,
  actor: tokenId,
  action: z.string(),
  project: projectOrAll,
  target: z.string(),
  outcome: z.string(),
  address: z.string().optional(),
  times: z.int().positive().optional(),
});

/** Whether a variable can have this name. `__proto__` means something else to whatever copies objects on the way to a guest. */
export function isPlainEnvName(text: string): boolean {
  return isEnvName(text) && text !== '__proto__';
}

function isLimit(name: string): boolean {
  return limitNames.some((each) => each === name);
}
