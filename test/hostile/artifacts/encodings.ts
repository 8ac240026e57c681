/** Bytes that are no module, or only nearly one: sizes, counts, numbers, nesting and names that lie. */
import { u32 } from '../../support/wasm-builder.ts';
import type { ArtifactAttack } from '../attack.ts';
import {
  command,
  emptyCode,
  emptyType,
  header,
  joined,
  nameBytes,
  oneFunction,
  rawModule,
  rawSection,
  startExport,
  withBodies,
  withLarge,
} from './skeleton.ts';

type Case = readonly [name: string, ends: ArtifactAttack['ends'], bytes: () => Uint8Array];

function attacks(what: string, cases: readonly Case[]): ArtifactAttack[] {
  return cases.map(([name, ends, bytes]) => ({
    kind: 'artifact',
    name,
    attacks: what,
    bytes,
    ends,
    where: 'anywhere',
  }));
}

const malformed = ['malformed_module'] as const;
const tooLarge = ['module_too_large'] as const;
const refused = ['malformed_module', 'invalid_module', 'module_too_large'] as const;
/** 2^32 - 1. */
const most = [0xff, 0xff, 0xff, 0xff, 0x0f] as const;

const kinds = attacks('what an artifact is', [
  ['nothing', ['not_wasm'], () => new Uint8Array()],
  ['text', ['not_wasm'], () => new Uint8Array(Buffer.from('#!/bin/sh\nrm -rf /\n'))],
  ['an ELF binary', ['not_wasm'], () => Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])],
  ['only the magic number', malformed, () => Uint8Array.from(header.slice(0, 4))],
  ['half a version', malformed, () => Uint8Array.from(header.slice(0, 6))],
  ['version 2', malformed, () => Uint8Array.from([...header.slice(0, 4), 2, 0, 0, 0])],
  ['no section at all', ['no_entry_point'], () => Uint8Array.from(header)],
  ['a component', ['unsupported_feature'], () => Uint8Array.from([...header.slice(0, 4), 0x0d, 0, 1, 0, 1, 0])],
  [
    'a module within its own custom section',
    ['no_entry_point'],
    () => rawModule(rawSection(0, [...nameBytes('x'), ...command([])])),
  ],
]);

const sections = attacks('section sizes and order', [
  ['a section longer than the file', malformed, () => rawModule([1, 0x7f, 1, 0x60, 0, 0])],
  ['a section of 4 GiB', malformed, () => rawModule([1, ...most, 1, 0x60, 0, 0])],
  ['a section shorter than its content', malformed, () => rawModule([1, 3, 1, 0x60, 0, 0], oneFunction)],
  ['a section with bytes left over', malformed, () => rawModule(rawSection(1, [1, 0x60, 0, 0, 0]))],
  ['a section twice', malformed, () => rawModule(emptyType, emptyType, oneFunction, startExport, emptyCode)],
  ['sections out of order', malformed, () => rawModule(oneFunction, emptyType, startExport, emptyCode)],
  [
    'an unknown section',
    malformed,
    () => rawModule(emptyType, rawSection(14, []), oneFunction, startExport, emptyCode),
  ],
  ['section 255', malformed, () => rawModule([255, 0])],
  ['a section id and nothing more', malformed, () => rawModule([1])],
  ['code without functions', malformed, () => rawModule(emptyType, emptyCode)],
  ['functions without code', malformed, () => rawModule(emptyType, oneFunction, startExport)],
  [
    'more code than functions',
    malformed,
    () => rawModule(emptyType, oneFunction, startExport, rawSection(10, [2, 2, 0, 0x0b, 2, 0, 0x0b])),
  ],
  [
    'a body longer than its section',
    malformed,
    () => rawModule(emptyType, oneFunction, startExport, rawSection(10, [1, 0x7f, 0, 0x0b])),
  ],
  [
    'fewer data segments than announced',
    malformed,
    () => rawModule(emptyType, oneFunction, startExport, rawSection(12, [5]), emptyCode),
  ],
]);

