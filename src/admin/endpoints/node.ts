import { z } from 'zod';
import { Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { auditSchema, pageQuerySchema, pageSchema, snapshotSchema, statusSchema, wholeNumber } from '../schemas.ts';
import { auditView, pageView, statusView } from '../views.ts';

const snapshotQuery: z.ZodType<{ readonly after?: number; readonly waitMs: number }> = z.strictObject({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).exactOptional().describe('Only one of a later generation'),
  waitMs: wholeNumber(0, 60_000).default(0).describe('How long to wait for one'),
});

/** The node itself, and what was done on it. */
export const nodeEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'getHealth',
    method: 'GET',
    path: '/v1/health',
    summary: 'Whether the admin API answers',
    access: 'public',
    answer: z.strictObject({ status: z.literal('ok') }),
    status: 200,
    handle: () => ({ body: { status: 'ok' as const } }),
  }),
  endpoint({
    id: 'getStatus',
    method: 'GET',
    path: '/v1/status',
    summary: 'How the node is: its workers, and what it serves',
    access: { scope: Scope.read, reach: Reach.node },
    answer: statusSchema,
    status: 200,
    handle: (_call, { status }) => ({ body: statusView(status.read()) }),
  }),
  endpoint({
    id: 'getSnapshot',
    method: 'GET',
    path: '/v1/snapshot',
    summary:
      'The routing snapshot, signed; 204 when there is none of a later generation. No value of a secret is in it',
    access: { scope: Scope.admin, reach: Reach.node },
    query: snapshotQuery,
    answer: snapshotSchema,
    status: 200,
    handle: async ({ query, signal }, { control }) => {
      const { snapshots } = control;
      if (query.after === undefined) return { body: snapshots.current() };
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(query.waitMs)]);
      const snapshot = await snapshots.after(query.after, deadline);
      return snapshot === undefined ? { status: 204 } : { body: snapshot };
    },
  }),
  endpoint({
    id: 'listAudit',
    method: 'GET',
    path: '/v1/audit',
    summary: 'What was done or tried in the project that the token is good for, or everywhere; the newest first',
    access: { scope: Scope.admin, reach: Reach.actor },
    query: pageQuerySchema,
    answer: pageSchema(auditSchema),
    status: 200,
    handle: async ({ query, actor }, { control }) => ({
      body: pageView(await control.audit.list(actor.project, query), auditView),
    }),
  }),
];
