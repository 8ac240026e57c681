/**
 * Indexes one past the end, and a few further, of every kind and wherever one may stand. The rewriter appends functions, globals,
 * memories, tables, types and locals of its own behind the guest's: an index that is invalid in the artifact would be valid in what
 * it writes, and lead to the engine's own memory, flags or helpers.
 */
import { s32, u32, type WasmBuilder } from '../../support/wasm-builder.ts';
import type { ArtifactAttack } from '../attack.ts';
import {
  command,
  rawModule,
  emptyType,
  oneFunction,
  rawSection,
  startExport,
  emptyCode,
  nameBytes,
} from './skeleton.ts';

/** How far past the last valid index: the first, the next few, and the largest. */
const distances = [0, 1, 2, 3, 5, 8, 20, 0xffff_ffff] as const;

interface Site {
  readonly what: string;
  /** How many there are in the artifact. */
  readonly count: number;
  readonly bytes: (index: readonly number[], value: number) => Uint8Array;
}

/** A command with two of each: functions, memories, tables, globals, segments, tags, and locals. */
function crowded(body: readonly number[], change?: (builder: WasmBuilder) => void, locals = 'iI'): Uint8Array {
  return command(
    body,
    (builder) => {
      builder.function(builder.type('', ''), '', []);
      builder.memory(1, 16);
      builder.table('c', 4, 8);
      builder.table('c', 4, 8);
      builder.global('i', true, [0x41, 0]);
      builder.global('i', false, [0x41, 0]);
      builder.passiveData(Buffer.from('one'));
      builder.passiveData(Buffer.from('two'));
      builder.elements.push([1, 0, 1, 0], [1, 0, 1, 0]);
      builder.tags.push(0, 0);
      change?.(builder);
    },
    locals,
  );
}

const zero = [0x41, 0] as const;
const zeros = [...zero, ...zero, ...zero] as const;
const drop = 0x1a;

function code(what: string, count: number, make: (index: readonly number[]) => number[]): Site {
  return { what, count, bytes: (index) => crowded(make(index)) };
}

function outside(
  what: string,
  count: number,
  change: (builder: WasmBuilder, index: readonly number[], value: number) => void,
): Site {
  return { what, count, bytes: (index, value) => crowded([], (builder) => change(builder, index, value)) };
}

const functions: readonly Site[] = [
  code('a function that is called', 2, (index) => [0x10, ...index]),
  code('a function that is tail-called', 2, (index) => [0x12, ...index]),
  code('a function that is referred to', 2, (index) => [0xd2, ...index, drop]),
  outside(
    'a function that is exported',
    2,
    (builder, _index, value) => void builder.exports.push({ name: 'f', kind: 0, index: value }),
  ),
  outside(
    'a function in an element segment',
    2,
    (builder, index) => void builder.elements.push([0, ...zero, 0x0b, 1, ...index]),
  ),
  outside(
    'a function in an element expression',
    2,
    (builder, index) => void builder.elements.push([4, ...zero, 0x0b, 1, 0xd2, ...index, 0x0b]),
  ),
  outside(
    'a function in a declarative segment',
    2,
    (builder, index) => void builder.elements.push([3, 0, 1, ...index]),
  ),
  outside('a function in a global', 2, (builder, index) => void builder.global('c', false, [0xd2, ...index])),
  outside(
    "a function in a table's initialiser",
    2,
    (builder, index) => void builder.tables.push([0x40, 0, 0x70, 0, 1, 0xd2, ...index, 0x0b]),
  ),
  {
    what: 'the start function',
    count: 1,
    bytes: (index) => rawModule(emptyType, oneFunction, startExport, rawSection(8, [...index]), emptyCode),
  },
];

const globals: readonly Site[] = [
  code('a global that is read', 2, (index) => [0x23, ...index, drop]),
  code('a global that is written', 2, (index) => [...zero, 0x24, ...index]),
  outside(
    'a global that is exported',
    2,
    (builder, _index, value) => void builder.exports.push({ name: 'g', kind: 3, index: value }),
  ),
  outside('a global in a global', 2, (builder, index) => void builder.global('i', false, [0x23, ...index])),
  outside(
    'a global in the address of a data segment',
    2,
    (builder, index) => void builder.data.push([0, 0x23, ...index, 0x0b, 0]),
  ),
  outside(
    'a global in the place of an element segment',
    2,
    (builder, index) => void builder.elements.push([0, 0x23, ...index, 0x0b, 0]),
  ),
];

