import type { InputMistake } from '../base/mod.ts';
import type { ProblemBody } from './problem.ts';

/**
 * What a node said is wrong with a request. It is not a MayflyError: its words are the node's, and its code may be one that this
 * release does not know.
 */
export class AdminProblem extends Error {
  override readonly name = 'AdminProblem';
  readonly status: number;
  /** Permanent. */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Everything that is wrong with the input. */
  readonly errors: readonly InputMistake[];

  constructor({ status, code, detail, hint, errors }: Omit<ProblemBody, 'type' | 'title'>) {
    super(detail);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.errors = errors ?? [];
  }
}

/** The problem in a JSON body; undefined when it is none. */
export function readProblem(json: unknown): AdminProblem | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { status, code, detail, hint, errors } = json as Partial<Record<keyof ProblemBody, unknown>>; // seen below
  if (typeof status !== 'number' || typeof code !== 'string' || typeof detail !== 'string') return undefined;
  return new AdminProblem({
    status,
    code,
    detail,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(Array.isArray(errors) ? { errors: errors.filter(isMistake) } : {}),
  });
}

function isMistake(value: unknown): value is InputMistake {
  return typeof value === 'object' && value !== null && 'detail' in value && typeof value.detail === 'string';
}
