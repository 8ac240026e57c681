import { type FunctionRecord, Scope, type VersionNumber } from '../../control/mod.ts';
import { type Answer, type Endpoint, endpoint, Reach } from '../endpoint.ts';
import {
  functionSchema,
  pageQuerySchema,
  pageSchema,
  rollbackSchema,
  routeSchema,
  versionSchema,
  weightsSchema,
} from '../schemas.ts';
import type { FunctionResource } from '../resources.ts';
import type { Services } from '../services.ts';
import { functionView, pageView, versionView } from '../views.ts';

/** A function, and what `If-Match` can name it by. */
function functionAnswer(record: FunctionRecord, services: Services): Answer<FunctionResource> {
  return { body: functionView(record, services), headers: { ETag: `"${record.revision}"` } };
}

/** Functions, their versions, and how traffic is split between those. */
export const functionEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'listFunctions',
    method: 'GET',
    path: '/v1/projects/{project}/functions',
    summary: 'The functions of a project',
    access: { scope: Scope.read, reach: Reach.project },
    query: pageQuerySchema,
    answer: pageSchema(functionSchema),
    status: 200,
    handle: async ({ params, query }, services) => {
      const page = await services.control.functions.list(params.project, query);
      return { body: pageView(page, (record) => functionView(record, services)) };
    },
  }),
  endpoint({
    id: 'getFunction',
    method: 'GET',
    path: '/v1/projects/{project}/functions/{function}',
    summary: 'One function, with what is deployed and what was before',
    access: { scope: Scope.read, reach: Reach.project },
    answer: functionSchema,
    status: 200,
    handle: async ({ params }, services) => {
      const record = await services.control.functions.get(params.project, params.function);
      return functionAnswer(record, services);
    },
  }),
  endpoint({
    id: 'deleteFunction',
    method: 'DELETE',
    path: '/v1/projects/{project}/functions/{function}',
    summary: 'Delete a function with all of its versions; nothing of it is served when this is answered',
    condition: 'if-match',
    access: { scope: Scope.deploy, reach: Reach.project },
    status: 204,
    handle: async ({ params, actor, expected }, { control }) => {
      await control.functions.delete(params.project, params.function, actor, expected);
      return {};
    },
  }),
  endpoint({
    id: 'listVersions',
    method: 'GET',
    path: '/v1/projects/{project}/functions/{function}/versions',
    summary: 'The versions of a function, the newest first',
    access: { scope: Scope.read, reach: Reach.project },
    query: pageQuerySchema,
    answer: pageSchema(versionSchema),
    status: 200,
    handle: async ({ params, query }, services) => {
      const page = await services.control.functions.versions(params.project, params.function, query);
      return { body: pageView(page, (version) => versionView(version, services)) };
    },
  }),
  endpoint({
    id: 'getVersion',
    method: 'GET',
    path: '/v1/projects/{project}/functions/{function}/versions/{version}',
    summary: 'One version: its artifact and its settings, which never change',
    access: { scope: Scope.read, reach: Reach.project },
    answer: versionSchema,
    status: 200,
    handle: async ({ params }, services) => {
      const version = await services.control.functions.version(params.project, params.function, params.version);
      return { body: versionView(version, services) };
    },
  }),
  endpoint({
    id: 'setWeights',
    method: 'PUT',
    path: '/v1/projects/{project}/functions/{function}/weights',
    summary: 'Split the traffic of a function between its versions',
    condition: 'if-match',
    access: { scope: Scope.deploy, reach: Reach.project },
    body: weightsSchema,
    answer: functionSchema,
    status: 200,
    handle: async ({ params, body, actor, expected }, services) => {
      // Numbers that the schema has checked: whether there is such a version is for the control plane to say.
      const entries = body.weights.map(({ version, percent }) => ({ version: version as VersionNumber, percent }));
      const { functions } = services.control;
      const record = await functions.setWeights(
        params.project,
        params.function,
        entries,
        body.stickyBy,
        actor,
        expected,
      );
      return functionAnswer(record, services);
    },
  }),
  endpoint({
    id: 'rollback',
    method: 'POST',
    path: '/v1/projects/{project}/functions/{function}/rollback',
    summary: 'Go back to the deployment before, or give all traffic to one version',
    condition: 'if-match',
    access: { scope: Scope.deploy, reach: Reach.project },
    body: rollbackSchema,
    answer: functionSchema,
    status: 200,
    handle: async ({ params, body, actor, expected }, services) => {
      const record = await services.control.functions.rollback(
        params.project,
        params.function,
        body.to,
        actor,
        expected,
      );
      return functionAnswer(record, services);
    },
  }),
  endpoint({
    id: 'listRoutes',
    method: 'GET',
    path: '/v1/projects/{project}/routes',
    summary: 'What leads to the functions of a project',
    access: { scope: Scope.read, reach: Reach.project },
    query: pageQuerySchema,
    answer: pageSchema(routeSchema),
    status: 200,
    handle: async ({ params, query }, { control }) => {
      const page = await control.functions.routes(params.project, query);
      return { body: pageView(page, ({ route, function: name }) => ({ ...route, function: name })) };
    },
  }),
];
