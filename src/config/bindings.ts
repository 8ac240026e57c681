/**
 * The kinds of capabilities that `[bindings]` can hand to a function, beside its secrets and the hosts that it is allowed to
 * call. Each names the things of that kind the function gets, by the names it finds them under.
 */

/** By kind, the names of a function's bindings. */
export interface Bindings {
  readonly kv?: readonly string[];
}

export type BindingKind = keyof Bindings;

/** One kind, for messages and references. */
export interface BindingManual {
  readonly about: string;
  /** Whether a function that asks for it can be deployed to this version. */
  readonly state: 'served' | 'planned';
}

/** The manual of bindings. A kind that is planned is refused by name: what is asked for is given, or is not silently left out. */
export const bindingManual: { readonly [Kind in BindingKind]: BindingManual } = {
  kv: { about: 'Key-value namespaces of the project', state: 'planned' },
};
