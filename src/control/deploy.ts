import { isDeepStrictEqual } from 'node:util';
import { errorText, type FunctionName, functionName, isMayflyError, MayflyError } from '../base/mod.ts';
import { type Route, routeKey } from '../config/mod.ts';
import type { RecordedArtifacts } from './artifacts.ts';
import { changeServing } from './change-serving.ts';
import type { ControlContext } from './context.ts';
import { dropVersions } from './drop-versions.ts';
import { conflictRetriesMax, functionsPerProjectMax } from './limits.ts';
import { previewHost } from './preview-host.ts';
import type { Row } from './record-table.ts';
import { retained } from './retention.ts';
import type { StoredFunction } from './schemas.ts';
import { listChanges, resolveSettings, sameSettings, settingsChanges } from './settings.ts';
import { functionId, functionRecord, isConflict, versionId } from './tables.ts';
import {
  type Actor,
  type Deployed,
  type Deployment,
  type DeployProgress,
  type DeployRequest,
  DeployStep,
  type Project,
  type Version,
  type VersionNumber,
  type VersionSettings,
} from './types.ts';
import { shareWith } from './weights.ts';

/** What has been found out before anything is changed. */
interface Prepared {
  readonly project: Project;
  readonly name: FunctionName;
  readonly settings: VersionSettings;
  readonly artifactBytes: number;
  readonly kind: string;
}

/**
 * One deploy:
 *
 *     checked   names, settings, artifact, secrets                       nothing is changed yet
 *     built     the artifact has an image                                outside of the project's turn: others go on meanwhile
 *     stored    routes are claimed, the version's record is written      nobody sees it: its function does not list it
 *     warm      every worker has loaded it                               beside what it serves
 *     (commit)  the function's record is written                         from here on it is what a restart would serve
 *     live      every worker serves it                                   and it is acknowledged
 *
 * Whatever ends it before the commit leaves what was served; what is left behind then, nobody sees, and the next start removes it.
 */
export class Deploy {
  readonly #context: ControlContext;
  readonly #artifacts: RecordedArtifacts;
  readonly #request: DeployRequest;
  readonly #actor: Actor;
  readonly #onProgress: (progress: DeployProgress) => void;
  readonly #steps: DeployProgress[] = [];
  readonly #startMs: number;

  constructor(
    context: ControlContext,
    artifacts: RecordedArtifacts,
    request: DeployRequest,
    actor: Actor,
    onProgress: (progress: DeployProgress) => void,
  ) {
    this.#context = context;
    this.#artifacts = artifacts;
    this.#request = request;
    this.#actor = actor;
    this.#onProgress = onProgress;
    this.#startMs = context.tools.clock.monotonicMs();
  }