const memories: readonly Site[] = [
  code('a memory that is read', 2, (index) => [...zero, 0x28, 0x42, ...index, 0, drop]),
  code('a memory that is written', 2, (index) => [...zero, ...zero, 0x36, 0x42, ...index, 0]),
  code('a memory that is written as a byte, at an offset', 2, (index) => [
    ...zero,
    ...zero,
    0x3a,
    0x40,
    ...index,
    0x80,
    0x02,
  ]),
  code('a memory whose size is asked', 2, (index) => [0x3f, ...index, drop]),
  code('a memory that grows', 2, (index) => [...zero, 0x40, ...index, drop]),
  code('a memory that is filled', 2, (index) => [...zeros, 0xfc, 11, ...index]),
  code('a memory that is copied to', 2, (index) => [...zeros, 0xfc, 10, ...index, 0]),
  code('a memory that is copied from', 2, (index) => [...zeros, 0xfc, 10, 0, ...index]),
  code('a memory that a segment is copied to', 2, (index) => [...zeros, 0xfc, 8, 0, ...index]),
  code('a memory that is read as a vector', 2, (index) => [...zero, 0xfd, 0, 0x40, ...index, 0, drop]),
  code('a memory that a lane is read from', 2, (index) => [
    ...zero,
    0xfd,
    12,
    ...Array.from({ length: 16 }, () => 0),
    0xfd,
    0x54,
    0x40,
    ...index,
    0,
    0,
    drop,
  ]),
  code('a memory that an atomic changes', 2, (index) => [...zero, ...zero, 0xfe, 0x1e, 0x42, ...index, 0, drop]),
  outside(
    'a memory that is exported',
    2,
    (builder, _index, value) => void builder.exports.push({ name: 'm', kind: 2, index: value }),
  ),
  outside(
    'a memory with a data segment',
    2,
    (builder, index) => void builder.data.push([2, ...index, ...zero, 0x0b, 1, 0x61]),
  ),
];

const tables: readonly Site[] = [
  code('a table that is read', 2, (index) => [...zero, 0x25, ...index, drop]),
  code('a table that is written', 2, (index) => [...zero, 0xd0, 0x70, 0x26, ...index]),
  code('a table whose size is asked', 2, (index) => [0xfc, 16, ...index, drop]),
  code('a table that grows', 2, (index) => [0xd0, 0x70, ...zero, 0xfc, 15, ...index, drop]),
  code('a table that is filled', 2, (index) => [...zero, 0xd0, 0x70, ...zero, 0xfc, 17, ...index]),
  code('a table that is copied to', 2, (index) => [...zeros, 0xfc, 14, ...index, 0]),
  code('a table that is copied from', 2, (index) => [...zeros, 0xfc, 14, 0, ...index]),
  code('a table that a segment is copied to', 2, (index) => [...zeros, 0xfc, 12, 0, ...index]),
  code('a table that is called through', 2, (index) => [...zero, 0x11, 0, ...index]),
  code('a table that is tail-called through', 2, (index) => [...zero, 0x13, 0, ...index]),
  outside(
    'a table that is exported',
    2,
    (builder, _index, value) => void builder.exports.push({ name: 't', kind: 1, index: value }),
  ),
  outside(
    'a table with an element segment',
    2,
    (builder, index) => void builder.elements.push([2, ...index, ...zero, 0x0b, 0, 0]),
  ),
];

/** Type 0 is () → (), and the only one. */
const types: readonly Site[] = [
  code('the type of a call through a table', 1, (index) => [...zero, 0x11, ...index, 0]),
  code('the type of a block', 1, (index) => [0x02, ...index, 0x0b]),
  code('the type of a loop', 1, (index) => [0x03, ...index, 0x0b]),
  code('the type of a try', 1, (index) => [0x06, ...index, 0x19, 0x0b]),
  code('the type of a call by reference', 1, (index) => [0xd2, 0, 0x14, ...index]),
  code('the type of a tail call by reference', 1, (index) => [0xd2, 0, 0x15, ...index]),
  code('the type of a null reference', 1, (index) => [0xd0, ...index, drop]),
  code('the type of a select', 1, (index) => [0xd0, ...index, 0xd0, ...index, ...zero, 0x1c, 1, 0x63, ...index, drop]),
  {
    what: 'the type of a local',
    count: 1,
    bytes: (index) =>
      rawModule(emptyType, oneFunction, startExport, rawSection(10, [1, ...sized([1, 1, 0x63, ...index, 0x0b])])),
  },
  {
    what: 'the type of a function',
    count: 1,
    bytes: (index) => rawModule(emptyType, rawSection(3, [1, ...index]), startExport, emptyCode),
  },
  outside('the type of an import', 1, (builder, index) =>
    builder.rawImport('wasi_snapshot_preview1', 'sched_yield', [0, ...index]),
  ),
  outside('the type of a tag', 1, (builder, _index, value) => void builder.tags.push(value)),
  outside('the type of a table', 1, (builder, index) => void builder.tables.push([0x63, ...index, 0, 1])),
  outside(
    'the type of a global',
    1,
    (builder, index) => void builder.globals.push([0x63, ...index, 0, 0xd0, ...index, 0x0b]),
  ),
  {
    what: 'the type of a parameter',
    count: 1,
    bytes: (index) => rawModule(rawSection(1, [1, 0x60, 1, 0x63, ...index, 0])),
  },
  {
    what: 'a supertype',
    count: 1,
    bytes: (index) =>
      rawModule(
        rawSection(1, [2, 0x50, 0, 0x60, 0, 0, 0x50, 1, ...index, 0x60, 0, 0]),
        oneFunction,
        startExport,
        emptyCode,
      ),
  },
];

