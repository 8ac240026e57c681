import { z } from 'zod';
import type { Digest, FunctionName, ProjectId } from '../base/mod.ts';
import type { TokenId, VersionNumber } from '../control/mod.ts';

/** What can stand in the path of an endpoint, by its name there. */
interface ParamTypes {
  readonly project: ProjectId;
  readonly function: FunctionName;
  readonly version: VersionNumber;
  readonly digest: Digest;
  readonly secret: string;
  readonly token: TokenId;
}
export type ParamName = keyof ParamTypes;

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** The parameters of a path such as `/v1/projects/{project}`. */
export type Params<Path extends string> = { readonly [Name in NamesIn<Path> & ParamName]: ParamTypes[Name] };

/** What isName of base/ takes, as JSON Schema can have it. */
export const namePattern: RegExp = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const digestPattern: RegExp = /^sha256:[0-9a-f]{64}$/;
/** A variable's name: a secret is handed to functions as one. */
export const secretNamePattern: RegExp = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const name = z.string().regex(namePattern, 'at most 63 lower-case letters, digits and inner hyphens are wanted');

/** How each is read. */
export const paramSchemas: { readonly [Name in ParamName]: z.ZodType<ParamTypes[Name]> } = {
  // The checks above the transforms are what the brands stand for.
  project: name.transform((text) => text as ProjectId).describe('The project'),
  function: name.transform((text) => text as FunctionName).describe('The function'),
  version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'a version number, from 1, is wanted')
    .transform((text) => Number(text) as VersionNumber)
    .describe('The version, counted from 1 in each function'),
  digest: z
    .string()
    .regex(digestPattern, 'sha256: and 64 lower-case hexadecimal digits are wanted')
    .transform((text) => text as Digest)
    .describe("The sha256 of the artifact's bytes"),
  secret: z
    .string()
    .regex(secretNamePattern, "a variable's name of at most 128 letters, digits and _ is wanted")
    .describe('The secret'),
  token: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'the id of a token is wanted')
    .transform((text) => text as TokenId)
    .describe("The token's id, which is not what authenticates"),
};
