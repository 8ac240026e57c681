import type { z } from 'zod';
import type { InputMistake } from '../base/mod.ts';

/** Mistakes that are told at once; a body of nothing but mistakes is answered shortly. */
const mistakesMax = 50;
const keyLengthMax = 100;

/** What is wrong, in the words of all other messages. Never what was sent: it may be a secret. */
export function inputMistakes(
  error: z.ZodError,
  placeOf: (path: readonly PropertyKey[]) => Omit<InputMistake, 'detail'>,
): InputMistake[] {
  return error.issues
    .flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys') return [{ ...placeOf(issue.path), detail: detailOf(issue) }];
      return issue.keys.slice(0, mistakesMax).map((key) => ({
        ...placeOf([...issue.path, key.slice(0, keyLengthMax)]),
        detail: 'it is not known here, nothing of that name is wanted',
      }));
    })
    .slice(0, mistakesMax);
}

function detailOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_type':
      return `${issue.input === undefined ? 'it is missing or of another type' : 'it is of another type'}, ${typeNames[issue.expected] ?? issue.expected} is wanted`;
    case 'invalid_value':
      return `it is something else, ${issue.values.map(String).join(' or ')} is wanted`;
    case 'too_small':
      return `it is too small or too short, at least ${String(issue.minimum)} is wanted`;
    case 'too_big':
      return `it is too large or too long, at most ${String(issue.maximum)} is wanted`;
    case 'invalid_union':
      return 'it has none of the forms that are wanted';
    case 'invalid_key':
      return `its name is no name for it, ${issue.issues[0]?.message ?? 'another'} is wanted`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};
