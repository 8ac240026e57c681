import { MayflyError, type ProjectId, projectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { ControlContext } from './context.ts';
import { projectsMax } from './limits.ts';
import type { Projects } from './parts.ts';
import { checkLimits } from './settings.ts';
import type { Revision } from '../storage/mod.ts';
import { isConflict, page, pageSize, type Tables } from './tables.ts';
import type { Actor, Page, PageOptions, Project } from './types.ts';

/** Projects as records. */
export class RecordedProjects implements Projects {
  readonly #context: ControlContext;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  create(id: string, { limits = {} }: { readonly limits?: Partial<Limits> }, actor: Actor): Promise<Project> {
    const { audit, tables, tools, turns } = this.#context;
    return audit.around({ actor, action: 'project.create', project: id, target: 'project' }, async () => {
      const project: Project = { id: projectId(id), createdAt: tools.clock.wallMs(), limits, workers: 0 };
      checkLimits(limits);
      return turns.run(project.id, async () => {
        if ((await tables.projects.get(id)) !== undefined)
          throw new MayflyError('already_exists', { what: 'project', name: id });
        if ((await tables.projects.ids('', { limit: projectsMax })).length >= projectsMax)
          throw new MayflyError('too_many', { what: 'projects', limit: projectsMax });
        // Nothing of one that had this name before may come to the new one.
        await this.#purge(project.id);
        try {
          await tables.projects.put(project.id, project, 'absent');
        } catch (error) {
          throw isConflict(error) ? new MayflyError('already_exists', { what: 'project', name: id }) : error;
        }
        return project;
      });
    });
  }

  async list(options: PageOptions = {}): Promise<Page<Project>> {
    const size = pageSize(options);
    const { after } = options;
    const rows = await this.#context.tables.projects.list('', {
      limit: size + 1,
      ...(after === undefined ? {} : { after }),
    });
    return page(
      rows.map(({ value }) => value),
      size,
      ({ id }) => id,
    );
  }

  get(id: string): Promise<Project> {
    return this.#context.tables.project(id);
  }

  setWorkers(id: string, workers: number, actor: Actor): Promise<Project> {
    const { audit, turns } = this.#context;
    return audit.around({ actor, action: 'project.workers', project: id, target: 'project' }, () =>
      // In one turn for all projects, as they are counted together. No project has this name.
      turns.run('*workers', () => turns.run(id, () => this.#changeWorkers(id, workers))),
    );
  }

  /** The record first: how many workers serve a project changes no answer, so that nobody can see what a crash takes back. */
  async #changeWorkers(id: string, workers: number): Promise<Project> {
    const { policy, serving, tables } = this.#context;
    const found = await tables.projects.get(projectId(id));
    if (found === undefined) throw new MayflyError('not_found', { what: 'project', name: id });
    const { value: before, revision } = found;
    const project: Project = { ...before, workers };
    if (workers === before.workers) return before;
    const others = [...serving.workers].reduce((sum, [each, count]) => sum + (each === before.id ? 0 : count), 0);
    if (!Number.isSafeInteger(workers) || workers < 0 || others + workers > policy.ownWorkersMax)
      throw new MayflyError('too_many_workers', { workers, wanted: Math.max(0, policy.ownWorkersMax - others) });
    const written = await putProject(tables, project, revision);
    try {
      serving.setWorkers(before.id, workers);
      await serving.publish();
    } catch (error) {
      serving.setWorkers(before.id, before.workers);
      await putProject(tables, before, written).catch((cause: unknown) => {
        throw new MayflyError('outcome_unknown', { what: 'project', name: id }, { cause });
      });
      throw error;
    }
    return project;
  }

  delete(id: string, actor: Actor): Promise<void> {
    const { audit, serving, tables, turns } = this.#context;
    return audit.around({ actor, action: 'project.delete', project: id, target: 'project' }, () =>
      turns.run(id, async () => {
        const project = await tables.project(id);
        const functions = await tables.functions.ids(`${project.id}/`, { limit: 1 });
        if (functions.length > 0) throw new MayflyError('not_empty', { what: 'project', name: id, holds: 'functions' });
        // First what it owns: a project that is half deleted is still its owner's, and can be deleted again.
        await this.#purge(project.id);
        await tables.projects.delete(project.id, 'any');
        if (project.workers > 0) serving.setWorkers(project.id, 0);
      }),
    );
  }

  async #purge(project: ProjectId): Promise<void> {
    const { tables } = this.#context;
    for (const { value } of await tables.tokens.list('', {}, () => {}))
      if (value.project === project) await tables.tokens.delete(value.id, 'any');
    for (const table of [tables.secrets, tables.artifacts, tables.versions])
      for (const id of await table.ids(`${project}/`)) await table.delete(id, 'any');
  }
}

/** @throws MayflyError changed_meanwhile */
async function putProject(tables: Tables, project: Project, expected: Revision): Promise<Revision> {
  try {
    return await tables.projects.put(project.id, project, expected);
  } catch (error) {
    throw isConflict(error) ? new MayflyError('changed_meanwhile', { what: 'project', name: project.id }) : error;
  }
}
