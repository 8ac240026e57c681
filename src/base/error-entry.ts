/** Whose mistake it is: it decides who gets to see the message, and how loudly it is logged. */
export const Fault = {
  /** Whoever sent the request or typed the command. */
  user: 'user',
  /** The function's author. */
  guest: 'guest',
  /** Whoever runs the node. */
  operator: 'operator',
  /** Mayfly itself. */
  bug: 'bug',
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** What the table of errors knows of one code, whose messages are made from a `P`. */
export interface ErrorEntry<P> {
  /** The HTTP status a caller sees when this ends a request. */
  readonly status: number;
  readonly fault: Fault;
  readonly message: (params: P) => string;
  /** What to do about it. */
  readonly hint?: (params: P) => string | undefined;
}

/** One line of the table. */
export function entry<P = object>(
  status: number,
  fault: Fault,
  message: (params: P) => string,
  hint?: (params: P) => string | undefined,
): ErrorEntry<P> {
  return hint === undefined ? { status, fault, message } : { status, fault, message, hint };
}
