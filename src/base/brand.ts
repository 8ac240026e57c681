import { MayflyError } from './errors.ts';

/** A type that is told from others of the same shape: ids and indexes that must not be mixed up. */
export type Brand<Base, Name extends string> = Base & { readonly __brand: Name };

/** The owner of functions: the tenant boundary. Slots never change project. */
export type ProjectId = Brand<string, 'ProjectId'>;

/** A function's name, unique within its project. */
export type FunctionName = Brand<string, 'FunctionName'>;

/** `sha256:` and 64 lower-case hex digits; names an artifact or an image by its content. */
export type Digest = Brand<string, 'Digest'>;

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether `text` may name a project or a function: a DNS label in lower case, as it becomes part of host names. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** @throws MayflyError bad_name */
export function projectId(text: string): ProjectId {
  return named('project', text) as ProjectId; // checked to be one
}

/** @throws MayflyError bad_name */
export function functionName(text: string): FunctionName {
  return named('function', text) as FunctionName; // checked to be one
}

function named(what: string, text: string): string {
  if (isName(text)) return text;
  throw new MayflyError('bad_name', { what, name: text });
}
