/** Amounts as people write them, with the units they may carry. */
export type QuantityKind = 'milliseconds' | 'bytes' | 'count';

/** Both ends belong to it. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const factors: { readonly [Kind in QuantityKind]: Readonly<Record<string, number>> } = {
  milliseconds: { ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  bytes: {
    b: 1,
    kb: 1000,
    mb: 1000 ** 2,
    gb: 1000 ** 3,
    kib: 1024,
    mib: 1024 ** 2,
    gib: 1024 ** 3,
  },
  count: {},
};

const quantityPattern = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

/** The whole number that `value` stands for. @returns undefined when it is none, or outside of `range`. */
export function parseQuantity(value: string | number, kind: QuantityKind, range: Range): number | undefined {
  const found = quantityPattern.exec(typeof value === 'number' ? String(value) : value.trim());
  if (found === null) return undefined;
  const unit = found[2] ?? '';
  const factor = unit === '' ? 1 : factors[kind][unit.toLowerCase()];
  if (factor === undefined) return undefined;
  const amount = Number(found[1]) * factor;
  return Number.isSafeInteger(amount) && amount >= range.min && amount <= range.max ? amount : undefined;
}

/** What would have been right, to stand before "is wanted". */
export function quantityWanted(kind: QuantityKind, range: Range): string {
  const from = formatQuantity(range.min, kind);
  const to = formatQuantity(range.max, kind);
  switch (kind) {
    case 'milliseconds':
      return `a whole number of milliseconds (or a duration such as 50ms or 2s) from ${from} to ${to}`;
    case 'bytes':
      return `a whole number of bytes (or a size such as 64KiB or 128MiB) from ${from} to ${to}`;
    case 'count':
      return `a whole number from ${from} to ${to}`;
  }
}

/** `value` in the largest unit that leaves it whole. */
export function formatQuantity(value: number, kind: QuantityKind): string {
  if (kind === 'count' || value === 0) return String(value);
  const units: readonly (readonly [string, number])[] =
    kind === 'bytes'
      ? [
          ['GiB', 1024 ** 3],
          ['MiB', 1024 ** 2],
          ['KiB', 1024],
          ['B', 1],
        ]
      : [
          ['h', 3_600_000],
          ['m', 60_000],
          ['s', 1000],
          ['ms', 1],
        ];
  for (const [unit, factor] of units) {
    if (value % factor === 0) return `${value / factor}${unit}`;
  }
  return String(value);
}
