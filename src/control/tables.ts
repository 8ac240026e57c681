import { type FunctionName, functionName, isMayflyError, MayflyError, type ProjectId, projectId } from '../base/mod.ts';
import type { Records } from '../storage/mod.ts';
import { pageSizeDefault, pageSizeMax } from './limits.ts';
import { RecordTable, type Row } from './record-table.ts';
import {
  artifactSchema,
  auditSchema,
  functionSchema,
  type HostClaims,
  hostSchema,
  projectSchema,
  secretSchema,
  type StoredFunction,
  type StoredSecret,
  type StoredToken,
  tokenSchema,
  type UploadedArtifact,
  versionSchema,
} from './schemas.ts';
import type { AuditRecord, FunctionRecord, Page, PageOptions, Project, Version, VersionNumber } from './types.ts';

/**
 * All records of the control plane:
 *
 *     projects/<project>                            functions/<project>/<function>      the pointer: versions, deployment, routes
 *     artifacts/<project>/<hex>                     versions/<project>/<function>/<n>   immutable; real once its function lists it
 *     secrets/<project>/<NAME>                      routes/<host>                       see route-claims.ts
 *     tokens/<id>                                   audit/<time and count>              denied/<time and count>
 */
export class Tables {
  readonly projects: RecordTable<Project>;
  readonly functions: RecordTable<StoredFunction>;
  readonly versions: RecordTable<Version>;
  readonly hosts: RecordTable<HostClaims>;
  readonly artifacts: RecordTable<UploadedArtifact>;
  readonly secrets: RecordTable<StoredSecret>;
  readonly tokens: RecordTable<StoredToken>;
  readonly audit: RecordTable<AuditRecord>;
  readonly denied: RecordTable<AuditRecord>;

  constructor(records: Records) {
    this.projects = new RecordTable(records, 'projects', projectSchema);
    this.functions = new RecordTable(records, 'functions', functionSchema);
    this.versions = new RecordTable(records, 'versions', versionSchema);
    this.hosts = new RecordTable(records, 'routes', hostSchema);
    this.artifacts = new RecordTable(records, 'artifacts', artifactSchema);
    this.secrets = new RecordTable(records, 'secrets', secretSchema);
    this.tokens = new RecordTable(records, 'tokens', tokenSchema);
    this.audit = new RecordTable(records, 'audit', auditSchema);
    this.denied = new RecordTable(records, 'denied', auditSchema);
  }

  /** @throws MayflyError bad_name, not_found */
  async project(id: string): Promise<Project> {
    const found = await this.projects.get(projectId(id));
    if (found === undefined) throw new MayflyError('not_found', { what: 'project', name: id });
    return found.value;
  }

  /** @throws MayflyError bad_name, not_found */
  async function(project: string, name: string): Promise<Row<StoredFunction>> {
    const found = await this.functions.get(functionId(projectId(project), functionName(name)));
    if (found === undefined) throw new MayflyError('not_found', { what: 'function', name });
    return found;
  }

  /** A version that its function lists. @throws MayflyError not_found */
  async version({ project, name, versions }: StoredFunction, number: number): Promise<Version> {
    const listed = versions.find((each) => each === number);
    const found = listed === undefined ? undefined : await this.versions.get(versionId(project, name, listed));
    if (found === undefined) throw new MayflyError('not_found', { what: 'version', name: String(number) });
    return found.value;
  }
}

export function functionId(project: ProjectId, name: FunctionName): string {
  return `${project}/${name}`;
}

export function versionId(project: ProjectId, name: FunctionName, number: VersionNumber): string {
  return `${project}/${name}/${number}`;
}

/** A function's record as it is handed out. */
export function functionRecord({ value, revision }: Row<StoredFunction>): FunctionRecord {
  return { ...value, revision };
}

/** How many to list: one more than asked for tells whether there are more. */
export function pageSize({ limit }: PageOptions): number {
  if (limit === undefined || !Number.isInteger(limit)) return pageSizeDefault;
  return Math.min(Math.max(limit, 1), pageSizeMax);
}

/** Makes a page of `found`, which has one more than `size` when there is a next one. */
export function page<Item>(found: readonly Item[], size: number, cursor: (item: Item) => string): Page<Item> {
  const items = found.slice(0, size);
  const last = items.at(-1);
  return found.length > size && last !== undefined ? { items, next: cursor(last) } : { items };
}

/** Whether `error` says that somebody else came before. */
export function isConflict(error: unknown): boolean {
  return isMayflyError(error, 'record_conflict');
}
