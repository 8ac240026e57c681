import { MayflyError, type ProjectId } from '../../base/mod.ts';
import { mayAct, Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { newTokenInputSchema, newTokenSchema, pageQuerySchema, pageSchema, tokenSchema } from '../schemas.ts';
import { pageView, tokenView } from '../views.ts';

/** Tokens. Whoever has the scope admin in a project manages that project's; to a token of one project, others do not exist. */
export const tokenEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'listTokens',
    method: 'GET',
    path: '/v1/tokens',
    summary: 'The tokens of the project that the token is good for, or all of them',
    access: { scope: Scope.admin, reach: Reach.actor },
    query: pageQuerySchema,
    answer: pageSchema(tokenSchema),
    status: 200,
    handle: async ({ query, actor }, { control }) => ({
      body: pageView(await control.tokens.list(actor.project, query), tokenView),
    }),
  }),
  endpoint({
    id: 'createToken',
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Create a token. Its answer has what authenticates, which is told this once',
    access: { scope: Scope.admin, reach: Reach.actor },
    body: newTokenInputSchema,
    answer: newTokenSchema,
    status: 201,
    secrecy: 'secret-answer',
    handle: async ({ body, actor }, { control, clock }) => {
      // The schema takes names and `*`.
      const project = body.project as ProjectId | '*';
      if (!mayAct(actor, project, Scope.admin)) throw outOfReach(project);
      const expiresAt = body.expiresAt === undefined ? undefined : Date.parse(body.expiresAt);
      if (expiresAt !== undefined && expiresAt <= clock.wallMs()) {
        throw new MayflyError('bad_input', {
          errors: [{ pointer: '#/expiresAt', detail: 'it is in the past, a time to come is wanted' }],
        });
      }
      const { name, scopes } = body;
      const expiry = expiresAt === undefined ? {} : { expiresAt };
      const { info, text } = await control.tokens.create(
        { name, project, scopes: [...new Set(scopes)], ...expiry },
        actor,
      );
      return { body: { ...tokenView(info), token: text } };
    },
  }),
  endpoint({
    id: 'revokeToken',
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    summary: 'Revoke a token: it authenticates nobody from now on',
    access: { scope: Scope.admin, reach: Reach.actor },
    status: 204,
    handle: async ({ params, actor }, { control }) => {
      const { project } = await control.tokens.get(params.token);
      if (!mayAct(actor, project, Scope.admin))
        throw new MayflyError('not_found', { what: 'token', name: params.token });
      await control.tokens.revoke(params.token, actor);
      return {};
    },
  }),
];

/** To a token of one project, other projects do not exist, and the node as a whole is not its to give away. */
function outOfReach(project: ProjectId | '*'): MayflyError {
  if (project === '*')
    return new MayflyError('forbidden', { reason: 'it is good for one project, a token of the whole node is wanted' });
  return new MayflyError('not_found', { what: 'project', name: project });
}
