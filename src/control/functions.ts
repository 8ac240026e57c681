import { errorText, type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import type { Revision } from '../storage/mod.ts';
import type { RecordedArtifacts } from './artifacts.ts';
import { changeServing } from './change-serving.ts';
import type { ControlContext } from './context.ts';
import { Deploy } from './deploy.ts';
import { dropVersions } from './drop-versions.ts';
import type { Functions, RouteOfFunction } from './parts.ts';
import { previewHost } from './preview-host.ts';
import type { Row } from './record-table.ts';
import { retained } from './retention.ts';
import type { StoredFunction } from './schemas.ts';
import { checkSticky } from './settings.ts';
import { functionId, functionRecord, isConflict, page, pageSize } from './tables.ts';
import type {
  Actor,
  Deployed,
  Deployment,
  DeployProgress,
  DeployRequest,
  FunctionRecord,
  Page,
  PageOptions,
  StickyBy,
  Version,
  VersionNumber,
  WeightedVersion,
} from './types.ts';
import { checkWeights } from './weights.ts';

/** Functions as records. */
export class RecordedFunctions implements Functions {
  readonly #context: ControlContext;
  readonly #artifacts: RecordedArtifacts;

  constructor(context: ControlContext, artifacts: RecordedArtifacts) {
    this.#context = context;
    this.#artifacts = artifacts;
  }

  async list(project: string, options: PageOptions = {}): Promise<Page<FunctionRecord>> {
    const { tables, tools } = this.#context;
    const { id } = await tables.project(project);
    const size = pageSize(options);
    const { after } = options;
    const rows = await tables.functions.list(
      `${id}/`,
      { limit: size + 1, ...(after === undefined ? {} : { after: `${id}/${after}` }) },
      (bad) => tools.log.error({ reason: bad.message }, 'a function cannot be read'),
    );
    return page(rows.map(functionRecord), size, ({ name }) => name);
  }

  async get(project: string, name: string): Promise<FunctionRecord> {
    return functionRecord(await this.#context.tables.function(project, name));
  }

  async versions(project: string, name: string, options: PageOptions = {}): Promise<Page<Version>> {
    const { tables } = this.#context;
    const { value } = await tables.function(project, name);
    const size = pageSize(options);
    const { after } = options;
    const numbers = value.versions
      .toSorted((a, b) => b - a)
      .filter((number) => after === undefined || number < Number(after))
      .slice(0, size + 1);
    const found = await Promise.all(numbers.map((number) => tables.version(value, number)));
    return page(found, size, ({ number }) => String(number));
  }

  async version(project: string, name: string, number: number): Promise<Version> {
    const { tables } = this.#context;
    return tables.version((await tables.function(project, name)).value, number);
  }

  async routes(project: string, options: PageOptions = {}): Promise<Page<RouteOfFunction>> {
    const { items, next } = await this.list(project, options);
    const routes = items.flatMap((one) => one.routes.map((route) => ({ route, function: one.name })));
    return next === undefined ? { items: routes } : { items: routes, next };
  }

  deploy(
    project: string,
    name: string,
    request: DeployRequest,
    actor: Actor,
    onProgress: (progress: DeployProgress) => void = () => {},
  ): Promise<Deployed> {
    const { audit } = this.#context;
    return audit.around({ actor, action: 'deploy', project, target: `functions/${name}` }, () =>
      new Deploy(this.#context, this.#artifacts, request, actor, onProgress).run(project, name),
    );
  }

  setWeights(
    project: string,
    name: string,
    entries: readonly WeightedVersion[],
    stickyBy: StickyBy | 'none' | undefined,
    actor: Actor,
    expected?: Revision,
  ): Promise<FunctionRecord> {
    return this.#change('weights.set', { project, name, actor, expected }, (current) => {
      checkSticky(stickyBy);
      const kept = stickyBy === undefined ? current.deployment.stickyBy : stickyBy === 'none' ? undefined : stickyBy;
      return {
        ...current,
        deployment: this.#deployment(checkWeights(entries, current.versions), kept, actor),
        before: [current.deployment, ...current.before],
      };
    });
  }

  rollback(
    project: string,
    name: string,
    to: number | undefined,
    actor: Actor,
    expected?: Revision,
  ): Promise<FunctionRecord> {
    return this.#change('rollback', { project, name, actor, expected }, (current) => {
      const { stickyBy } = current.deployment;
      if (to !== undefined) {
        // Checked to be one of the versions there are.
        const entries = checkWeights([{ version: to as VersionNumber, percent: 100 }], current.versions);
        const before = [current.deployment, ...current.before];
        return { ...current, deployment: this.#deployment(entries, stickyBy, actor), before };
      }
      const newest = Math.max(...current.deployment.entries.map(({ version }) => version));
      const index = current.before.findIndex(({ entries }) => entries.every(({ version }) => version !== newest));
      const target = current.before[index];
      if (target === undefined) throw new MayflyError('nothing_to_roll_back', { function: name });
      const deployment = this.#deployment(target.entries, stickyBy, actor);
      return { ...current, deployment, before: current.before.slice(index + 1) };
    });
  }

  delete(project: string, name: string, actor: Actor, expected?: Revision): Promise<void> {
    const { audit, serving, tables, turns } = this.#context;
    return audit.around({ actor, action: 'function.delete', project, target: `functions/${name}` }, () =>
      turns.run(project, async () => {
        const found = await this.#expect(project, name, expected);
        const { value } = found;
        try {
          await tables.functions.delete(functionId(value.project, value.name), found.revision);
        } catch (error) {
          throw isConflict(error) ? new MayflyError('changed_meanwhile', { what: 'function', name }) : error;
        }
        serving.remove(value.project, value.name);
        await serving.publish();
        await this.#forget(value);
      }),
    );
  }

  previewHost(project: ProjectId, name: FunctionName, version: VersionNumber): string | undefined {
    return previewHost(this.#context.policy, project, name, version);
  }

  #change(
    action: string,
    { project, name, actor, expected }: { project: string; name: string; actor: Actor; expected: Revision | undefined },
    change: (current: StoredFunction) => StoredFunction,
  ): Promise<FunctionRecord> {
    const { audit, turns } = this.#context;
    return audit.around({ actor, action, project, target: `functions/${name}` }, () =>
      turns.run(project, async () => {
        const found = await this.#expect(project, name, expected);
        const next = retained(change(found.value));
        const id = functionId(next.project, next.name);
        const revision = await changeServing(this.#context, { id, next, found }, () => {});
        const dropped = found.value.versions.filter((each) => !next.versions.includes(each));
        await this.#quietly(() => dropVersions(this.#context, next, dropped));
        return { ...next, revision };
      }),
    );
  }

  async #expect(project: string, name: string, expected: Revision | undefined): Promise<Row<StoredFunction>> {
    const found = await this.#context.tables.function(project, name);
    if (expected === undefined || found.revision === expected) return found;
    throw new MayflyError('changed_meanwhile', { what: 'function', name });
  }

  #deployment(entries: readonly WeightedVersion[], stickyBy: StickyBy | undefined, actor: Actor): Deployment {
    const at = this.#context.tools.clock.wallMs();
    return { entries, ...(stickyBy === undefined ? {} : { stickyBy }), at, by: actor.id };
  }

  /** Removes what a function leaves. */
  async #forget(record: StoredFunction): Promise<void> {
    const { project, name, routes, versions } = record;
    await this.#quietly(async () => {
      await this.#context.claims.release({ project, function: name }, routes);
      await dropVersions(this.#context, record, versions);
    });
  }

  /** Nobody misses what is left when `work` fails. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = errorText(error);
      this.#context.tools.log.warn({ reason }, 'what a function has left is removed at the next start');
    }
  }
}
