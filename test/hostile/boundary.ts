/**
 * A guest that tries to reach below its own address 0, where the engine keeps its words, and past the end of its memory: every kind of
 * access, with offsets and addresses whose sum is near 2^32 or wraps past it.
 */
import { assembleGuest, type HostileGuest } from './guests.ts';

/** An access: its text with OFFSET and ADDRESS to be put in, and the bytes it moves. */
const accesses: readonly (readonly [name: string, text: string, bytes: number])[] = [
  ['load-byte', '(drop (i32.load8_u OFFSET ADDRESS))', 1],
  ['load', '(drop (i32.load OFFSET ADDRESS))', 4],
  ['load-long', '(drop (i64.load OFFSET ADDRESS))', 8],
  ['load-double', '(drop (f64.load OFFSET ADDRESS))', 8],
  ['load-vector', '(drop (v128.load OFFSET ADDRESS))', 16],
  ['load-lane', '(drop (v128.load8_lane OFFSET 3 ADDRESS (v128.const i64x2 0 0)))', 1],
  ['load-splat', '(drop (v128.load64_splat OFFSET ADDRESS))', 8],
  ['store-byte', '(i32.store8 OFFSET ADDRESS (i32.const -1))', 1],
  ['store', '(i32.store OFFSET ADDRESS (i32.const -1))', 4],
  ['store-long', '(i64.store OFFSET ADDRESS (i64.const -1))', 8],
  ['store-float', '(f32.store OFFSET ADDRESS (f32.const 1))', 4],
  ['store-vector', '(v128.store OFFSET ADDRESS (v128.const i64x2 -1 -1))', 16],
  ['store-lane', '(v128.store64_lane OFFSET 1 ADDRESS (v128.const i64x2 -1 -1))', 8],
  ['atomic-load', '(drop (i32.atomic.load8_u OFFSET ADDRESS))', 1],
  ['atomic-store', '(i32.atomic.store8 OFFSET ADDRESS (i32.const -1))', 1],
  ['atomic-add', '(drop (i32.atomic.rmw8.add_u OFFSET ADDRESS (i32.const -1)))', 1],
  ['atomic-exchange', '(drop (i32.atomic.rmw8.cmpxchg_u OFFSET ADDRESS (i32.const 0) (i32.const -1)))', 1],
];

const offsets = [
  0, 1, 0xffff, 0x1_0000, 0x1_ffff, 0x2_0000, 0x7fff_ffff, 0x8000_0000, 0xfffe_ffff, 0xffff_0000, 0xffff_fff0,
  0xffff_ffff,
];
const addresses = [
  0, 1, 0x1_0000, 0x1_ffff, 0x2_0000, 0x7fff_ffff, 0x8000_0000, 0xfffe_ffc0, 0xffff_0000, 0xffff_ffc0, 0xffff_ffff,
];
const memoryBytes = 0x2_0000;

/** The guest, and every target that has to trap: address in a variable, and address as a constant in the code. */
export function boundaryGuest(): { readonly guest: HostileGuest; readonly targets: readonly string[] } {
  const functions: string[] = ['(memory $memory (export "memory") 2 2)'];
  const targets: string[] = [];
  let number = 0;
  for (const [name, text, bytes] of accesses) {
    for (const offset of offsets) {
      const withOffset = text.replace('OFFSET', `offset=${offset}`);
      number += 1;
      functions.push(`(func $attack-${name}-${offset} ${withOffset.replace('ADDRESS', '(global.get $argument)')})`);
      for (const address of addresses) {
        if (address + offset + bytes > memoryBytes) targets.push(`?${number}&${address}`);
      }
    }
    for (const address of addresses.filter((each) => each >= memoryBytes)) {
      number += 1;
      const constant = text.replace('OFFSET', 'offset=64').replace('ADDRESS', `(i32.const ${address})`);
      functions.push(`(func $attack-${name}-at-${address} ${constant})`);
      targets.push(`?${number}`);
    }
  }
  return { guest: assembleGuest('boundary', functions.join('\n')), targets };
}
