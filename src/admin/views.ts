/** From what the control plane keeps to what the API hands out. */
import { examplePath, formatAddress, localUrl, type Route } from '../config/mod.ts';
import type {
  AuditRecord,
  FunctionRecord,
  Deployment,
  LogLine,
  Page,
  Project,
  SecretInfo,
  TokenInfo,
  Version,
} from '../control/mod.ts';
import type {
  AuditResource,
  DeploymentResource,
  FunctionResource,
  LogLineResource,
  PageResource,
  ProjectResource,
  SecretResource,
  StatusResource,
  TokenResource,
  VersionResource,
} from './resources.ts';
import type { NodeStatusReport, Services } from './services.ts';

const timeText = (ms: number): string => new Date(ms).toISOString();

export function pageView<T, R>(page: Page<T>, view: (item: T) => R): PageResource<R> {
  return { items: page.items.map(view), ...(page.next === undefined ? {} : { next: page.next }) };
}

export function projectView({ id, createdAt, limits, workers }: Project): ProjectResource {
  return { id, createdAt: timeText(createdAt), limits, workers };
}

function deploymentView({ entries, stickyBy, at, by }: Deployment): DeploymentResource {
  return { weights: entries, ...(stickyBy === undefined ? {} : { stickyBy }), at: timeText(at), by };
}

export function functionView(record: FunctionRecord, services: Services): FunctionResource {
  const { address } = services.status.read();
  return {
    project: record.project,
    name: record.name,
    revision: record.revision,
    createdAt: timeText(record.createdAt),
    versions: record.versions,
    routes: record.routes,
    deployment: deploymentView(record.deployment),
    before: record.before.map(deploymentView),
    urls: record.routes.map((route) => routeUrl(route, address)),
  };
}

export function versionView(version: Version, services: Services): VersionResource {
  const { project, function: name, number, settings } = version;
  const host = services.control.functions.previewHost(project, name, number);
  return {
    project,
    function: name,
    version: number,
    artifact: version.artifact,
    artifactBytes: version.artifactBytes,
    kind: version.kind,
    settings: { limits: settings.limits, vars: settings.vars, secrets: settings.secrets, allow: settings.allow },
    createdAt: timeText(version.createdAt),
    by: version.by,
    ...(version.message === undefined ? {} : { message: version.message }),
    ...(host === undefined ? {} : { previewUrl: `http://${host}:${services.status.read().address.port}/` }),
  };
}

/** Where a route is reached; for one with a wildcard, some host and path that it takes. */
function routeUrl({ host, path }: Route, address: NodeStatusReport['address']): string {
  const at =
    host === undefined
      ? localUrl(address)
      : `http://${formatAddress({ host: host.replace(/^\*\./, 'any.'), port: address.port })}`;
  return `${at}${examplePath(path)}`;
}

export function secretView({ project, name, updatedAt }: SecretInfo): SecretResource {
  return { project, name, updatedAt: timeText(updatedAt) };
}

export function tokenView({ id, name, project, scopes, createdAt, expiresAt }: TokenInfo): TokenResource {
  return {
    id,
    name,
    project,
    scopes,
    createdAt: timeText(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: timeText(expiresAt) }),
  };
}

export function auditView(record: AuditRecord): AuditResource {
  const { id, at, actor, action, project, target, outcome, address, times } = record;
  return {
    id,
    at: timeText(at),
    actor,
    action,
    project,
    target,
    outcome,
    ...(address === undefined ? {} : { address }),
    ...(times === undefined ? {} : { times }),
  };
}

export function logLineView({ at, source, level, text, code, cursor }: LogLine): LogLineResource {
  return { at: timeText(at), source, level, text, ...(code === undefined ? {} : { code }), cursor };
}

export function statusView({
  version,
  location,
  startedAt,
  address,
  generation,
  workers,
}: NodeStatusReport): StatusResource {
  return {
    version,
    ...(location === undefined ? {} : { location }),
    startedAt: timeText(startedAt),
    url: localUrl(address),
    generation,
    workers: workers.map(({ index, project, pid, state }) => ({
      index,
      ...(project === undefined ? {} : { project }),
      state,
      ...(pid === undefined ? {} : { pid }),
    })),
  };
}
