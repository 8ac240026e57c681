import type { IncomingMessage } from 'node:http';
import { Fault, isMayflyError, MayflyError, type ProjectId } from '../base/mod.ts';
import { type Actor, mayAct, type TokenId } from '../control/mod.ts';
import type { Revision } from '../storage/mod.ts';
import { type Access, type Answer, type Endpoint, type RawCall, Reach } from './endpoint.ts';
import type { DeniedAttempts } from './denied-attempts.ts';
import type { EventStream } from './event-stream.ts';
import type { Idempotency } from './idempotency.ts';
import type { AdminLimits } from './limits.ts';
import { Quota } from './quota.ts';
import type { Reply } from './reply.ts';
import { checkMediaType, hasBody, readBytes, readJsonBody } from './request-body.ts';
import { onlyHeader, readRequestHead, type RequestHead } from './request-head.ts';
import { Router } from './router.ts';
import type { AdminLog, Services } from './services.ts';

/** What the API is made of. */
export interface ApiParts {
  readonly services: Services;
  readonly endpoints: readonly Endpoint[];
  readonly idempotency: Idempotency;
  readonly denied: DeniedAttempts;
  readonly log: AdminLog;
}

/** Which hosts a request may be for: on loopback only its own names, whatever a browser was told that others point to. */
export type HostPolicy = 'loopback' | 'any';

/** A request of somebody who need not say who it is. */
const nobody: Actor = { id: '' as TokenId, project: '' as ProjectId, scopes: [] }; // names nothing, and may do nothing

const artifactTypes = ['application/wasm', 'application/octet-stream'];
const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;
const loopbackNames = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The way of a request through the admin API. Nothing of its body is read, and nothing is looked up for it, before it is known who
 * sent it and that they may:
 *
 *     head → host → endpoint → token → project and scope → body → once? → handler → answer
 */
export class Api {
  readonly #parts: ApiParts;
  readonly #limits: AdminLimits;
  readonly #hosts: HostPolicy;
  readonly #router: Router<Endpoint>;
  readonly #uploads: Quota;
  readonly #streams: Quota;

  constructor(parts: ApiParts, limits: AdminLimits, hosts: HostPolicy) {
    this.#parts = parts;
    this.#limits = limits;
    this.#hosts = hosts;
    this.#router = new Router(parts.endpoints);
    this.#uploads = new Quota('uploads', limits.uploadsMax);
    this.#streams = new Quota('streams of events', limits.streamsMax);
  }

  /** Answers a request. Never throws. @param expects whether the client waits to be told before it sends its body */
  async serve(req: IncomingMessage, reply: Reply, expects: 'nothing' | 'continue'): Promise<void> {
    try {
      await this.#serve(req, reply, expects);
    } catch (error) {
      // What a client or a guest did is theirs to know: with it they could fill the log.
      const isOurs = !isMayflyError(error) || error.fault === Fault.bug || error.fault === Fault.operator;
      // The query may have what the client minds.
      if (isOurs)
        this.#parts.log.error({ err: error, method: req.method, path: req.url?.split('?')[0] }, 'admin request failed');
      reply.problem(error, isPreconditionFailed(req, error) ? 412 : undefined);
    }
  }

  async #serve(req: IncomingMessage, reply: Reply, expects: 'nothing' | 'continue'): Promise<void> {
    const head = readRequestHead(req);
    if (this.#hosts === 'loopback' && !loopbackNames.test(head.hostname)) {
      throw new MayflyError('wrong_host', { host: head.hostname });
    }
    const { endpoint, params } = this.#router.match(head.method, head.segments);
    const { access, bodyKind } = endpoint;
    const actor = access === 'public' ? nobody : await this.#admit(req, endpoint, access, params['project']);

    if (bodyKind === 'none' && hasBody(req)) {
      throw new MayflyError('bad_request', { reason: 'it has a body, none is wanted here' });
    }
    if (bodyKind !== 'none') {
      checkMediaType(req, bodyKind === 'json' ? ['application/json'] : artifactTypes);
      if (expects === 'continue') reply.continue();
    }
    const { jsonBytesMax, jsonTimeoutMs } = this.#limits;
    const json = bodyKind === 'json' ? await readJsonBody(req, jsonBytesMax, jsonTimeoutMs) : undefined;

    const isTold = endpoint.kind === 'progress' && acceptsEvents(req);
    const call: RawCall = {
      params,
      query: head.query,
      json,
      actor,
      expected: expectedRevision(req, endpoint),
      signal: reply.signal,
      bytes: () => this.#upload(req, actor),
      progress: (event) => void (isTold ? reply.events().send('progress', event) : undefined),
      events: () => this.#openStream(reply, actor),
    };
    const run = async (): Promise<Answer> => {
      try {
        return { status: endpoint.status, ...(await endpoint.run(call, this.#parts.services)) };
      } catch (error) {
        // Of what nobody but the handler can know to be out of reach.
        if (isMayflyError(error, 'forbidden')) this.#noteDenied(req, endpoint, actor, '*', error);
        throw error;
      }
    };
    const key = head.method === 'POST' ? idempotencyKey(req) : undefined;
    const answer =
      key === undefined
        ? await run()
        : await this.#parts.idempotency.once(
            {
              token: actor.id,
              key,
              request: JSON.stringify([head.method, head.segments, head.query, json]),
              answer: endpoint.secrecy === undefined ? 'kept' : 'secret',
            },
            run,
          );
    reply.answer(
      { ...answer, headers: { ...nextLink(head, answer.body), ...answer.headers } },
      isTold ? 'events' : 'json',
    );
  }

  /** @throws MayflyError unauthorized, forbidden, not_found for what belongs to another project */
  async #admit(
    req: IncomingMessage,
    endpoint: Endpoint,
    access: Exclude<Access, 'public'>,
    project: string | undefined,
  ): Promise<Actor> {
    let actor: Actor | undefined;
    try {
      actor = await this.#parts.services.control.tokens.authenticate(bearerToken(req));
      if (actor === undefined) {
        throw new MayflyError('unauthorized', { reason: 'its token is unknown, revoked or expired' });
      }
      checkAccess(actor, access, project);
      return actor;
    } catch (error) {
      // What a token of one project tries in another concerns nobody but whoever runs the node.
      const concerns = actor !== undefined && isMayflyError(error, 'forbidden') ? actor.project : '*';
      if (isDenial(error)) this.#noteDenied(req, endpoint, actor, concerns, error);
      throw error;
    }
  }

