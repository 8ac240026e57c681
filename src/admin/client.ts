import { MayflyError } from '../base/mod.ts';
import { AdminProblem } from './admin-problem.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type {
  AuditResource,
  DeployedResource,
  DeployInput,
  FunctionResource,
  LogLineResource,
  NewProjectInput,
  NewTokenInput,
  NewTokenResource,
  PageResource,
  ProgressResource,
  ProjectChangeInput,
  ProjectResource,
  RouteResource,
  SecretResource,
  SnapshotResource,
  StatusResource,
  TokenResource,
  VersionResource,
  WeightsInput,
} from './resources.ts';

/** Which part of a list. */
export interface PageAsk {
  readonly limit?: number;
  readonly after?: string;
}

/** A change that is only made while the function's revision is still this one. */
export interface ChangeOptions {
  readonly expected?: number | undefined;
}

/** A POST that is done once, however often it is sent with this key. */
export interface OnceOptions {
  readonly idempotencyKey?: string | undefined;
}

/** Which lines of a log. */
export interface LogAsk {
  /** Only lines from this time on, RFC 3339. */
  readonly since?: string | undefined;
  /** Only lines behind the one of this cursor. */
  readonly after?: string | undefined;
}

/**
 * The admin API of a node, for programs: the command line's, tests', a dashboard's. Needs nothing but `fetch`.
 *
 * Every method throws AdminProblem with what the node says is wrong, and MayflyError node_unreachable or bad_answer.
 */
