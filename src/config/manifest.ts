import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { isName, MayflyError } from '../base/mod.ts';
import { isEnvName } from './env.ts';
import type { Limits } from './limits.ts';
import { limitsSchema } from './limits-schema.ts';
import { nearest } from './nearest.ts';
import { type Route, routeHostWanted, routePathWanted } from './route.ts';
import { type KeyPath, type LocateKey, locateTomlKeys } from './toml-positions.ts';

/** What `mayfly.toml` says about a function. The schema below is its manual. */
export interface Manifest {
  readonly name: string;
  readonly main: string;
  readonly build?: { readonly command: string } | undefined;
  readonly routes: readonly Route[];
  readonly limits: Partial<Limits>;
  readonly vars: Readonly<Record<string, string>>;
  readonly example?: { readonly try: readonly string[] } | undefined;
}

/** Text that `wanted` finds nothing wrong with. */
function text(wanted: (value: string) => string | undefined): z.ZodType<string> {
  return z.string().superRefine((value, context) => {
    const found = wanted(value);
    if (found !== undefined) context.addIssue({ code: 'custom', message: `${found} is wanted` });
  });
}

const routeSchema: z.ZodType<Route> = z.strictObject({
  path: text(routePathWanted).describe('An exact path, `/hello`, or everything below one, `/api/*`'),
  host: text(routeHostWanted)
    .exactOptional()
    .describe('A host, `example.org`, or all below one, `*.example.org`; any when absent'),
});

const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  name: text((value) =>
    isName(value) ? undefined : 'a name of at most 63 lower-case letters, digits and inner hyphens',
  ).describe("The function's name, unique in its project"),
  main: text((value) =>
    value !== '' && !value.startsWith('/') ? undefined : "a path from the manifest's folder, such as hello.wasm,",
  ).describe("The artifact, as a path from the manifest's folder"),
  build: z
    .strictObject({
      command: z.string().min(1).describe('Makes `main` from the sources; run in the folder of the manifest'),
    })
    .optional()
    .describe('How the artifact is built'),
  routes: z.array(routeSchema).default([]).describe('What leads to the function; `/NAME/*` when there is none'),
  limits: limitsSchema.default({}).describe('Bounds that differ from the defaults'),
  vars: z
    .record(
      text((name) => (isEnvName(name) ? undefined : 'a name of letters, digits and _')),
      z.string(),
    )
    .default({})
    .describe("The function's environment variables, text by name"),
  example: z
    .strictObject({
      try: z.array(text((path) => (path.startsWith('/') ? undefined : 'a path that begins with /'))).describe('Paths'),
    })
    .optional()
    .describe('Paths worth trying, printed when the function is served'),
});

/** The keys of a manifest by table, to guess what a misspelt one was meant to be. */
const knownKeys: Readonly<Record<string, readonly string[]>> = {
  '': ['name', 'main', 'build', 'routes', 'limits', 'vars', 'example'],
  build: ['command'],
  routes: ['path', 'host'],
  limits: ['cpuMs', 'wallMs', 'memoryBytes', 'requestBodyBytes', 'responseBodyBytes', 'subrequests', 'logBytes'],
  example: ['try'],
};

/**
 * Reads a manifest. `path` is what messages call it.
 * @throws MayflyError bad_manifest with every mistake there is, each with its line and column
 */
export function parseManifest(source: string, path: string): Manifest {
  let document: unknown;
  try {
    document = parseToml(source, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new MayflyError('bad_manifest', { path, mistakes: [`${error.line}:${error.column}: ${tomlReason(error)}`] });
  }
  const parsed = manifestSchema.safeParse(document, { reportInput: true });
  if (parsed.success) return parsed.data;
  const locate = locateTomlKeys(source);
  const mistakes = parsed.error.issues.flatMap((issue) => issueMistakes(issue, locate));
  mistakes.sort((a, b) => a.line - b.line || a.column - b.column);
  throw new MayflyError('bad_manifest', { path, mistakes: mistakes.map((m) => `${m.line}:${m.column}: ${m.text}`) });
}

/** smol-toml's first line, without its drawing of the place. */
function tomlReason(error: TomlError): string {
  return (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
}

interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

function issueMistakes(issue: z.core.$ZodIssue, locate: LocateKey): Mistake[] {
  // TOML has no symbols for keys.
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ ...locate([...path, key]), text: unknownKeyText(path, key) }));
  }
  if (issue.code === 'invalid_key') {
    return [{ ...locate(path), text: `${keyText(path)} is not a variable's name, letters, digits and _ are wanted` }];
  }
  if (issue.input === undefined)
    return [{ ...locate(path), text: `${keyText(path)} is missing, ${wantedText(issue)}` }];
  return [{ ...locate(path), text: `${keyText(path)} is ${JSON.stringify(issue.input)}, ${wantedText(issue)}` }];
}

function wantedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'too_small':
      return 'something is wanted';
    case 'invalid_type':
      return `${typeNames[issue.expected] ?? issue.expected} is wanted`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  array: 'an array',
  object: 'a table',
  record: 'a table of texts',
};

/** `routes[0].path`. */
function keyText(path: KeyPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

function unknownKeyText(path: KeyPath, key: string): string {
  const table = path.filter((part) => typeof part === 'string').join('.');
  const guess = nearest(key, knownKeys[table] ?? []);
  const where = table === '' ? 'of a manifest' : `of [${table}]`;
  return `${keyText([...path, key])} is not a key ${where}${guess === undefined ? '' : `, did you mean ${guess}?`}`;
}
