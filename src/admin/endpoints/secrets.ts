import { Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { pageQuerySchema, pageSchema, secretInputSchema, secretSchema } from '../schemas.ts';
import { pageView, secretView } from '../views.ts';

/** Secrets: values go in and never come out. */
export const secretEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'listSecrets',
    method: 'GET',
    path: '/v1/projects/{project}/secrets',
    summary: 'The secrets of a project, without their values',
    access: { scope: Scope.read, reach: Reach.project },
    query: pageQuerySchema,
    answer: pageSchema(secretSchema),
    status: 200,
    handle: async ({ params, query }, { control }) => ({
      body: pageView(await control.secrets.list(params.project, query), secretView),
    }),
  }),
  endpoint({
    id: 'getSecret',
    method: 'GET',
    path: '/v1/projects/{project}/secrets/{secret}',
    summary: 'One secret, without its value',
    access: { scope: Scope.read, reach: Reach.project },
    answer: secretSchema,
    status: 200,
    handle: async ({ params }, { control }) => ({
      body: secretView(await control.secrets.get(params.project, params.secret)),
    }),
  }),
  endpoint({
    id: 'putSecret',
    method: 'PUT',
    path: '/v1/projects/{project}/secrets/{secret}',
    summary: 'Set a secret; functions that have it get the new value',
    access: { scope: Scope.deploy, reach: Reach.project },
    body: secretInputSchema,
    answer: secretSchema,
    status: 200,
    handle: async ({ params, body, actor }, { control }) => ({
      body: secretView(await control.secrets.put(params.project, params.secret, body.value, actor)),
    }),
  }),
  endpoint({
    id: 'deleteSecret',
    method: 'DELETE',
    path: '/v1/projects/{project}/secrets/{secret}',
    summary: 'Delete a secret that no function has in use',
    access: { scope: Scope.deploy, reach: Reach.project },
    status: 204,
    handle: async ({ params, actor }, { control }) => {
      await control.secrets.delete(params.project, params.secret, actor);
      return {};
    },
  }),
];