const counts = attacks('counts', [
  ...([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13] as const).map((id): Case => [
    `4 billion entries in section ${id}`,
    refused,
    () => withLarge(id, most),
  ]),
  ['100,001 types', tooLarge, () => withLarge(1, u32(100_001), Buffer.alloc(300_003, Uint8Array.from([0x60, 0, 0])))],
  ['a group of 4 billion types', refused, () => withLarge(1, [1, 0x4e], most)],
  [
    'a hundred groups of thousand types',
    refused,
    () =>
      withLarge(
        1,
        [101],
        ...Array.from({ length: 101 }, () =>
          joined([0x4e], u32(1000), Buffer.alloc(3000, Uint8Array.from([0x60, 0, 0]))),
        ),
      ),
  ],
  ['10,001 imports', tooLarge, () => withLarge(2, u32(10_001), Buffer.alloc(40_004, Uint8Array.from([0, 0, 0, 0])))],
  ['500,001 functions', refused, () => withLarge(3, u32(500_001), new Uint8Array(500_001))],
  ['500,000 functions without a body', malformed, () => withLarge(3, u32(500_000), new Uint8Array(500_000))],
  ['17 tables', tooLarge, () => withLarge(4, [17], Buffer.alloc(51, Uint8Array.from([0x70, 0, 1])))],
  ['9 memories', tooLarge, () => withLarge(5, [9], Buffer.alloc(18, Uint8Array.from([0, 1])))],
  ['10,001 tags', tooLarge, () => withLarge(13, u32(10_001), new Uint8Array(20_002))],
  [
    '100,001 globals',
    tooLarge,
    () => withLarge(6, u32(100_001), Buffer.alloc(500_005, Uint8Array.from([0x7f, 0, 0x41, 0, 0x0b]))),
  ],
  [
    '100,001 element segments',
    tooLarge,
    () => withLarge(9, u32(100_001), Buffer.alloc(300_003, Uint8Array.from([1, 0, 0]))),
  ],
  [
    '100,001 data segments',
    tooLarge,
    () => withLarge(11, u32(100_001), Buffer.alloc(200_002, Uint8Array.from([1, 0]))),
  ],
  ['an element segment of 4 billion functions', refused, () => withLarge(9, [1, 1, 0], most)],
  ['a data segment of 4 GiB', refused, () => withLarge(11, [1, 1], most)],
  ['1,001 parameters', tooLarge, () => withLarge(1, [2, 0x60, 0, 0, 0x60], u32(1001), Buffer.alloc(1001, 0x7f), [0])],
  ['1,001 results', tooLarge, () => withLarge(1, [2, 0x60, 0, 0, 0x60, 0], u32(1001), Buffer.alloc(1001, 0x7f))],
  ['4 billion locals', tooLarge, () => withBodies([1, ...most, 0x7f, 0x0b])],
  ['locals that add up past 32 bits', tooLarge, () => withBodies([3, ...most, 0x7f, ...most, 0x7f, 3, 0x7f, 0x0b])],
  ['48,901 locals', tooLarge, () => withBodies([1, ...u32(48_901), 0x7f, 0x0b])],
  ['4 billion runs of locals', refused, () => withBodies([...most, 0x0b])],
  ['a br_table of 4 billion labels', refused, () => withBodies([0, 0x41, 0, 0x0e, ...most, 0, 0x0b])],
  [
    'a br_table of 65,521 labels',
    refused,
    () => withBodies([0, 0x41, 0, 0x0e, ...u32(65_521), ...Array.from({ length: 65_522 }, () => 0), 0x0b]),
  ],
  ['4 billion types of a select', refused, () => withBodies([0, 0x1c, ...most, 0x0b])],
  ['4 billion catch clauses', refused, () => withBodies([0, 0x1f, 0x40, ...most, 0x0b])],
]);

const numbers = attacks('numbers in too many bytes', [
  ['a section size in six bytes', refused, () => rawModule([1, 0x84, 0x80, 0x80, 0x80, 0x80, 0, 1, 0x60, 0, 0])],
  ['a count in six bytes', refused, () => withLarge(3, [0x81, 0x80, 0x80, 0x80, 0x80, 0, 0])],
  ['a count past 32 bits', refused, () => withLarge(3, [0x81, 0x80, 0x80, 0x80, 0x70, 0])],
  ['an i32 in six bytes', refused, () => command([0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a])],
  ['an i32 past 32 bits', refused, () => command([0x41, 0xff, 0xff, 0xff, 0xff, 0x4f, 0x1a])],
  ['an i64 in eleven bytes', refused, () => command([0x42, ...Array.from({ length: 10 }, () => 0x80), 0, 0x1a])],
  ['an i64 past 64 bits', refused, () => command([0x42, ...Array.from({ length: 9 }, () => 0xff), 0x3f, 0x1a])],
  ['a block type in six bytes', refused, () => command([0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x0b])],
  ['a number without end', refused, () => command([0x41, ...Array.from({ length: 1000 }, () => 0x80)])],
  ['a prefixed opcode in six bytes', refused, () => command([0xfc, 0x8b, 0x80, 0x80, 0x80, 0x80, 0])],
  ['a prefixed opcode past 16 bits', refused, () => command([0xfd, 0x80, 0x80, 0x04])],
  // Not in the fewest bytes, which is allowed: the rewriter must read the same value as V8.
  ['a long form of a function index', ['built'], () => command([0x10, 0x80, 0x80, 0x80, 0x80, 0])],
  ['a long form of an offset', ['built'], () => command([0x41, 0, 0x28, 2, 0x84, 0x80, 0x80, 0x80, 0, 0x1a])],
  ['an alignment that names a memory', ['built'], () => command([0x41, 0, 0x28, 0x42, 0, 4, 0x1a])],
  ['an alignment of 2^31', refused, () => command([0x41, 0, 0x28, 31, 0, 0x1a])],
  ['an alignment of 2^128', refused, () => command([0x41, 0, 0x28, 0x80, 1, 0, 0x1a])],
]);

