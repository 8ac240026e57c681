import { Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { newProjectSchema, pageQuerySchema, pageSchema, projectChangeSchema, projectSchema } from '../schemas.ts';
import { pageView, projectView } from '../views.ts';

/** Projects: the tenant boundary. A token of one project sees that one. */
export const projectEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'listProjects',
    method: 'GET',
    path: '/v1/projects',
    summary: 'The projects that the token is good for',
    access: { scope: Scope.read, reach: Reach.actor },
    query: pageQuerySchema,
    answer: pageSchema(projectSchema),
    status: 200,
    handle: async ({ query, actor }, { control }) => {
      if (actor.project === '*') return { body: pageView(await control.projects.list(query), projectView) };
      return {
        body: { items: query.after === undefined ? [projectView(await control.projects.get(actor.project))] : [] },
      };
    },
  }),
  endpoint({
    id: 'createProject',
    method: 'POST',
    path: '/v1/projects',
    summary: 'Create a project',
    access: { scope: Scope.admin, reach: Reach.node },
    body: newProjectSchema,
    answer: projectSchema,
    status: 201,
    handle: async ({ body, actor }, { control }) => {
      const limits = body.limits === undefined ? {} : { limits: body.limits };
      const project = await control.projects.create(body.id, limits, actor);
      return { body: projectView(project), headers: { Location: `/v1/projects/${project.id}` } };
    },
  }),
  endpoint({
    id: 'getProject',
    method: 'GET',
    path: '/v1/projects/{project}',
    summary: 'One project',
    access: { scope: Scope.read, reach: Reach.project },
    answer: projectSchema,
    status: 200,
    handle: async ({ params }, { control }) => ({ body: projectView(await control.projects.get(params.project)) }),
  }),
  endpoint({
    id: 'changeProject',
    method: 'PATCH',
    path: '/v1/projects/{project}',
    summary: 'Give a project workers of its own, or have it share those of the node again. No request is lost by that',
    access: { scope: Scope.admin, reach: Reach.node },
    body: projectChangeSchema,
    answer: projectSchema,
    status: 200,
    handle: async ({ params, body, actor }, { control }) => ({
      body: projectView(await control.projects.setWorkers(params.project, body.workers, actor)),
    }),
  }),
  endpoint({
    id: 'deleteProject',
    method: 'DELETE',
    path: '/v1/projects/{project}',
    summary: 'Delete a project that has no functions, and with it its secrets, tokens and artifacts',
    access: { scope: Scope.admin, reach: Reach.node },
    status: 204,
    handle: async ({ params, actor }, { control }) => {
      await control.projects.delete(params.project, actor);
      return {};
    },
  }),
];
