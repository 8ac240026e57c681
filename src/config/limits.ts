import { kib, mib, MayflyError } from '../base/mod.ts';
import { nearest } from './nearest.ts';
import { parseQuantity, type QuantityKind, quantityWanted, type Range } from './quantity.ts';

/** The enforced bounds of one function. Units are last in the names. */
export interface Limits {
  /** CPU time the guest may use for one request. */
  readonly cpuMs: number;
  /** Time from choosing the function to the guest's return. */
  readonly wallMs: number;
  /** The whole instance: all memories and tables. */
  readonly memoryBytes: number;
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;
  /** Outbound requests one request may make. */
  readonly subrequests: number;
  /** Bytes one request may write to the function's log. */
  readonly logBytes: number;
}

export type LimitName = keyof Limits;

/** One limit, for help texts and references. */
export interface LimitManual {
  readonly name: LimitName;
  readonly about: string;
  readonly kind: QuantityKind;
  readonly default: number;
  readonly range: Range;
}

const gib = 1024 * mib;
const hourMs = 3_600_000;

/** The manual of limits: everything that is known about each stands here once. */
export const limitManual: { readonly [Name in LimitName]: Omit<LimitManual, 'name'> } = {
  cpuMs: {
    about: 'CPU time the guest may use for one request',
    kind: 'milliseconds',
    default: 50,
    range: { min: 1, max: hourMs },
  },
  wallMs: {
    about: "Time from choosing the function to the guest's return",
    kind: 'milliseconds',
    default: 30_000,
    range: { min: 1, max: 24 * hourMs },
  },
  memoryBytes: {
    about: 'The whole instance: all memories and tables',
    kind: 'bytes',
    default: 128 * mib,
    range: { min: 64 * kib, max: 2 * gib },
  },
  requestBodyBytes: {
    about: 'The largest request body that is accepted',
    kind: 'bytes',
    default: 10 * mib,
    range: { min: 0, max: 16 * gib },
  },
  responseBodyBytes: {
    about: 'The largest response body the function may write',
    kind: 'bytes',
    default: 100 * mib,
    range: { min: 0, max: 64 * gib },
  },
  subrequests: {
    about: 'Outbound requests one request may make',
    kind: 'count',
    default: 50,
    range: { min: 0, max: 10_000 },
  },
  logBytes: {
    about: "Bytes one request may write to the function's log",
    kind: 'bytes',
    default: 64 * kib,
    range: { min: 0, max: 16 * mib },
  },
};

// Object.keys loses the key type; `limitManual` has exactly the names of Limits.
export const limitNames: readonly LimitName[] = Object.keys(limitManual) as LimitName[];

/** The manual of every limit, in the order they are best read. */
export const limitManuals: readonly LimitManual[] = limitNames.map((name) => ({ name, ...limitManual[name] }));

export const defaultLimits: Limits = Object.freeze({
  cpuMs: limitManual.cpuMs.default,
  wallMs: limitManual.wallMs.default,
  memoryBytes: limitManual.memoryBytes.default,
  requestBodyBytes: limitManual.requestBodyBytes.default,
  responseBodyBytes: limitManual.responseBodyBytes.default,
  subrequests: limitManual.subrequests.default,
  logBytes: limitManual.logBytes.default,
});

function isLimitName(text: string): text is LimitName {
  return Object.hasOwn(limitManual, text);
}

/**
 * Reads one `NAME=VALUE` of the command line.
 * @throws MayflyError bad_usage, unknown_limit, bad_limit
 */
export function parseLimit(text: string): Partial<Limits> {
  const equals = text.indexOf('=');
  if (equals < 0) {
    throw new MayflyError('bad_usage', {
      message: `Cannot set limit ${text}: it has no value, NAME=VALUE is wanted`,
      hint: 'For example --limit cpuMs=50 or --limit memoryBytes=64MiB',
    });
  }
  const name = text.slice(0, equals).trim();
  const value = text.slice(equals + 1).trim();
  if (!isLimitName(name)) {
    throw new MayflyError('unknown_limit', { name, nearest: nearest(name, limitNames) ?? 'cpuMs', known: limitNames });
  }
  const { kind, range } = limitManual[name];
  const parsed = parseQuantity(value, kind, range);
  if (parsed === undefined) throw new MayflyError('bad_limit', { name, value, wanted: quantityWanted(kind, range) });
  return { [name]: parsed };
}

/** Reads all the `NAME=VALUE` of a command line; the last of a name wins. @throws MayflyError */
export function parseLimits(texts: readonly string[]): Partial<Limits> {
  const limits: Partial<Limits> = {};
  for (const text of texts) Object.assign(limits, parseLimit(text));
  return limits;
}

/** What is wrong with a limit's value, to stand before "is wanted"; undefined when it is fine. */
export function limitWanted(name: LimitName, value: number): string | undefined {
  const { kind, range } = limitManual[name];
  return parseQuantity(value, kind, range) === undefined ? quantityWanted(kind, range) : undefined;
}

/** The limits that hold: the defaults, and over them each of `layers`, the later ones first. */
export function mergeLimits(...layers: readonly Partial<Limits>[]): Limits {
  const merged: Record<LimitName, number> = { ...defaultLimits };
  for (const layer of layers) {
    for (const name of limitNames) merged[name] = layer[name] ?? merged[name];
  }
  return Object.freeze(merged);
}
