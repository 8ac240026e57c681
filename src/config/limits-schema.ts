import { z } from 'zod';
import { limitManual, type LimitName, type Limits } from './limits.ts';
import { parseQuantity, quantityWanted } from './quantity.ts';

/** Reads a limit's value, a number or text with a unit such as `64MiB` or `2s`. */
function valueSchema(name: LimitName): z.ZodType<number> {
  const { about, kind, range } = limitManual[name];
  const read = (value: unknown, context: z.RefinementCtx): number => {
    const parsed =
      typeof value === 'number' || typeof value === 'string' ? parseQuantity(value, kind, range) : undefined;
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `${quantityWanted(kind, range)} is wanted` });
    return z.NEVER;
  };
  return z.unknown().transform(read).describe(about);
}

/** The `[limits]` table of a manifest. */
export const limitsSchema: z.ZodType<Partial<Limits>> = z.strictObject({
  cpuMs: valueSchema('cpuMs').exactOptional(),
  wallMs: valueSchema('wallMs').exactOptional(),
  memoryBytes: valueSchema('memoryBytes').exactOptional(),
  requestBodyBytes: valueSchema('requestBodyBytes').exactOptional(),
  responseBodyBytes: valueSchema('responseBodyBytes').exactOptional(),
  subrequests: valueSchema('subrequests').exactOptional(),
  logBytes: valueSchema('logBytes').exactOptional(),
} satisfies Record<LimitName, unknown>);
