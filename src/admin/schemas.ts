/**
 * The schemas of what comes in and what goes out: input is checked by them, and OpenAPI is made from them. Those with an id are its
 * components.
 */
import { z } from 'zod';
import { type LimitName, limitManuals, type Limits, type Route } from '../config/mod.ts';
import { DeployStep, Scope, type StickyBy } from '../control/mod.ts';
import { pageItemsDefault, pageItemsMax } from './limits.ts';
import { digestPattern, namePattern, secretNamePattern } from './params.ts';
import type * as resources from './resources.ts';

/** A schema of exactly `T`, under a name of its own in OpenAPI. */
function named<T>(id: string, schema: z.ZodType<T>): z.ZodType<T> {
  return schema.meta({ id });
}

const time = z.iso.datetime().describe('RFC 3339, in UTC');
const name = z.string().regex(namePattern, 'at most 63 lower-case letters, digits and inner hyphens are wanted');
const digest = z.string().regex(digestPattern, 'sha256: and 64 lower-case hexadecimal digits are wanted');
const versionNumber = z.int().min(1).max(999_999_999);
const secretName = z.string().regex(secretNamePattern, "a variable's name is wanted");
const tokenId = z.string().describe('The id of a token');
const scopes = z.array(z.enum(Scope)).min(1).max(3).describe('Each includes those behind it: admin, deploy, read');

function limit(limitName: LimitName): z.ZodType<number> {
  const manual = limitManuals.find((one) => one.name === limitName);
  return z
    .int()
    .min(manual?.range.min ?? 0)
    .max(manual?.range.max ?? 0)
    .describe(manual?.about ?? '');
}

const limitShape = {
  cpuMs: limit('cpuMs'),
  wallMs: limit('wallMs'),
  memoryBytes: limit('memoryBytes'),
  requestBodyBytes: limit('requestBodyBytes'),
  responseBodyBytes: limit('responseBodyBytes'),
  subrequests: limit('subrequests'),
  logBytes: limit('logBytes'),
} satisfies Record<LimitName, z.ZodType<number>>;
const limits: z.ZodType<Limits> = named('Limits', z.strictObject(limitShape));
const someLimits: z.ZodType<Partial<Limits>> = named(
  'SomeLimits',
  z.strictObject({
    cpuMs: limitShape.cpuMs.exactOptional(),
    wallMs: limitShape.wallMs.exactOptional(),
    memoryBytes: limitShape.memoryBytes.exactOptional(),
    requestBodyBytes: limitShape.requestBodyBytes.exactOptional(),
    responseBodyBytes: limitShape.responseBodyBytes.exactOptional(),
    subrequests: limitShape.subrequests.exactOptional(),
    logBytes: limitShape.logBytes.exactOptional(),
  }),
);

const vars = z
  .record(z.string().regex(secretNamePattern, "a variable's name of letters, digits and _"), z.string().max(65_536))
  .describe("The function's variables, for anybody to see");

const routeShape = {
  path: z
    .string()
    .min(1)
    .max(1024)
    .describe('An exact path, `/hello`, everything below one, `/api/*`, or a pattern, `/a/*/b`'),
  host: z
    .string()
    .min(1)
    .max(255)
    .exactOptional()
    .describe('`example.org`, or all below one, `*.example.org`; any when absent'),
};
const route: z.ZodType<Route> = named('Route', z.strictObject(routeShape));

const stickyName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'the name of a header or a cookie is wanted');
const stickyBy: z.ZodType<StickyBy> = named(
  'StickyBy',
  z.union([z.strictObject({ header: stickyName }), z.strictObject({ cookie: stickyName })]),
);
const stickyInput = z
  .union([stickyBy, z.literal('none')])
  .describe('What keeps a client at one version; when absent it stays as it is, `none` ends it');

const weight = z.strictObject({ version: versionNumber, percent: z.int().min(1).max(100) });
const weights = z.array(weight).min(1).max(10).describe('Each a different version; percents add up to 100');

const deployment: z.ZodType<resources.DeploymentResource> = named(
  'Deployment',
  z.strictObject({ weights, stickyBy: stickyBy.exactOptional(), at: time, by: tokenId }),
);

