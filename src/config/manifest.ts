import { parse as parseToml, TomlError } from 'smol-toml';
import { MayflyError, shownText } from '../base/mod.ts';
import type { AllowedHost } from './allow.ts';
import type { Bindings } from './bindings.ts';
import { manifestBytesMax, manifestDepthMax } from './bounds.ts';
import type { Limits } from './limits.ts';
import { manifestMistakes } from './manifest-mistakes.ts';
import { manifestSchema } from './manifest-schema.ts';
import { formatQuantity } from './quantity.ts';
import type { Route } from './route.ts';

/** What `mayfly.toml` says about a function. Its schema is its manual: manifest-schema.ts. */
export interface Manifest {
  readonly name: string;
  /** From the manifest's folder, which it does not leave. */
  readonly main: string;
  readonly build?: ManifestBuild | undefined;
  readonly routes: readonly Route[];
  readonly limits: Partial<Limits>;
  readonly vars: Readonly<Record<string, string>>;
  /** Names of the project's secrets, which the function gets as variables. */
  readonly secrets: readonly string[];
  readonly allow: { readonly hosts: readonly AllowedHost[] };
  readonly bindings: Bindings;
  readonly example?: { readonly try: readonly string[] } | undefined;
}

/** How the artifact is made. */
export interface ManifestBuild {
  readonly command: string;
  /** Paths of sources from the manifest's folder; the whole folder when empty. */
  readonly watch: readonly string[];
}

/**
 * Reads a manifest. `path` is what messages call it.
 * @throws MayflyError bad_manifest with every mistake there is, each with its line and column
 */
export function parseManifest(source: string | Uint8Array, path: string): Manifest {
  const text = readText(source, path);
  let document: unknown;
  try {
    document = parseToml(text, { unsafeKeyBehaviour: 'throw', maxDepth: manifestDepthMax });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new MayflyError('bad_manifest', { path, mistakes: [`${error.line}:${error.column}: ${tomlReason(error)}`] });
  }
  if (isDeeper(document, manifestDepthMax)) {
    const mistakes = [`1:1: it has tables in tables more than ${manifestDepthMax} deep, which no manifest has`];
    throw new MayflyError('bad_manifest', { path, mistakes });
  }
  const parsed = manifestSchema.safeParse(document, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MayflyError('bad_manifest', { path, mistakes: manifestMistakes(parsed.error.issues, text) });
}

function readText(source: string | Uint8Array, path: string): string {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  const refuse = (what: string): MayflyError => new MayflyError('bad_manifest', { path, mistakes: [`1:1: ${what}`] });
  if (bytes.byteLength > manifestBytesMax)
    throw refuse(`it has ${bytes.byteLength} bytes, at most ${formatQuantity(manifestBytesMax, 'bytes')} are wanted`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('it is not UTF-8, which TOML is written in');
  }
}

/** smol-toml's first line, without its drawing of the place. */
function tomlReason(error: TomlError): string {
  return shownText((error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, ''));
}

/** Dotted keys nest as brackets do, and the parser does not count them. */
function isDeeper(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depthMax === 0 || Object.values(value).some((inner) => isDeeper(inner, depthMax - 1));
}
