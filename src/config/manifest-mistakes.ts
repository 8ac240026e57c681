import type { z } from 'zod';
import { shownText } from '../base/mod.ts';
import { mistakesToldMax, quotedLengthMax } from './bounds.ts';
import { keysOf } from './manifest-schema.ts';
import { nearest } from './nearest.ts';
import { type KeyPath, type LocateKey, locateTomlKeys } from './toml-positions.ts';

interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** What is wrong in a manifest, each `LINE:COLUMN: what is, what is wanted`, in order of place. */
export function manifestMistakes(issues: readonly z.core.$ZodIssue[], source: string): string[] {
  const locate = locateTomlKeys(source);
  const told = issues.slice(0, mistakesToldMax).flatMap((issue) => issueMistakes(issue, locate));
  const mistakes = told.slice(0, mistakesToldMax).toSorted((a, b) => a.line - b.line || a.column - b.column);
  const texts = mistakes.map(({ line, column, text }) => `${line}:${column}: ${text}`);
  const more = issues.length + told.length - Math.min(issues.length, mistakesToldMax) - mistakes.length;
  return more > 0 ? [...texts, `and ${more} more`] : texts;
}

function issueMistakes(issue: z.core.$ZodIssue, locate: LocateKey): Mistake[] {
  // TOML has no symbols for keys.
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, mistakesToldMax)
      .map((key) => ({ ...locate([...path, key]), text: unknownKeyText(path, key) }));
  }
  return [{ ...locate(path), text: issueText(issue, path) }];
}

function issueText(issue: z.core.$ZodIssue, path: KeyPath): string {
  const key = keyText(path);
  if (issue.code === 'invalid_key') return `${key} is not a variable's name, letters, digits and _ are wanted`;
  if (issue.code === 'custom' && issue.params?.['unserved'] !== undefined)
    return `${key} asks for a binding of a kind that this version does not serve, remove it or take a version that does`;
  if (issue.input === undefined) return `${key} is missing, ${wantedText(issue)}`;
  return `${key} is ${valueText(issue.input)}, ${wantedText(issue)}`;
}

/** A value as it may stand in a line for a person. */
function valueText(value: unknown): string {
  // Never undefined: TOML has nothing that JSON lacks, but for dates and infinities, which it writes as text and null.
  return shownText(typeof value === 'number' ? String(value) : JSON.stringify(value), quotedLengthMax);
}

function wantedText(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  return `${typeNames[issue.expected] ?? issue.expected} is wanted`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  array: 'a list in brackets',
  object: 'a table',
  record: 'a table of texts',
};

/** `routes[0].path`. */
function keyText(path: KeyPath): string {
  const parts = path.map((part, index) =>
    typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${shownText(part, quotedLengthMax)}`,
  );
  return parts.join('');
}

function unknownKeyText(path: KeyPath, key: string): string {
  const table = path.filter((part) => typeof part === 'string').join('.');
  const guess = key.length > quotedLengthMax ? undefined : nearest(key, keysOf(table));
  const where = table === '' ? 'of a manifest' : `of [${table}]`;
  return `${keyText([...path, key])} is not a key ${where}${guess === undefined ? '' : `, did you mean ${guess}?`}`;
}