const nesting = attacks('nesting', [
  [
    '100,000 blocks within each other',
    refused,
    () =>
      withBodies([
        0,
        ...Array.from({ length: 100_000 }, () => [0x02, 0x40]).flat(),
        ...Array.from({ length: 100_001 }, () => 0x0b),
      ]),
  ],
  [
    '1,000,000 loops that nobody ends',
    refused,
    () => withBodies([0, ...Array.from({ length: 1_000_000 }, () => [0x03, 0x40]).flat()]),
  ],
  ['ends without blocks', refused, () => withBodies([0, ...Array.from({ length: 1000 }, () => 0x0b)])],
  ['no end', refused, () => withBodies([0, 0x01])],
  ['an empty body', refused, () => withBodies([])],
  ['an else without an if', refused, () => command([0x05])],
  ['two else', refused, () => command([0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b])],
  ['a catch without a try', refused, () => command([0x19])],
  ['a delegate without a try', refused, () => command([0x18, 0])],
  ['code behind the end', refused, () => withBodies([0, 0x0b, 0x41, 0, 0x1a, 0x0b])],
  ['a constant expression without end', refused, () => withLarge(6, [1, 0x7f, 0, 0x41, 0])],
  ['a constant expression that calls', refused, () => withLarge(6, [1, 0x7f, 0, 0x10, 0, 0x0b])],
  ['a constant expression that loops', refused, () => withLarge(6, [1, 0x7f, 0, 0x03, 0x7f, 0x0c, 0, 0x0b, 0x0b])],
  [
    'a constant expression of a million adds',
    ['built', 'invalid_module', 'module_too_large'],
    () => withLarge(6, [1, 0x7f, 0, 0x41, 0], Buffer.alloc(3_000_000, Uint8Array.from([0x41, 1, 0x6a])), [0x0b]),
  ],
]);

const opcodes = attacks('opcodes that are none', [
  ...[0x16, 0x1d, 0x27, 0xc5, 0xd9, 0xe0, 0xf0, 0xfa, 0xff].map((opcode): Case => [
    `opcode 0x${opcode.toString(16)}`,
    ['malformed_module', 'invalid_module', 'unsupported_feature'],
    () => command([opcode]),
  ]),
  ...[0xfb, 0xfc, 0xfd, 0xfe].map((prefix): Case => [
    `opcode 0x${prefix.toString(16)} 0x3fff`,
    refused,
    () => command([prefix, 0xff, 0x7f]),
  ]),
]);

/** Clears a terminal, rings its bell, and begins a line of its own. */
const controls = '\u001b[2J\u0007\nworker is down\r\u009b31m';
const controlNames = rawSection(0, [...nameBytes('name'), ...rawSection(1, [1, 0, ...nameBytes(controls)])]);

