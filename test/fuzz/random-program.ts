/** Random modules that end by themselves: some memories, tables, globals and functions that call each other. */
import { s32, type TypeLetter, u32, WasmBuilder } from '../support/wasm-builder.ts';
import type { Prng } from './prng.ts';
import { CodeMaker } from './random-code.ts';
import type { Surroundings } from './random-values.ts';

const signatures = [
  ['', ''],
  ['', ''],
  ['i', ''],
  ['ii', 'i'],
  ['iI', 'I'],
  ['i', 'iI'],
] as const;

/** Loops and calls that a run of one function may take. */
const fuel = 300;

/** The module that `random` comes to. */
export function randomProgram(random: Prng): Uint8Array<ArrayBuffer> {
  const builder = new WasmBuilder();
  const memories = random.pick([1, 1, 1, 2, 3]);
  const passiveSegments = random.below(3);
  for (let memory = 0; memory < memories; memory++) {
    builder.memory(random.pick([1, 3, 3, 4]), random.chance(50) ? random.pick([4, 5, 9]) : undefined);
    for (let i = random.below(3); i > 0; i--)
      builder.activeData(memory, random.below(65_000), random.bytes(random.below(500)));
  }
  for (let i = 0; i < passiveSegments; i++) builder.passiveData(random.bytes(random.below(40)));
  const globals = makeGlobals(builder, random);
  const fuelGlobal = builder.global('i', true, [0x41, ...s32(fuel)]);
  const tags = random.chance(50)
    ? { plain: builder.tags.push(builder.type('', '')) - 1, value: builder.tags.push(builder.type('i', '')) - 1 }
    : undefined;
  const functions = Array.from({ length: 2 + random.below(4) }, (_, index) => {
    const [params, results] = random.pick(signatures);
    return { index, params, results };
  });
  const { tables, tableEntries, elementSegments } = makeTables(builder, random, functions.length);
  const has: Surroundings = {
    builder,
    memories,
    functions,
    tables,
    tableEntries,
    globals,
    fuelGlobal,
    passiveSegments,
    elementSegments,
    tags,
    exceptions: random.pick(['legacy', 'exnref']),
  };
  for (const { index, params, results } of functions) {
    const locals = Array.from({ length: 1 + random.below(5) }, () =>
      random.pick(['i', 'i', 'i', 'I', 'f', 'F', 'v']),
    ).join('');
    const budget = 20 + random.below(120);
    const code = new CodeMaker(random, has, { params, locals, results, budget }).make();
    builder.function(builder.type(params, results), locals, code);
    builder.exportFunction(`f${index}`, index);
  }
  const refuel = builder.function(builder.type('', ''), '', [0x41, ...s32(fuel), 0x24, ...u32(fuelGlobal)]);
  builder.exportFunction('hangLimitInitializer', refuel);
  return builder.build();
}

function makeGlobals(builder: WasmBuilder, random: Prng): { index: number; letter: TypeLetter }[] {
  const initial: Readonly<Record<string, readonly number[]>> = {
    i: [0x41, 0x07],
    I: [0x42, 0x09],
    f: [0x43, 0, 0, 0x80, 0x3f],
    F: [0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    v: [0xfd, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    c: random.chance(50) ? [0xd0, 0x70] : [0xd2, 0x00],
  };
  return Array.from({ length: random.below(5) }, () => {
    const letter = random.pick<TypeLetter>(['i', 'I', 'f', 'F', 'v', 'c']);
    return { letter, index: builder.global(letter, true, initial[letter] ?? []) };
  });
}

function makeTables(
  builder: WasmBuilder,
  random: Prng,
  functions: number,
): { tables: number; tableEntries: number; elementSegments: number } {
  const tables = 1 + random.below(2);
  // Now and then more than what one instruction handles.
  const many = random.chance(20) ? 600 : 0;
  const tableEntries = 4 + random.below(8) + many;
  for (let i = 0; i < tables; i++) builder.table('c', tableEntries, random.chance(50) ? tableEntries + 6 : undefined);
  const entries = (count: number): number[] => [
    ...u32(count),
    ...Array.from({ length: count }, () => u32(random.below(functions))).flat(),
  ];
  builder.elements.push([0, 0x41, 0x00, 0x0b, ...entries(random.below(5))]);
  builder.elements.push([2, tables - 1, 0x41, 0x01, 0x0b, 0, ...entries(random.below(4))]);
  builder.elements.push([1, 0, ...entries(random.below(5) + Math.ceil(many / 2))]);
  // Whatever code takes references of is named here.
  builder.elements.push([
    3,
    0,
    ...u32(functions),
    ...Array.from({ length: functions }, (_, index) => u32(index)).flat(),
  ]);
  return { tables, tableEntries, elementSegments: 4 };
}
