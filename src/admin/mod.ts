/**
 * The admin API of a node: REST under /v1, problem+json, bearer tokens; and the one client of it. The way of a request:
 *
 *     server.ts         strict parsing, a time limit on everything a client can be slow at
 *     api.ts            head → host → endpoint → token → project and scope → body → once? → handler → answer
 *       request-head.ts   what node's parser leaves unchecked
 *       router.ts         method and path → endpoint
 *       request-body.ts   JSON that means the same to everybody (strict-json.ts), or bytes as they come
 *       idempotency.ts    a POST with a key is done once
 *     endpoints/        a file for each noun: what it takes, what it answers, who may use it, and what it calls of control/
 *     reply.ts          JSON, a problem (problem.ts), or events (event-stream.ts)
 *
 *     schemas.ts        check the input; OpenAPI is made from them (openapi.ts)
 *     resources.ts      what stands in answers; client.ts gives and takes the same
 *
 * An endpoint names the scope that it takes and whose things it is about: tests are made from the same table.
 */
export { AdminProblem } from './admin-problem.ts';
export { AdminClient, type ChangeOptions, everyItem, type LogAsk, type OnceOptions, type PageAsk } from './client.ts';
export { type EndpointManual, loadAdminManual } from './manual.ts';
export type * from './resources.ts';
export { AdminServer, type AdminServerOptions, type AdminServerParts } from './server.ts';
export type { AdminLog, NodeStatus, NodeStatusReport, WorkerStatus } from './services.ts';