const names = attacks('names', [
  [
    'a name that is not UTF-8',
    malformed,
    () => rawModule(emptyType, oneFunction, rawSection(7, [1, 4, 0xff, 0xfe, 0xc0, 0x80, 0, 0]), emptyCode),
  ],
  [
    'a surrogate in a name',
    malformed,
    () => rawModule(emptyType, oneFunction, rawSection(7, [1, 3, 0xed, 0xa0, 0x80, 0, 0]), emptyCode),
  ],
  ['a name of 4 GiB', refused, () => withLarge(7, [1], most)],
  ['a name of 102,401 bytes', tooLarge, () => withLarge(7, [1], u32(102_401), Buffer.alloc(102_401, 0x61), [0, 0])],
  [
    'an invalid body of a function whose name has control characters',
    ['invalid_module'],
    () => joined(command([0x6a]), controlNames),
  ],
  [
    'exports of one name with control characters',
    ['invalid_module'],
    () =>
      rawModule(
        emptyType,
        oneFunction,
        rawSection(7, [2, ...nameBytes(controls), 0, 0, ...nameBytes(controls), 0, 0]),
        emptyCode,
      ),
  ],
  [
    'imports whose names have control characters',
    ['unknown_import'],
    () => withLarge(2, [1], nameBytes(controls), nameBytes(controls), [0, 0]),
  ],
  [
    'imports whose names are 100 KB long',
    ['unknown_import'],
    () => withLarge(2, [1], nameBytes('x'.repeat(100_000)), nameBytes('y'.repeat(100_000)), [0, 0]),
  ],
  [
    'two exports of one name',
    ['invalid_module'],
    () =>
      rawModule(
        emptyType,
        oneFunction,
        rawSection(7, [2, ...nameBytes('_start'), 0, 0, ...nameBytes('_start'), 0, 0]),
        emptyCode,
      ),
  ],
  [
    'a custom section whose name is longer than it',
    malformed,
    () => rawModule(rawSection(0, [9, 0x61]), emptyType, oneFunction, startExport, emptyCode),
  ],
  [
    'a name section that lies',
    ['built'],
    () =>
      joined(command([]), rawSection(0, [...nameBytes('name'), 1, 200, 1, 255, 255, 255, 255, 15, 0, 9, 200, 0x61])),
  ],
  [
    'a name section that names what is not there',
    ['built'],
    () => joined(command([]), rawSection(0, [...nameBytes('name'), 1, 8, 1, 0xff, 0x7f, 4, 0x1b, 0x5b, 0x32, 0x4a])),
  ],
  [
    'a name section with control characters',
    ['built'],
    () => joined(command([0]), rawSection(0, [...nameBytes('name'), 1, 8, 1, 0, 5, 0x1b, 0x5b, 0x32, 0x4a, 0x0a])),
  ],
  [
    'a producers section that lies',
    ['built'],
    () => joined(command([]), rawSection(0, [...nameBytes('producers'), 0xff, 0xff, 0xff, 0xff, 0x0f])),
  ],
  [
    '20,000 custom sections',
    ['built'],
    () => joined(command([]), Buffer.alloc(80_000, Uint8Array.from([0, 2, 1, 0x61]))),
  ],
]);

/** A command of one function with an own branch hint at `offset`, which is nowhere near a branch. */
function hinted(...content: readonly number[]): Uint8Array {
  const hints = rawSection(0, [...nameBytes('metadata.code.branch_hint'), ...content]);
  return rawModule(
    emptyType,
    oneFunction,
    rawSection(5, [1, 0, 1]),
    startExport,
    hints,
    rawSection(10, [1, 8, 0, 0x41, 1, 0x04, 0x40, 0x0b, 0x01, 0x0b]),
  );
}

const hints = attacks("a guest's own branch hints", [
  ['a hint that is right', ['built'], () => hinted(1, 0, 1, 3, 1, 1)],
  ['a hint where no branch is', ['built'], () => hinted(1, 0, 1, 99, 1, 1)],
  ['hints of a function that is none', ['built'], () => hinted(1, 0xff, 0x7f, 1, 3, 1, 1)],
  ['4 billion hints', ['built'], () => hinted(...most)],
  ['a hint of 4 GiB', ['built'], () => hinted(1, 0, 1, 3, ...most, 1)],
]);

/** Every way of cutting a command short. */
function truncated(): ArtifactAttack[] {
  const whole = command([0x41, 0, 0x28, 2, 4, 0x1a, 0x03, 0x40, 0x0c, 0, 0x0b], (builder) => {
    builder.global('i', true, [0x41, 7]);
    builder.table('c', 3);
    builder.activeData(0, 16, Buffer.from('constant'));
    builder.elements.push([0, 0x41, 0, 0x0b, 1, 0]);
  });
  return Array.from({ length: whole.byteLength - 1 }, (_, length) => ({
    kind: 'artifact',
    name: `cut after ${length} of ${whole.byteLength} bytes`,
    attacks: 'artifacts cut short',
    bytes: () => whole.slice(0, length),
    // Cut between two sections it is a module, and lacks something.
    ends: ['not_wasm', 'malformed_module', 'invalid_module', 'no_entry_point'],
    where: 'anywhere',
  }));
}

/** All of them. */
export const encodings: readonly ArtifactAttack[] = [
  ...kinds,
  ...sections,
  ...counts,
  ...numbers,
  ...nesting,
  ...opcodes,
  ...names,
  ...hints,
  ...truncated(),
];
