import { MayflyError, type ProjectId, projectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { ControlContext } from './context.ts';
import { projectsMax } from './limits.ts';
import type { Projects } from './parts.ts';
import { checkLimits } from './settings.ts';
import { isConflict, page, pageSize } from './tables.ts';
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
      const project: Project = { id: projectId(id), createdAt: tools.clock.wallMs(), limits };
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

  delete(id: string, actor: Actor): Promise<void> {
    const { audit, tables, turns } = this.#context;
    return audit.around({ actor, action: 'project.delete', project: id, target: 'project' }, () =>
      turns.run(id, async () => {
        const project = await tables.project(id);
        const functions = await tables.functions.ids(`${project.id}/`, { limit: 1 });
        if (functions.length > 0) throw new MayflyError('not_empty', { what: 'project', name: id, holds: 'functions' });
        // First what it owns: a project that is half deleted is still its owner's, and can be deleted again.
        await this.#purge(project.id);
        await tables.projects.delete(project.id, 'any');
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
