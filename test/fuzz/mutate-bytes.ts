import type { Prng } from './prng.ts';

const interesting = [0x00, 0x01, 0x0b, 0x40, 0x41, 0x60, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff] as const;

export interface MutateOptions {
  /** How many bytes at the start stay as they are. */
  readonly keep: number;
  /** What pieces are taken from. */
  readonly other: () => Uint8Array;
}

/** `bytes` with a few changes: of single bytes, of pieces taken out, doubled, or put in from elsewhere. */
export function mutateBytes(random: Prng, bytes: Uint8Array, { keep, other }: MutateOptions): Uint8Array<ArrayBuffer> {
  const changed = [...bytes];
  for (let count = 1 + random.below(4); count > 0 && changed.length > keep + 1; count--) {
    const at = keep + random.below(changed.length - keep);
    switch (random.below(7)) {
      case 0:
        changed[at] = random.below(256);
        break;
      case 1:
        changed[at] = random.pick(interesting);
        break;
      case 2:
        changed[at] = ((changed[at] ?? 0) + random.pick([1, -1, 2, 0x80])) & 0xff;
        break;
      case 3:
        changed.splice(at, 0, random.pick(interesting));
        break;
      case 4:
        changed.splice(at, 1 + random.below(4));
        break;
      case 5: {
        const from = keep + random.below(changed.length - keep);
        changed.splice(at, 0, ...changed.slice(from, from + random.below(30)));
        break;
      }
      default: {
        const source = other();
        const from = random.below(Math.max(1, source.byteLength));
        changed.splice(at, random.below(8), ...source.subarray(from, from + random.below(40)));
      }
    }
  }
  return Uint8Array.from(changed);
}