  async run(projectText: string, nameText: string): Promise<Deployed> {
    const { turns } = this.#context;
    const prepared = await this.#prepare(projectText, nameText);
    return turns.run(prepared.project.id, () => this.#change(prepared));
  }

  async #prepare(projectText: string, nameText: string): Promise<Prepared> {
    const { serving, tables, tools } = this.#context;
    const { artifact } = this.#request;
    const project = await tables.project(projectText);
    const name = functionName(nameText);
    const settings = resolveSettings(this.#request, project);
    const uploaded = await this.#artifacts.find(project.id, artifact);
    if (uploaded === undefined)
      throw new MayflyError('not_found', { what: 'artifact', name: String(artifact).slice(0, 100) });
    await serving.checkSecrets(project.id, settings.secrets);
    await this.#artifacts.touch(project.id, uploaded);
    this.#done(DeployStep.checked);
    const { kind } = await tools.images.prepare(artifact, settings.limits, project.id);
    this.#done(DeployStep.built);
    return { project, name, settings, artifactBytes: uploaded.sizeBytes, kind };
  }

  /** In the project's turn. */
  async #change(prepared: Prepared): Promise<Deployed> {
    const found = await this.#found(prepared);
    const current = found?.value;
    const latest = current === undefined ? undefined : await this.#latest(current);
    const routes = this.#routes(prepared, current);
    const same = this.#request.force === undefined && isSame(latest, this.#request, prepared) ? latest : undefined;
    if (same !== undefined && found !== undefined) {
      const record = this.#record(prepared, same, routes, current);
      if (isUnchanged(found.value, record)) return this.#result(same, 'unchanged', functionRecord(found), []);
    }
    // What is to be taken back when the deploy fails, the last first.
    const undo: (() => Promise<void>)[] = [];
    try {
      await this.#claim(prepared, routes, undo);
      const version = same ?? (await this.#writeVersion(prepared, latest, undo));
      this.#done(DeployStep.stored);
      const next = this.#record(prepared, version, routes, current);
      const id = functionId(prepared.project.id, prepared.name);
      const revision = await changeServing(this.#context, { id, next, found }, () => this.#done(DeployStep.warm));
      this.#done(DeployStep.live);
      await this.#tidy(current, next);
      const outcome = same === undefined ? 'created' : 'unchanged';
      return this.#result(version, outcome, { ...next, revision }, describeChanges(latest, version, current, next));
    } catch (error) {
      // What a function lists has to stay.
      if (!isMayflyError(error, 'outcome_unknown')) for (const each of undo.toReversed()) await this.#quietly(each);
      throw error;
    }
  }

  async #claim({ project, name }: Prepared, routes: readonly Route[], undo: (() => Promise<void>)[]): Promise<void> {
    const { claims } = this.#context;
    const claimant = { project: project.id, function: name };
    const claimed = await claims.claim(claimant, routes, this.#actor);
    undo.push(() => claims.release(claimant, claimed));
  }

  async #found({ project, name }: Prepared): Promise<Row<StoredFunction> | undefined> {
    const { tables } = this.#context;
    // It may have been deleted while the artifact was built.
    await tables.project(project.id);
    const found = await tables.functions.get(functionId(project.id, name));
    const { expected } = this.#request;
    if (expected !== undefined && found?.revision !== expected)
      throw new MayflyError('changed_meanwhile', { what: 'function', name });
    if (found !== undefined) return found;
    const there = await tables.functions.ids(`${project.id}/`, { limit: functionsPerProjectMax });
    if (there.length >= functionsPerProjectMax)
      throw new MayflyError('too_many', { what: 'functions', limit: functionsPerProjectMax });
    return undefined;
  }

  #latest(current: StoredFunction): Promise<Version> {
    return this.#context.tables.version(current, Math.max(...current.versions));
  }