export const projectSchema: z.ZodType<resources.ProjectResource> = named(
  'Project',
  z.strictObject({
    id: name,
    createdAt: time,
    limits: someLimits.describe('What its functions may ask for at most'),
    workers: z
      .int()
      .min(0)
      .describe('Workers of its own, which serve nothing else; 0 when it shares those of the node'),
  }),
);

/** What can be changed of a project. */
export const projectChangeSchema: z.ZodType<resources.ProjectChangeInput> = named(
  'ProjectChangeInput',
  z.strictObject({
    workers: z.int().min(0).max(10_000).describe('Workers of its own; 0 has it share those of the node'),
  }),
);

export const functionSchema: z.ZodType<resources.FunctionResource> = named(
  'Function',
  z.strictObject({
    project: name,
    name,
    revision: z.int().describe('Another one after each change; its ETag'),
    createdAt: time,
    versions: z.array(versionNumber).describe('All that there are, the oldest first'),
    routes: z.array(route),
    deployment,
    before: z.array(deployment).describe('What was deployed before, the newest first'),
    urls: z.array(z.string()).describe('Where its routes are reached at this node'),
  }),
);

export const versionSchema: z.ZodType<resources.VersionResource> = named(
  'Version',
  z.strictObject({
    project: name,
    function: name,
    version: versionNumber,
    artifact: digest,
    artifactBytes: z.int().min(0),
    kind: z.string().describe('What the artifact is, such as `WASI command`'),
    settings: z.strictObject({ limits, vars, secrets: z.array(secretName), allow: z.array(z.string()) }),
    createdAt: time,
    by: tokenId,
    message: z.string().exactOptional(),
    previewUrl: z.string().exactOptional().describe('Where it answers whatever its share of the traffic is'),
  }),
);

export const routeSchema: z.ZodType<resources.RouteResource> = named(
  'RouteOfFunction',
  z.strictObject({ ...routeShape, function: name }),
);

export const secretSchema: z.ZodType<resources.SecretResource> = named(
  'Secret',
  z.strictObject({ project: name, name: secretName, updatedAt: time }),
);

const projectOrAll = z.union([name, z.literal('*')]).describe('A project, or `*` for all of them and the node itself');
const tokenShape = {
  id: z.string(),
  name: z.string(),
  project: projectOrAll,
  scopes,
  createdAt: time,
  expiresAt: time.exactOptional(),
};
export const tokenSchema: z.ZodType<resources.TokenResource> = named('Token', z.strictObject(tokenShape));
export const newTokenSchema: z.ZodType<resources.NewTokenResource> = named(
  'NewToken',
  z.strictObject({ ...tokenShape, token: z.string().describe('What authenticates. It is told this once') }),
);

export const auditSchema: z.ZodType<resources.AuditResource> = named(
  'AuditRecord',
  z.strictObject({
    id: z.string(),
    at: time,
    actor: tokenId,
    action: z.string(),
    project: projectOrAll,
    target: z.string(),
    outcome: z.string().describe('`done`, or the code of what was wrong'),
    address: z.string().exactOptional().describe('Where it came from, of what was denied'),
    times: z.int().positive().exactOptional().describe('How often within a minute, of what was denied'),
  }),
);

const progressSchema: z.ZodType<resources.ProgressResource> = named(
  'Progress',
  z.strictObject({ step: z.enum(DeployStep), elapsedMs: z.number() }),
);

export const deployedSchema: z.ZodType<resources.DeployedResource> = named(
  'Deployed',
  z.strictObject({
    outcome: z
      .enum(['created', 'unchanged'])
      .describe('Whether there is a new version, or the latest one was the same'),
    version: versionSchema,
    function: functionSchema,
    changes: z.array(z.string()).describe('What is different now, for people'),
    steps: z.array(progressSchema),
  }),
);

export const logLineSchema: z.ZodType<resources.LogLineResource> = named(
  'LogLine',
  z.strictObject({
    at: time,
    source: z.enum(['guest', 'platform']).describe('Who says it: the function, or the node about it'),
    level: z.enum(['info', 'warn', 'error']),
    text: z.string().describe('As the function wrote it: not to be shown at a terminal as it is'),
    code: z.string().exactOptional().describe('Of a failure'),
    cursor: z.string().describe('Names its place: what comes after it is asked for with `after`'),
  }),
);