  #noteDenied(
    { socket }: IncomingMessage,
    { method, path }: Endpoint,
    actor: Actor | undefined,
    project: ProjectId | '*',
    { code: outcome }: MayflyError,
  ): void {
    // A socket in the file system has no address.
    const address = socket.remoteAddress ?? 'local';
    this.#parts.denied.note({ actor: actor?.id, project, target: `${method} ${path}`, address, outcome });
  }

  async *#upload(req: IncomingMessage, actor: Actor): AsyncGenerator<Uint8Array, void> {
    const giveBack = this.#uploads.take(actor.project);
    try {
      yield* readBytes(req, this.#limits.artifactBytesMax);
    } finally {
      giveBack();
    }
  }

  #openStream(reply: Reply, actor: Actor): EventStream {
    const giveBack = this.#streams.take(actor.project);
    const stream = reply.follow();
    if (stream.signal.aborted) giveBack();
    else stream.signal.addEventListener('abort', giveBack, { once: true });
    return stream;
  }
}

/** Whether it is who sent a request that keeps it from being done. */
function isDenial(error: unknown): error is MayflyError {
  return (['unauthorized', 'forbidden', 'not_found'] as const).some((code) => isMayflyError(error, code));
}

/** @throws MayflyError forbidden, not_found for what belongs to another project */
function checkAccess(actor: Actor, { scope, reach }: Exclude<Access, 'public'>, project: string | undefined): void {
  // Whether it is the name of a project is seen later: it is compared here, nothing else.
  if (reach === Reach.project && actor.project !== '*' && actor.project !== project) {
    throw new MayflyError('not_found', { what: 'project', name: (project ?? '').slice(0, 63) });
  }
  if (reach === Reach.node && actor.project !== '*') {
    throw new MayflyError('forbidden', { reason: 'it is good for one project, a token of the whole node is wanted' });
  }
  if (!mayAct(actor, actor.project, scope)) {
    throw new MayflyError('forbidden', { reason: `its scope is ${actor.scopes.join(', ')}, ${scope} is wanted` });
  }
}

/** Where the rest of a list is: RFC 8288, section 3. */
function nextLink({ segments, query }: RequestHead, body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || !('items' in body && 'next' in body)) return {};
  const search = new URLSearchParams(query);
  search.set('after', String(body.next));
  return { Link: `</${segments.map(encodeURIComponent).join('/')}?${search.toString()}>; rel="next"` };
}

/** @throws MayflyError unauthorized */
function bearerToken(req: IncomingMessage): string {
  const header = onlyHeader(req, 'authorization');
  if (header === undefined) throw new MayflyError('unauthorized', { reason: 'it has no Authorization header' });
  // RFC 6750, section 2.1.
  const token = /^Bearer +([A-Za-z0-9\-._~+/]{1,256}=*)$/i.exec(header)?.[1];
  if (token === undefined)
    throw new MayflyError('unauthorized', { reason: 'its Authorization header has no bearer token' });
  return token;
}

function acceptsEvents(req: IncomingMessage): boolean {
  return /(?:^|[\s,])text\/event-stream(?:[\s,;]|$)/i.test(req.headers.accept ?? '');
}

/** What `If-Match` asks for: RFC 9110, section 13.1.1. `*` asks for nothing but that the thing is there. @throws MayflyError bad_input */
function expectedRevision(req: IncomingMessage, { condition }: Endpoint): Revision | undefined {
  const tag = onlyHeader(req, 'if-match');
  if (tag === undefined) return undefined;
  if (condition === undefined) {
    throw new MayflyError('bad_input', {
      errors: [{ parameter: 'If-Match', detail: 'it is not looked at here, none is wanted' }],
    });
  }
  if (tag === '*') return undefined;
  const revision = /^"([1-9]\d{0,14})"$/.exec(tag)?.[1];
  // An ETag of this API has the revision in it.
  if (revision !== undefined) return Number(revision) as Revision;
  throw new MayflyError('bad_input', {
    errors: [{ parameter: 'If-Match', detail: 'it is no ETag of this API, one such as "12" is wanted' }],
  });
}

/** RFC 9110, section 13.1.1: what changed meanwhile is a failed precondition, for a client that named one. */
function isPreconditionFailed(req: IncomingMessage, error: unknown): boolean {
  return req.headers['if-match'] !== undefined && isMayflyError(error, 'changed_meanwhile');
}

/** @throws MayflyError bad_input */
function idempotencyKey(req: IncomingMessage): string | undefined {
  const key = onlyHeader(req, 'idempotency-key');
  if (key === undefined || idempotencyKeyPattern.test(key)) return key;
  throw new MayflyError('bad_input', {
    errors: [{ parameter: 'Idempotency-Key', detail: 'it is no key, 1 to 255 visible ASCII characters are wanted' }],
  });
}