/** Locals: an i32 and an i64. The rewriter adds some of its own behind them. */
const locals: readonly Site[] = [
  code('a local that is read', 2, (index) => [0x20, ...index, drop]),
  code('a local that is written', 2, (index) => [...zero, 0x21, ...index]),
  code('a local that is written and kept', 2, (index) => [...zero, 0x22, ...index, drop]),
  // A store with an unknown address makes the rewriter add a local for it.
  code('a local behind a store', 2, (index) => [...zero, 0x28, 2, 0, ...zero, 0x36, 2, 0, 0x20, ...index, drop]),
];

/** The function's own label is 0, and one block's is on top of it. */
const labels: readonly Site[] = [
  code('a label that is branched to', 2, (index) => [0x02, 0x40, 0x0c, ...index, 0x0b]),
  code('a label that is branched to on a condition', 2, (index) => [0x02, 0x40, ...zero, 0x0d, ...index, 0x0b]),
  code('a label of a br_table', 2, (index) => [0x02, 0x40, ...zero, 0x0e, 1, ...index, 0, 0x0b]),
  code('the last label of a br_table', 2, (index) => [0x02, 0x40, ...zero, 0x0e, 1, 0, ...index, 0x0b]),
  code('a label that null is branched to', 2, (index) => [0x02, 0x40, 0xd0, 0x70, 0xd5, ...index, drop, 0x0b]),
  code('a label that is delegated to', 2, (index) => [0x02, 0x40, 0x06, 0x40, 0x18, ...index, 0x0b]),
  code('a label that is rethrown from', 2, (index) => [0x06, 0x40, 0x19, 0x09, ...index, 0x0b]),
  code('a label that catches', 2, (index) => [0x02, 0x40, 0x1f, 0x40, 1, 2, ...index, 0x0b, 0x0b]),
];

const segments: readonly Site[] = [
  code('a data segment that is copied', 2, (index) => [...zeros, 0xfc, 8, ...index, 0]),
  code('a data segment that is dropped', 2, (index) => [0xfc, 9, ...index]),
  code('an element segment that is copied', 2, (index) => [...zeros, 0xfc, 12, ...index, 0]),
  code('an element segment that is dropped', 2, (index) => [0xfc, 13, ...index]),
];

const tags: readonly Site[] = [
  code('a tag that is thrown', 2, (index) => [0x08, ...index]),
  code('a tag that is caught', 2, (index) => [0x06, 0x40, 0x07, ...index, 0x0b]),
  code('a tag that a table of clauses catches', 2, (index) => [0x1f, 0x40, 1, 0, ...index, 0, 0x0b]),
  outside(
    'a tag that is exported',
    2,
    (builder, _index, value) => void builder.exports.push({ name: 'e', kind: 4, index: value }),
  ),
];

function sized(content: readonly number[]): number[] {
  return [...u32(content.length), ...content];
}

const all = { functions, globals, memories, tables, types, locals, labels, segments, tags };

/** `memory.init` in a module that does not tell beforehand how many data segments it has. */
const uncounted: ArtifactAttack = {
  kind: 'artifact',
  name: 'a data segment where none was announced',
  attacks: 'segments past the last',
  bytes: () =>
    rawModule(
      emptyType,
      oneFunction,
      rawSection(5, [1, 0, 1]),
      startExport,
      rawSection(10, [1, ...sized([0, ...zeros, 0xfc, 8, 0, 0, 0x0b])]),
      rawSection(11, [1, 1, ...nameBytes('x')]),
    ),
  ends: ['invalid_module', 'malformed_module'],
  rewritten: 'stays invalid',
  where: 'anywhere',
};

/** Each site with the first and with the last valid index: with one of them it has to be valid, or it shows nothing. */
export const validSites: readonly { readonly what: string; readonly first: Uint8Array; readonly last: Uint8Array }[] =
  Object.entries(all).flatMap(([group, sites]) =>
    sites.map(({ what, count, bytes }) => ({
      what,
      first: bytes([0], 0),
      last: bytes(group === 'types' ? s32(count - 1) : u32(count - 1), count - 1),
    })),
  );

const pastTheLast: readonly ArtifactAttack[] = Object.entries(all).flatMap(([group, sites]) =>
  sites.flatMap(({ what, count, bytes }) =>
    distances.map((distance): ArtifactAttack => {
      const value = Math.min(count + distance, 0xffff_ffff);
      // Block types and heap types are signed.
      const index = group === 'types' ? s32(value | 0) : u32(value);
      return {
        kind: 'artifact',
        name: `${what}, number ${value} of ${count}`,
        attacks: `${group} past the last`,
        bytes: () => bytes(index, value),
        ends: ['invalid_module', 'malformed_module'],
        rewritten: 'stays invalid',
        where: 'anywhere',
      };
    }),
  ),
);

/** Every site with every distance. */
export const indexes: readonly ArtifactAttack[] = [...pastTheLast, uncounted];