export const statusSchema: z.ZodType<resources.StatusResource> = named(
  'Status',
  z.strictObject({
    version: z.string(),
    location: z.string().exactOptional(),
    startedAt: time,
    url: z.string().describe('Where functions are served'),
    generation: z.int(),
    workers: z.array(
      z.strictObject({
        index: z.int(),
        project: name.exactOptional().describe('Whose own it is; of a worker that all projects share, none'),
        pid: z.int().exactOptional(),
        state: z.string(),
      }),
    ),
  }),
);

export const snapshotSchema: z.ZodType<resources.SnapshotResource> = named(
  'Snapshot',
  z.strictObject({
    payload: z.string().describe('JSON text, signed as it stands'),
    signature: z.string().describe('Ed25519 over the payload, in base64url'),
  }),
);

/** The schema of a part of a list. */
export function pageSchema<T>(item: z.ZodType<T>): z.ZodType<resources.PageResource<T>> {
  return z.strictObject({
    items: z.array(item),
    next: z.string().exactOptional().describe('What to give as `after` for the rest; absent at the end'),
  });
}

/** Which part of a list. */
export interface PageQuery {
  readonly limit: number;
  readonly after?: string;
}
export const pageQuerySchema: z.ZodType<PageQuery> = z.strictObject({
  limit: wholeNumber(1, pageItemsMax).default(pageItemsDefault).describe('Items at most'),
  after: z.string().min(1).max(512).exactOptional().describe('The `next` of the part before'),
});

/** A number as it stands in a query. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/, `a whole number from ${min} to ${max} is wanted`)
    .meta({ type: 'integer', pattern: undefined, minimum: min, maximum: max })
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number from ${min} to ${max} is wanted`);
}

export const newProjectSchema: z.ZodType<resources.NewProjectInput> = named(
  'NewProjectInput',
  z.strictObject({ id: name, limits: someLimits.exactOptional() }),
);

export const deploySchema: z.ZodType<resources.DeployInput> = named(
  'DeployInput',
  z.strictObject({
    artifact: digest.describe('An artifact that was uploaded to the project before'),
    settings: z.strictObject({
      limits: someLimits.exactOptional(),
      vars: vars.exactOptional(),
      secrets: z.array(secretName).max(100).exactOptional().describe('Secrets that it gets as variables of their name'),
      allow: z.array(z.string().max(300)).max(100).exactOptional().describe('Hosts that it may send requests to'),
    }),
    routes: z
      .array(route)
      .max(100)
      .exactOptional()
      .describe('All that lead to it from now on; when absent they stay, and a new function gets `/NAME/*`'),
    percent: z.int().min(1).max(100).exactOptional().describe("The new version's share; all when absent"),
    stickyBy: stickyInput.exactOptional(),
    message: z.string().max(1000).exactOptional(),
    force: z.boolean().exactOptional().describe('A new version even when the latest is the same'),
  }),
);

export const weightsSchema: z.ZodType<resources.WeightsInput> = named(
  'WeightsInput',
  z.strictObject({ weights, stickyBy: stickyInput.exactOptional() }),
);

export const rollbackSchema: z.ZodType<{ readonly to?: number }> = named(
  'RollbackInput',
  z.strictObject({ to: versionNumber.exactOptional().describe('The version; the deployment before when absent') }),
);

export const secretInputSchema: z.ZodType<{ readonly value: string }> = named(
  'SecretInput',
  z.strictObject({ value: z.string().min(1).max(32_768).describe('It never comes out of the API again') }),
);

export const newTokenInputSchema: z.ZodType<resources.NewTokenInput> = named(
  'NewTokenInput',
  z.strictObject({
    name: z.string().min(1).max(100).describe('What people call it'),
    project: projectOrAll,
    scopes,
    expiresAt: time.exactOptional(),
  }),
);

/** RFC 9457, with a permanent code: see problem.ts. */
export const problemSchema: z.ZodType = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Permanent: programs may rely on it'),
    detail: z.string(),
    hint: z.string().optional(),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional().describe('Where in the body: a JSON pointer, as a URI fragment'),
          parameter: z.string().optional().describe('Which parameter of path or query'),
          detail: z.string(),
        }),
      )
      .optional(),
  }),
);