  #routes({ project, name }: Prepared, current: StoredFunction | undefined): readonly Route[] {
    const { routes } = this.#request;
    if (routes !== undefined) return [...new Map(routes.map((route) => [routeKey(route), route])).values()];
    if (current !== undefined) return current.routes;
    // A new function that names no route gets one, where its project may have some on every host.
    return project.id === this.#context.policy.anyHostProject ? [{ path: `/${name}/*` }] : [];
  }

  async #writeVersion(
    prepared: Prepared,
    latest: Version | undefined,
    undo: (() => Promise<void>)[],
  ): Promise<Version> {
    const { tables, tools } = this.#context;
    const { artifact, message } = this.#request;
    const { project, name, settings, artifactBytes, kind } = prepared;
    for (let number = (latest?.number ?? 0) + 1, tries = 0; ; number++, tries++) {
      const version: Version = {
        project: project.id,
        function: name,
        number: number as VersionNumber, // the next one
        artifact,
        artifactBytes,
        kind,
        settings,
        createdAt: tools.clock.wallMs(),
        by: this.#actor.id,
        ...(message === undefined ? {} : { message }),
      };
      try {
        await tables.versions.put(versionId(project.id, name, version.number), version, 'absent');
        undo.push(() => tables.versions.delete(versionId(project.id, name, version.number), 'any'));
        return version;
      } catch (error) {
        // A deploy that was ended by a crash may have left its version.
        if (!isConflict(error) || tries >= conflictRetriesMax) throw error;
      }
    }
  }

  #record(
    { project, name }: Prepared,
    version: Version,
    routes: readonly Route[],
    current: StoredFunction | undefined,
  ): StoredFunction {
    const now = this.#context.tools.clock.wallMs();
    const { percent = 100, stickyBy } = this.#request;
    const kept = stickyBy === undefined ? current?.deployment.stickyBy : stickyBy === 'none' ? undefined : stickyBy;
    const deployment: Deployment = {
      entries: shareWith(current?.deployment.entries ?? [], version.number, percent),
      ...(kept === undefined ? {} : { stickyBy: kept }),
      at: now,
      by: this.#actor.id,
    };
    if (current === undefined) {
      return { project: project.id, name, createdAt: now, versions: [version.number], routes, deployment, before: [] };
    }
    const versions = current.versions.includes(version.number)
      ? current.versions
      : [...current.versions, version.number];
    const isMoved = !isDeepStrictEqual(deployment.entries, current.deployment.entries);
    return retained({
      ...current,
      versions,
      routes,
      deployment,
      before: isMoved ? [current.deployment, ...current.before] : current.before,
    });
  }

  /** Gives up what the function has no more. Nobody misses what is left when this fails: the next start removes it. */
  async #tidy(before: StoredFunction | undefined, after: StoredFunction): Promise<void> {
    if (before === undefined) return;
    const { claims } = this.#context;
    const routed = new Set(after.routes.map(routeKey));
    const gone = before.routes.filter((route) => !routed.has(routeKey(route)));
    await this.#quietly(() => claims.release({ project: after.project, function: after.name }, gone));
    const dropped = before.versions.filter((each) => !after.versions.includes(each));
    await this.#quietly(() => dropVersions(this.#context, after, dropped));
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.tools.log.warn({ reason: errorText(error) }, 'what a deploy has left is removed at the next start');
    }
  }

  #result(
    version: Version,
    outcome: Deployed['outcome'],
    record: Deployed['function'],
    changes: readonly string[],
  ): Deployed {
    const host = previewHost(this.#context.policy, version.project, version.function, version.number);
    return { version, outcome, function: record, changes, previewHost: host, steps: this.#steps };
  }

  #done(step: DeployStep): void {
    const progress: DeployProgress = { step, elapsedMs: this.#context.tools.clock.monotonicMs() - this.#startMs };
    this.#steps.push(progress);
    this.#onProgress(progress);
  }
}

function isSame(latest: Version | undefined, { artifact }: DeployRequest, { settings }: Prepared): boolean {
  return latest !== undefined && latest.artifact === artifact && sameSettings(latest.settings, settings);
}

function isUnchanged(current: StoredFunction, next: StoredFunction): boolean {
  return (
    isDeepStrictEqual(current.deployment.entries, next.deployment.entries) &&
    isDeepStrictEqual(current.deployment.stickyBy, next.deployment.stickyBy) &&
    isDeepStrictEqual(current.routes.map(routeKey), next.routes.map(routeKey))
  );
}

function describeChanges(
  latest: Version | undefined,
  version: Version,
  before: StoredFunction | undefined,
  after: StoredFunction,
): string[] {
  const changes: string[] = [];
  if (latest === undefined) changes.push(`version ${version.number} is the first`);
  else if (latest.number !== version.number) {
    changes.push(`version ${latest.number} → ${version.number}`);
    if (latest.artifact !== version.artifact) changes.push('another artifact');
    changes.push(...settingsChanges(latest.settings, version.settings));
  }
  const keys = (record: StoredFunction | undefined): string[] => record?.routes.map(routeKey) ?? [];
  changes.push(...listChanges('route', keys(before), keys(after)));
  return changes;
}
