import { errorText, type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import type { Records } from '../storage/mod.ts';
import { RecordedArtifacts } from './artifacts.ts';
import type { RecordedAuditLog } from './audit-log.ts';
import { type ControlContext, type ControlTools, makeContext } from './context.ts';
import { RecordedFunctions } from './functions.ts';
import type { Control } from './parts.ts';
import type { ControlPolicy, ServedVersion } from './ports.ts';
import { parsePreviewHost } from './preview-host.ts';
import { RecordedProjects } from './projects.ts';
import type { StoredFunction } from './schemas.ts';
import { RecordedSecrets } from './secrets.ts';
import type { Serving } from './serving.ts';
import { sweepArtifacts, sweepFunctions, sweepImages } from './sweep.ts';
import { functionId } from './tables.ts';
import { RecordedTokens } from './tokens.ts';
import type { TokenId } from './types.ts';

/** Who does what nobody asked for. */
const nodeActor = { id: 'node' as TokenId, project: '*', scopes: ['admin'] } as const; // no token has this id

/** So many generations are counted after one start: those of the next one are above them. */
const generationsPerStart = 1e9;
/** Functions that are looked up at once when a control plane is opened. */
const resolvedAtOnce = 4;

/**
 * The control plane of a node, over its records. All state that has to last is in the records; what is in memory is made from them when
 * it is opened.
 */
export class ControlPlane implements Control {
  readonly projects: RecordedProjects;
  readonly artifacts: RecordedArtifacts;
  readonly functions: RecordedFunctions;
  readonly secrets: RecordedSecrets;
  readonly tokens: RecordedTokens;
  readonly audit: RecordedAuditLog;
  readonly snapshots: Serving;
  /** What snapshots are signed with. */
  readonly publicKey: string;
  readonly #context: ControlContext;

  private constructor(context: ControlContext) {
    this.#context = context;
    this.projects = new RecordedProjects(context);
    this.artifacts = new RecordedArtifacts(context);
    this.functions = new RecordedFunctions(context, this.artifacts);
    this.secrets = new RecordedSecrets(context);
    this.tokens = new RecordedTokens(context);
    this.audit = context.audit;
    this.snapshots = context.serving;
    this.publicKey = context.signer.publicKey;
  }

  /**
   * Takes up what the records say. A function that cannot be served as it is does not keep the others from being served: what is wrong
   * with it is logged. Nothing is published yet: `publish` does that, once there is somebody to serve.
   */
  static async open(tools: ControlTools, policy: ControlPolicy): Promise<ControlPlane> {
    const context = makeContext(tools, policy, (await countStart(tools.records)) * generationsPerStart);
    const plane = new ControlPlane(context);
    const functions = new Map<string, StoredFunction>();
    const readable = new Set<string>();
    const all = await context.tables.functions.ids('');
    for (const { value } of await context.tables.functions.list('', {}, (bad) =>
      tools.log.error({ reason: bad.message }, 'a function cannot be read, it is not served'),
    )) {
      const id = functionId(value.project, value.name);
      functions.set(id, value);
      readable.add(id);
    }
    await sweepFunctions(context, functions, new Set(all.filter((id) => !readable.has(id))));
    await sweepArtifacts(context);
    for (const { value } of await context.tables.projects.list('', {}, () => {}))
      if (value.workers > 0) context.serving.setWorkers(value.id, value.workers);
    await plane.#takeUp([...functions.values()]);
    if ((await context.tables.projects.get(policy.anyHostProject)) === undefined)
      await plane.projects.create(policy.anyHostProject, {}, nodeActor);
    return plane;
  }

  /** Serves what is deployed. @throws whatever keeps it from being served */
  publish(): Promise<void> {
    return this.#context.serving.publish();
  }

  /** Whether something is served of a function. */
  isServed(project: string, name: string): boolean {
    // Only looked up: what is no name is not there.
    return this.#context.serving.get(project as ProjectId, name as FunctionName) !== undefined;
  }

  /** Removes what nobody uses any more; to be done every now and then. */
  async sweep(): Promise<void> {
    await sweepArtifacts(this.#context);
    await sweepImages(this.#context);
  }

  /** Makes a token for whoever runs the node. */
  async createOperatorToken(): Promise<string> {
    const { text } = await this.tokens.create({ name: 'operator', project: '*', scopes: ['admin'] }, nodeActor);
    return text;
  }

  /** What is behind a preview address, to be loaded. @throws MayflyError no_route */
  async preview(host: string): Promise<ServedVersion> {
    const { policy, serving, tables } = this.#context;
    const target = policy.previewDomain === undefined ? undefined : parsePreviewHost(host, policy.previewDomain);
    if (target === undefined) throw new MayflyError('no_route', {});
    const found = await tables.functions.get(functionId(target.project, target.function));
    if (found === undefined || !found.value.versions.includes(target.version)) throw new MayflyError('no_route', {});
    return serving.resolveVersion(await tables.version(found.value, target.version));
  }

  /** Few at once: each may have to be built, which takes a builder. */
  async #takeUp(functions: readonly StoredFunction[]): Promise<void> {
    const { serving } = this.#context;
    const queue = [...functions];
    const work = async (): Promise<void> => {
      for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
        try {
          serving.set(await serving.resolve(record));
        } catch (error) {
          this.#cannotServe(record.project, record.name, error);
        }
      }
    };
    await Promise.all(Array.from({ length: resolvedAtOnce }, work));
  }

  #cannotServe(project: ProjectId, name: FunctionName, error: unknown): void {
    const { log } = this.#context.tools;
    log.error({ project, function: name, reason: errorText(error) }, 'a function cannot be served');
  }
}

/** Counts how often a control plane has been opened over these records. */
async function countStart(records: Records): Promise<number> {
  const found = await records.get(startsKey);
  const starts = typeof found?.value === 'number' ? found.value + 1 : 1;
  await records.put(startsKey, starts, 'any');
  return starts;
}

const startsKey = 'control/starts';
