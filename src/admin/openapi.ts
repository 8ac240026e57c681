import { z } from 'zod';
import { type Endpoint, endpoint } from './endpoint.ts';
import { endpoints } from './endpoints/mod.ts';
import { type ParamName, paramSchemas } from './params.ts';
import { problemSchema } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The OpenAPI document of some endpoints, made from the schemas that check their input. It says nothing of a node but what the API is.
 * https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(described: readonly Endpoint[]): Json {
  const components: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of described) {
    const operations = (paths[each.path] ??= {});
    operations[each.method.toLowerCase()] = operation(each, components);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mayfly admin API',
      version: 'v1',
      description:
        'Projects, functions, versions, deployments, routes, secrets, tokens and logs of one node. What is wrong is answered as application/problem+json with a permanent `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token, `mfy_…`' } },
    },
  };
}

/** Made when it is first asked for, and once: anybody may ask. */
function documentOnce(): () => { readonly body: Json } {
  let body: Json | undefined;
  return () => ({ body: (body ??= openApiDocument(allEndpoints)) });
}

/** Every endpoint, with the one that hands out the document of all. */
export const allEndpoints: readonly Endpoint[] = [
  ...endpoints,
  endpoint({
    id: 'getOpenApi',
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This document',
    access: 'public',
    answer: z.record(z.string(), z.unknown()),
    status: 200,
    handle: documentOnce(),
  }),
];

function operation(each: Endpoint, components: Record<string, unknown>): Json {
  const { id, summary, access, schemas, bodyKind } = each;
  return {
    operationId: id,
    summary,
    ...(access === 'public'
      ? { security: [] }
      : { 'x-mayfly-scope': access.scope, 'x-mayfly-reach': access.reach, security: [{ token: [] }] }),
    parameters: [
      ...pathParameters(each.path, components),
      ...queryParameters(schemas.query, components),
      ...headerParameters(each),
    ],
    ...(bodyKind === 'none' ? {} : { requestBody: { required: true, content: bodyContent(each, components) } }),
    responses: responses(each, components),
  };
}

function pathParameters(path: string, components: Record<string, unknown>): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    // The paths of endpoints have no other parameters: see Params.
    const { description, ...schema } = jsonSchema(paramSchemas[name as ParamName], components, 'input');
    return { name, in: 'path', required: true, description, schema };
  });
}

function queryParameters(query: z.ZodType | undefined, components: Record<string, unknown>): Json[] {
  if (query === undefined) return [];
  // A query is a strict object: see EndpointSpec.
  const { properties = {}, required = [] } = jsonSchema(query, components, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    description,
    schema,
  }));
}

function headerParameters({ method, condition }: Endpoint): Json[] {
  const header = (name: string, description: string): Json => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string', maxLength: 255 },
  });
  return [
    ...(method === 'POST'
      ? [
          header(
            'Idempotency-Key',
            'Does the request once: repeated with this key within a day, it is answered as the first time',
          ),
        ]
      : []),
    ...(condition === undefined
      ? []
      : [header('If-Match', 'The ETag that the function has to have still; 412 otherwise')]),
  ];
}

function bodyContent({ bodyKind, schemas }: Endpoint, components: Record<string, unknown>): Json {
  if (bodyKind === 'bytes' || schemas.body === undefined) {
    return { 'application/wasm': {}, 'application/octet-stream': {} };
  }
  return { 'application/json': { schema: jsonSchema(schemas.body, components, 'input') } };
}

function responses({ status, schemas, kind }: Endpoint, components: Record<string, unknown>): Json {
  const problem = jsonSchema(problemSchema, components, 'output');
  const answer = schemas.answer === undefined ? undefined : jsonSchema(schemas.answer, components, 'output');
  const content = {
    ...(answer === undefined ? {} : { 'application/json': { schema: answer } }),
    ...(kind === 'json' ? {} : { 'text/event-stream': { schema: { type: 'string' } } }),
  };
  return {
    [status]: { description: 'Done', ...(answer === undefined ? {} : { content }) },
    default: { description: 'What is wrong', content: { 'application/problem+json': { schema: problem } } },
  };
}

/** JSON Schema of a schema. Those that have an id go to the components, and are referred to. */
function jsonSchema(
  schema: z.ZodType,
  components: Record<string, unknown>,
  io: 'input' | 'output',
): Readonly<Record<string, unknown>> {
  const { $schema: _dialect, $defs = {}, id: _id, ...own } = z.toJSONSchema(schema, { io });
  for (const [name, definition] of Object.entries({ ...$defs, ...(_id === undefined ? {} : { [_id]: own }) })) {
    const { id: _, ...rest } = relocate(definition) as Record<string, unknown>; // an object of JSON Schema
    components[name] = rest;
  }
  // As above.
  return (_id === undefined ? relocate(own) : { $ref: `#/components/schemas/${_id}` }) as Record<string, unknown>;
}

/** `#/$defs/NAME` is `#/components/schemas/NAME` in OpenAPI. */
function relocate(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
