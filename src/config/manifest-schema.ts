import { z } from 'zod';
import { isName } from '../base/mod.ts';
import { type AllowedHost, allowedHostWanted, parseAllowedHost } from './allow.ts';
import { type BindingKind, bindingManual, type Bindings } from './bindings.ts';
import { isEnvName } from './env.ts';
import { formatQuantity } from './quantity.ts';
import { limitManual, type LimitName, type Limits } from './limits.ts';
import { limitValueSchema } from './limits-schema.ts';
import type { Manifest } from './manifest.ts';
import { type Route, routeHostWanted, routePathWanted } from './route.ts';

/**
 * The schema of `mayfly.toml`, which is also its manual: docs/reference/mayfly-toml.md is made from what stands here.
 */

/** One key, as the manual has it. */
export interface SettingManual {
  readonly about: string;
  /** What is written: `text`, `a table`. */
  readonly form: string;
  /** What holds when it is absent. A key without one has to be there. */
  readonly fallback?: string;
}

/** One table of a manifest. */
export interface TableManual {
  /** As it is written in a manifest; empty for the keys on top. */
  readonly header: string;
  readonly about: string;
  readonly keys: readonly (SettingManual & { readonly name: string })[];
}

type Shape = Readonly<Record<string, z.ZodType>>;

function setting<Schema extends z.ZodType>(schema: Schema, manual: SettingManual): Schema {
  return schema.meta({ ...manual });
}

/** Text in which `wanted` finds nothing wrong. */
function text(wanted: (value: string) => string | undefined): z.ZodType<string> {
  return z.string().superRefine((value, context) => {
    const found = wanted(value);
    if (found !== undefined) context.addIssue({ code: 'custom', message: `${found} is wanted` });
  });
}

function withoutNul(value: string): string | undefined {
  return value.includes('\0') ? 'text without NUL' : undefined;
}

/** A path that stays in the folder, as far as its text tells; links are looked at when the file is read. */
function insideWanted(value: string): string | undefined {
  const parts = value.split(/[/\\]/);
  const isInside = value !== '' && !value.startsWith('/') && !/^[A-Za-z]:/.test(value) && !parts.includes('..');
  return isInside && !value.includes('\0') ? undefined : "a path inside the manifest's folder, such as hello.wasm,";
}

const variableName = text((value) => (isEnvName(value) ? undefined : 'a name of letters, digits and _'));

/** A list in which nothing stands twice. */
function list<Item>(item: z.ZodType<Item>): z.ZodType<readonly Item[]> {
  return z.array(item).superRefine((values, context) => {
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      const key = JSON.stringify(value);
      if (seen.has(key)) context.addIssue({ code: 'custom', path: [index], message: 'each only once is wanted' });
      seen.add(key);
    }
  });
}

const allowedHost: z.ZodType<AllowedHost> = z.string().transform((value, context) => {
  const parsed = parseAllowedHost(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `${allowedHostWanted} is wanted` });
  return z.NEVER;
});

const buildShape = {
  command: setting(
    text((value) => (value.trim() === '' ? 'a command' : withoutNul(value))),
    { form: 'text', about: 'Makes `main` from the sources. A shell runs it, in the folder of the manifest' },
  ),
  watch: setting(list(text(insideWanted)).default([]), {
    form: 'a list of paths',
    fallback: 'the whole folder, without `main`, hidden files, `node_modules` and `target`',
    about: 'Files and folders of sources: `mayfly dev` builds anew when one of them changes',
  }),
};

const routeShape = {
  path: setting(text(routePathWanted), {
    form: 'text',
    about:
      'An exact path, `/hello`; everything below one, `/api/*`; or a pattern, `/a/*/b`, whose `*` takes any one segment. Of routes that take the same path the most specific wins: at the first segment, from the left, in which they differ, a name comes before `*`, and `*` before the `*` of a trailing `/*`',
  }),
  host: setting(text(routeHostWanted).exactOptional(), {
    form: 'text',
    fallback: 'every host',
    about:
      'A host, `example.org`, or all hosts below one, `*.example.org`. A host of its own comes before a longer wildcard, that before a shorter one, and that before every host',
  }),
};

const limitShape = {
  cpuMs: limitSetting('cpuMs'),
  wallMs: limitSetting('wallMs'),
  memoryBytes: limitSetting('memoryBytes'),
  requestBodyBytes: limitSetting('requestBodyBytes'),
  responseBodyBytes: limitSetting('responseBodyBytes'),
  subrequests: limitSetting('subrequests'),
  logBytes: limitSetting('logBytes'),
} satisfies Record<LimitName, unknown>;

function limitSetting(name: LimitName): z.ZodExactOptional<z.ZodType<number>> {
  const { about, kind, default: value } = limitManual[name];
  const form = { milliseconds: 'milliseconds, or `"2s"`', bytes: 'bytes, or `"64MiB"`', count: 'a number' }[kind];
  return setting(limitValueSchema(name).exactOptional(), { form, about, fallback: formatQuantity(value, kind) });
}

