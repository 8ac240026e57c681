import { z } from 'zod';
import { limitManual, type LimitName } from './limits.ts';
import { parseQuantity, quantityWanted } from './quantity.ts';

/** Reads a limit's value, a number or text with a unit such as `64MiB` or `2s`. */
export function limitValueSchema(name: LimitName): z.ZodType<number> {
  const { kind, range } = limitManual[name];
  const read = (value: unknown, context: z.RefinementCtx): number => {
    const parsed =
      typeof value === 'number' || typeof value === 'string' ? parseQuantity(value, kind, range) : undefined;
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `${quantityWanted(kind, range)} is wanted` });
    return z.NEVER;
  };
  return z.unknown().transform(read);
}