export class AdminClient {
  readonly #connection: Connection;

  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options);
  }

  /** Where the node is. */
  get url(): string {
    return this.#connection.url;
  }

  listProjects(page?: PageAsk): Promise<PageResource<ProjectResource>> {
    return this.#get(['projects'], { ...page });
  }

  getProject(project: string): Promise<ProjectResource> {
    return this.#get(['projects', project]);
  }

  createProject(input: NewProjectInput, options?: OnceOptions): Promise<ProjectResource> {
    return this.#post(['projects'], input, onceHeaders(options));
  }

  /** Returns once it is so: new workers serve by then. */
  changeProject(project: string, input: ProjectChangeInput): Promise<ProjectResource> {
    return this.#connection.json({ method: 'PATCH', path: ['projects', project], json: input });
  }

  async deleteProject(project: string): Promise<void> {
    await this.#delete(['projects', project]);
  }

  listFunctions(project: string, page?: PageAsk): Promise<PageResource<FunctionResource>> {
    return this.#get(['projects', project, 'functions'], { ...page });
  }

  getFunction(project: string, name: string): Promise<FunctionResource> {
    return this.#get(functionPath(project, name));
  }

  async deleteFunction(project: string, name: string, options?: ChangeOptions): Promise<void> {
    await this.#delete(functionPath(project, name), changeHeaders(options));
  }

  listVersions(project: string, name: string, page?: PageAsk): Promise<PageResource<VersionResource>> {
    return this.#get([...functionPath(project, name), 'versions'], { ...page });
  }

  getVersion(project: string, name: string, version: number): Promise<VersionResource> {
    return this.#get([...functionPath(project, name), 'versions', String(version)]);
  }

  setWeights(project: string, name: string, input: WeightsInput, options?: ChangeOptions): Promise<FunctionResource> {
    return this.#put([...functionPath(project, name), 'weights'], input, changeHeaders(options));
  }

  rollback(
    project: string,
    name: string,
    input: { readonly to?: number },
    options?: ChangeOptions & OnceOptions,
  ): Promise<FunctionResource> {
    const headers = { ...changeHeaders(options), ...onceHeaders(options) };
    return this.#post([...functionPath(project, name), 'rollback'], input, headers);
  }

  /** Whether the project has uploaded the artifact of this digest. */
  async hasArtifact(project: string, digest: string): Promise<boolean> {
    try {
      await this.#connection.send({ method: 'HEAD', path: ['projects', project, 'artifacts', digest] });
      return true;
    } catch (error) {
      if (error instanceof AdminProblem && error.status === 404) return false;
      throw error;
    }
  }

  async putArtifact(project: string, digest: string, bytes: Uint8Array): Promise<void> {
    await this.#connection.json({ method: 'PUT', path: ['projects', project, 'artifacts', digest], bytes });
  }

  /** Deploys what was uploaded. @param onProgress told what is done, as it is done */
  async deploy(
    project: string,
    name: string,
    input: DeployInput,
    onProgress: (progress: ProgressResource) => void = () => {},
    options?: ChangeOptions & OnceOptions,
  ): Promise<DeployedResource> {
    const headers = { ...changeHeaders(options), ...onceHeaders(options) };
    const path = [...functionPath(project, name), 'deployments'];
    const connection = this.#connection;
    for await (const { event, data } of connection.events({ method: 'POST', path, json: input, headers })) {
      // Both ends of the API are made from the same resources.
      if (event === 'progress') onProgress(connection.parse(data) as ProgressResource);
      if (event === 'result') return connection.parse(data) as DeployedResource; // as above
    }
    const reason = 'the connection was lost before the deploy was answered';
    throw new MayflyError('node_unreachable', { url: this.url, reason });
  }

  listRoutes(project: string, page?: PageAsk): Promise<PageResource<RouteResource>> {
    return this.#get(['projects', project, 'routes'], { ...page });
  }

  listSecrets(project: string, page?: PageAsk): Promise<PageResource<SecretResource>> {
    return this.#get(['projects', project, 'secrets'], { ...page });
  }

  getSecret(project: string, name: string): Promise<SecretResource> {
    return this.#get(['projects', project, 'secrets', name]);
  }

  putSecret(project: string, name: string, value: string): Promise<SecretResource> {
    return this.#put(['projects', project, 'secrets', name], { value });
  }

  async deleteSecret(project: string, name: string): Promise<void> {
    await this.#delete(['projects', project, 'secrets', name]);
  }

  /** The newest lines, the oldest of them first. */
  async getLogs(project: string, name: string, ask?: LogAsk & { readonly limit?: number }): Promise<LogLineResource[]> {
    const path = [...functionPath(project, name), 'logs'];
    const { items } = await this.#get<PageResource<LogLineResource>>(path, { ...ask });
    return [...items];
  }

  /** What is kept, and then each line as it is written, until `signal` or until the node ends it. */
  async *followLogs(
    project: string,
    name: string,
    ask: LogAsk,
    signal: AbortSignal,
  ): AsyncGenerator<LogLineResource, void> {
    const path = [...functionPath(project, name), 'logs'];
    const events = this.#connection.events({ method: 'GET', path, query: { ...ask, follow: '1' }, signal });
    // As above.
    for await (const { data } of events) yield this.#connection.parse(data) as LogLineResource;
  }

  listTokens(page?: PageAsk): Promise<PageResource<TokenResource>> {
    return this.#get(['tokens'], { ...page });
  }

  createToken(input: NewTokenInput, options?: OnceOptions): Promise<NewTokenResource> {
    return this.#post(['tokens'], input, onceHeaders(options));
  }

  async revokeToken(id: string): Promise<void> {
    await this.#delete(['tokens', id]);
  }

  listAudit(page?: PageAsk): Promise<PageResource<AuditResource>> {
    return this.#get(['audit'], { ...page });
  }

  getStatus(): Promise<StatusResource> {
    return this.#get(['status']);
  }

  /** The routing snapshot; undefined when there is none of a generation later than `after` within `waitMs`. */
  getSnapshot(ask?: { readonly after?: number; readonly waitMs?: number }): Promise<SnapshotResource | undefined> {
    return this.#get(['snapshot'], { ...ask });
  }

  getHealth(): Promise<{ readonly status: string }> {
    return this.#get(['health']);
  }

  getOpenApi(): Promise<Readonly<Record<string, unknown>>> {
    return this.#get(['openapi.json']);
  }

  #get<T>(path: readonly string[], query?: Readonly<Record<string, string | number | undefined>>): Promise<T> {
    return this.#connection.json<T>({ method: 'GET', path, query });
  }

  #put<T>(path: readonly string[], json: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.#connection.json<T>({ method: 'PUT', path, json, headers });
  }

  #post<T>(path: readonly string[], json: object, headers: Readonly<Record<string, string>>): Promise<T> {
    return this.#connection.json<T>({ method: 'POST', path, json, headers });
  }

  async #delete(path: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#connection.json({ method: 'DELETE', path, headers });
  }
}

/** All items of a list, page by page. */
export async function* everyItem<Item>(
  list: (page: PageAsk) => Promise<PageResource<Item>>,
): AsyncGenerator<Item, void> {
  let after: string | undefined;
  do {
    const page = await list(after === undefined ? {} : { after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

function functionPath(project: string, name: string): string[] {
  return ['projects', project, 'functions', name];
}

function changeHeaders(options: ChangeOptions | undefined): Record<string, string> {
  return options?.expected === undefined ? {} : { 'If-Match': `"${options.expected}"` };
}

function onceHeaders(options: OnceOptions | undefined): Record<string, string> {
  return options?.idempotencyKey === undefined ? {} : { 'Idempotency-Key': options.idempotencyKey };
}