const allowShape = {
  hosts: setting(list(allowedHost).default([]), {
    form: 'a list of hosts',
    fallback: 'none',
    about:
      'Hosts the function may send requests to, as `HOST` (ports 80 and 443) or `HOST:PORT`; `*.example.org` is all below one',
  }),
};

const bindingShape = {
  kv: bindingSetting('kv'),
} satisfies Record<BindingKind, unknown>;

function bindingSetting(kind: BindingKind): z.ZodExactOptional<z.ZodType<readonly string[]>> {
  const { about, state } = bindingManual[kind];
  const schema = list(variableName).superRefine((_, context) => {
    if (state === 'served') return;
    context.addIssue({ code: 'custom', params: { unserved: kind } });
  });
  const said = state === 'served' ? about : `${about}. Not served by this version, which refuses it`;
  return setting(schema.exactOptional(), { form: 'a list of names', about: said, fallback: 'none' });
}

const exampleShape = {
  try: setting(list(text((path) => (path.startsWith('/') ? undefined : 'a path that begins with /'))), {
    form: 'a list of paths',
    about: 'Paths worth trying, printed when the function is served',
  }),
};

const topShape = {
  name: setting(
    text((value) => (isName(value) ? undefined : 'a name of at most 63 lower-case letters, digits and inner hyphens')),
    { form: 'text', about: "The function's name, unique in its project: lower-case letters, digits and inner hyphens" },
  ),
  main: setting(text(insideWanted), {
    form: 'text',
    about: "The artifact, as a path inside the manifest's folder. What kind it is, is told from its bytes",
  }),
  secrets: setting(list(variableName).default([]), {
    form: 'a list of names',
    fallback: 'none',
    about:
      'Secrets of the project that the function gets as variables. Values are never in a manifest: see `mayfly secrets`',
  }),
};

const routeSchema: z.ZodType<Route> = z.strictObject(routeShape);
const limitsSchema: z.ZodType<Partial<Limits>> = z.strictObject(limitShape);
const bindingsSchema: z.ZodType<Bindings> = z.strictObject(bindingShape);

/** What a manifest may say. */
export const manifestSchema: z.ZodType<Manifest> = z
  .strictObject({
    ...topShape,
    build: z.strictObject(buildShape).optional(),
    routes: list(routeSchema).default([]),
    limits: limitsSchema.default({}),
    vars: z.record(variableName, text(withoutNul)).default({}),
    allow: z.strictObject(allowShape).default({ hosts: [] }),
    bindings: bindingsSchema.default({}),
    example: z.strictObject(exampleShape).optional(),
  })
  .superRefine(({ vars, secrets }, context) => {
    for (const [index, name] of secrets.entries()) {
      if (!Object.hasOwn(vars, name)) continue;
      context.addIssue({
        code: 'custom',
        path: ['secrets', index],
        message: 'a name that [vars] does not have is wanted',
      });
    }
  });

function tableManual(header: string, about: string, shape: Shape): TableManual {
  return {
    header,
    about,
    // `setting` has put a manual on each.
    keys: Object.entries(shape).map(([name, schema]) => ({ name, ...(schema.meta() as unknown as SettingManual) })),
  };
}

/** The manual of a manifest, table by table. */
export const manifestManual: readonly TableManual[] = [
  tableManual('', 'On top, before any table', topShape),
  tableManual(
    '[build]',
    'How the artifact is made: `mayfly build` runs it, and `mayfly dev` after every change',
    buildShape,
  ),
  tableManual(
    '[[routes]]',
    'What leads to the function, each in a table of its own. Without any it is `/NAME/*` on every host. Paths are compared as they come over the wire; an exact path goes before a prefix, a longer prefix before a shorter one, and an exact host before `*.`',
    routeShape,
  ),
  tableManual('[limits]', 'Bounds that are enforced on every request', limitShape),
  {
    header: '[vars]',
    about: "The function's environment variables",
    keys: [
      {
        name: 'NAME',
        form: 'text',
        about: 'The value of the variable NAME, a name of letters, digits and `_`',
        fallback: 'none',
      },
    ],
  },
  tableManual('[allow]', 'What the function may reach from within. Nothing that is not named', allowShape),
  tableManual(
    '[bindings]',
    'Capabilities beside these, by kind; the names are those the function finds them under',
    bindingShape,
  ),
  tableManual('[example]', 'For whoever tries the function out', exampleShape),
];

/** The keys of a table, to guess what a misspelt one was meant to be. @param table its name without brackets */
export function keysOf(table: string): readonly string[] {
  const names = manifestManual
    .find(({ header }) => header.replace(/[[\]]/g, '') === table)
    ?.keys.map(({ name }) => name);
  return table === '' ? [...(names ?? []), ...tableNames] : (names ?? []);
}

const tableNames = manifestManual.map(({ header }) => header.replace(/[[\]]/g, '')).filter((name) => name !== '');
