import { z } from 'zod';
import { type InputMistake, MayflyError } from '../base/mod.ts';
import type { Actor, Scope } from '../control/mod.ts';
import type { Revision } from '../storage/mod.ts';
import type { EventStream } from './event-stream.ts';
import { inputMistakes } from './input-mistakes.ts';
import { type ParamName, type Params, paramSchemas } from './params.ts';
import type { Services } from './services.ts';

/** Whose things an endpoint is about: it decides which tokens it is there for. */
export const Reach = {
  /** The project in the path. To a token of another project it does not exist. */
  project: 'project',
  /** The node's own: only for tokens of the whole node. */
  node: 'node',
  /** Whatever belongs to the token's project, or everything for a token of the whole node: the handler sees to it. */
  actor: 'actor',
} as const;
export type Reach = (typeof Reach)[keyof typeof Reach];

/** Who may use an endpoint. */
export type Access = 'public' | { readonly scope: Scope; readonly reach: Reach };

/** What a request's body is. */
export type BodyKind = 'none' | 'json' | 'bytes';

/** How an answer comes: as JSON, as events that end with it when the client accepts events, or as the handler says. */
export type AnswerKind = 'json' | 'progress' | 'events';

/** What a handler gets of one request. All of it has been checked. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly actor: Actor;
  /** What `If-Match` says the thing has to be still; undefined when the client does not mind. */
  readonly expected: Revision | undefined;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** A body of bytes, as it comes. */
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** Tells how far it is; nobody is told when the client asked for no events. */
  readonly progress: (event: object) => void;
  /** Begins an answer of events. */
  readonly events: () => EventStream;
}

/** What a handler answers. */
export interface Answer<T = unknown> {
  /** Other than the endpoint's own. */
  readonly status?: number;
  readonly body?: T & (object | undefined);
  readonly headers?: Readonly<Record<string, string>>;
}

/** An endpoint as it is written down: what it takes, what it answers, who may use it. OpenAPI is made from this. */
export interface EndpointSpec<Path extends string, Q, B, T> {
  /** Its name in OpenAPI and in the client. */
  readonly id: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: Path;
  /** One line. */
  readonly summary: string;
  readonly access: Access;
  /** The parameters behind the `?`: a strict object of schemas that read text. */
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B> | 'bytes';
  /** The schema of the answer's body; none when it has none. */
  readonly answer?: z.ZodType<T>;
  readonly status: 200 | 201 | 204;
  readonly kind?: AnswerKind;
  /** Takes an `If-Match`: it changes a thing only while that has the revision of this ETag. Others refuse one. */
  readonly condition?: 'if-match';
  /** A POST whose answer has a secret in it, which an Idempotency-Key must not keep. */
  readonly secrecy?: 'secret-answer';
  readonly handle: (call: Call<Params<Path>, Q, B>, services: Services) => Promise<Answer<T>> | Answer<T>;
}

/** What comes in, before any of it has been checked against the endpoint. */
export interface RawCall extends Omit<Call<unknown, unknown, unknown>, 'params' | 'query' | 'body'> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  /** The parsed JSON of the body. */
  readonly json: unknown;
}

/** An endpoint with its types behind it. */
export interface Endpoint extends Omit<
  EndpointSpec<string, unknown, unknown, unknown>,
  'handle' | 'kind' | 'body' | 'query' | 'answer'
> {
  readonly kind: AnswerKind;
  readonly bodyKind: BodyKind;
  readonly schemas: { readonly query?: z.ZodType; readonly body?: z.ZodType; readonly answer?: z.ZodType };
  /** Checks the input, all of it, and does what is asked. @throws MayflyError bad_input, and what the handler throws */
  readonly run: (raw: RawCall, services: Services) => Promise<Answer>;
}

/** Makes an endpoint of what is written down about it. */
export function endpoint<const Path extends string, Q = object, B = undefined, T = undefined>(
  spec: EndpointSpec<Path, Q, B, T>,
): Endpoint {
  const { handle, kind = 'json', body, query, answer, ...rest } = spec;
  const bodySchema = typeof body === 'object' ? body : undefined;
  const schemas = {
    ...(query === undefined ? {} : { query }),
    ...(bodySchema === undefined ? {} : { body: bodySchema }),
    ...(answer === undefined ? {} : { answer }),
  };
  return {
    ...rest,
    kind,
    bodyKind: body === 'bytes' ? 'bytes' : body === undefined ? 'none' : 'json',
    schemas,
    run: async (raw, services) => {
      const { params, query: queryText, json, ...others } = raw;
      const input = new Input();
      const checked = {
        params: input.params(params),
        query: input.query(queryText, query ?? noQuery),
        body: bodySchema === undefined ? undefined : input.body(json, bodySchema),
      };
      input.finish();
      // Checked by the schemas that these types are of.
      return await handle({ ...others, ...checked } as Call<Params<Path>, Q, B>, services);
    },
  };
}

const noQuery: z.ZodType<object> = z.strictObject({});

/** Reads the parts of a request, and gathers everything that is wrong with them. */
class Input {
  readonly #mistakes: InputMistake[] = [];

  params(raw: Readonly<Record<string, string>>): unknown {
    const params: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(raw)) {
      // The paths of endpoints have no other parameters: Params<Path> would not be known.
      const parsed = paramSchemas[name as ParamName].safeParse(text);
      if (parsed.success) params[name] = parsed.data;
      else this.#mistakes.push(...inputMistakes(parsed.error, () => ({ parameter: name })));
    }
    return params;
  }

  query(text: string, schema: z.ZodType): unknown {
    const values: Record<string, string> = {};
    for (const [name, value] of new URLSearchParams(text)) {
      if (name === '__proto__' || Object.hasOwn(values, name))
        this.#mistakes.push({ parameter: name.slice(0, 100), detail: 'it is there twice, once is wanted' });
      else values[name] = value;
    }
    return this.#parse(values, schema, (path) => ({ parameter: path.join('.') }));
  }

  body(json: unknown, schema: z.ZodType): unknown {
    return this.#parse(json, schema, (path) => ({ pointer: pointerTo(path) }));
  }

  /** @throws MayflyError bad_input */
  finish(): void {
    if (this.#mistakes.length > 0) throw new MayflyError('bad_input', { errors: this.#mistakes });
  }

  #parse(value: unknown, schema: z.ZodType, place: (path: readonly PropertyKey[]) => object): unknown {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    this.#mistakes.push(...inputMistakes(parsed.error, place));
    return undefined;
  }
}

/** A JSON pointer as a URI fragment: RFC 6901, section 6. */
function pointerTo(path: readonly PropertyKey[]): string {
  return `#${path.map((part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
}
