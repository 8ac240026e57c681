/** Artifacts that ask for what cannot be bounded, that lie about what they import, or whose preparation is the attack. */
import { s32, u32, type WasmBuilder } from '../../support/wasm-builder.ts';
import { assemble } from '../../support/wasm-text.ts';
import type { ArtifactAttack } from '../attack.ts';
import {
  command,
  emptyCode,
  emptyType,
  joined,
  nameBytes,
  oneFunction,
  rawModule,
  rawSection,
  startExport,
  withLarge,
  withStart,
} from './skeleton.ts';

type Case = readonly [name: string, ends: ArtifactAttack['ends'], bytes: () => Uint8Array, where?: 'builder'];

function attacks(what: string, cases: readonly Case[]): ArtifactAttack[] {
  return cases.map(([name, ends, bytes, where]): ArtifactAttack => ({
    kind: 'artifact',
    name,
    attacks: what,
    bytes,
    ends,
    where: where ?? 'anywhere',
  }));
}

const unsupported = ['unsupported_feature'] as const;
const tooLarge = ['module_too_large'] as const;
const wasi = 'wasi_snapshot_preview1';

/** A command that imports this. */
function importing(
  module: string,
  name: string,
  description: readonly number[],
  extra?: (builder: WasmBuilder) => void,
): Uint8Array {
  return command([], (builder) => {
    builder.rawImport(module, name, description);
    extra?.(builder);
  });
}

const refusals = attacks('what cannot be bounded', [
  ['a shared memory', unsupported, () => assemble('(module (memory 1 2 shared) (func (export "_start")))')],
  ['a memory of 64-bit addresses', unsupported, () => assemble('(module (memory i64 1) (func (export "_start")))')],
  ['a table of 64-bit addresses', unsupported, () => withLarge(4, [1, 0x70, 4, 1])],
  ['a memory with its own page size', ['malformed_module', 'unsupported_feature'], () => withLarge(5, [1, 8, 1, 0])],
  ['a wait for another thread', unsupported, () => command([0x41, 0, 0x41, 0, 0x42, 0, 0xfe, 0x01, 2, 0, 0x1a])],
  ['a wait of 64 bits', unsupported, () => command([0x41, 0, 0x42, 0, 0x42, 0, 0xfe, 0x02, 3, 0, 0x1a])],
  ['objects: struct.new', unsupported, () => withTypes([0x5f, 1, 0x7f, 1], [0x41, 0, 0xfb, 0, 1, 0x1a])],
  ['objects: struct.new_default', unsupported, () => withTypes([0x5f, 1, 0x7f, 1], [0xfb, 1, 1, 0x1a])],
  ['objects: array.new', unsupported, () => withTypes([0x5e, 0x7f, 1], [0x41, 0, 0x41, 9, 0xfb, 6, 1, 0x1a])],
  [
    'objects: array.new_default of 4 GiB',
    unsupported,
    () => withTypes([0x5e, 0x7f, 1], [0x41, 0x7f, 0xfb, 7, 1, 0x1a]),
  ],
  ['objects: ref.i31', unsupported, () => command([0x41, 0, 0xfb, 28, 0x1a])],
  [
    'objects in a global',
    unsupported,
    () => withTypes([0x5f, 0], [], (builder) => void builder.globals.push([0x63, 1, 0, 0xfb, 0, 1, 0x0b])),
  ],
  [
    'objects in an element segment',
    unsupported,
    () => withTypes([0x5f, 0], [], (builder) => void builder.elements.push([5, 0x63, 1, 1, 0xfb, 0, 1, 0x0b])),
  ],
  [
    'objects in a table',
    unsupported,
    () => withTypes([0x5f, 0], [], (builder) => void builder.tables.push([0x40, 0, 0x63, 1, 0, 9, 0xfb, 0, 1, 0x0b])),
  ],
  ['a table of exceptions', unsupported, () => command([], (builder) => void builder.tables.push([0x69, 0, 9]))],
  [
    'a table of null exceptions',
    unsupported,
    () => command([], (builder) => void builder.tables.push([0x63, 0x69, 0, 9])),
  ],
  [
    'an exception that holds exceptions',
    unsupported,
    () => withTypes([0x60, 1, 0x69, 0], [], (builder) => void builder.tags.push(1)),
  ],
  [
    'an exception that holds 17 numbers',
    tooLarge,
    () =>
      withTypes([0x60, 17, ...Array.from({ length: 17 }, () => 0x7e), 0], [], (builder) => void builder.tags.push(1)),
  ],
  ['a continuation', ['malformed_module', 'invalid_module', 'unsupported_feature'], () => withTypes([0x5d, 0], [])],
]);

/** A command with a second type. */
function withTypes(
  type: readonly number[],
  code: readonly number[],
  change?: (builder: WasmBuilder) => void,
): Uint8Array {
  return command(code, (builder) => {
    builder.rawType(type);
    change?.(builder);
  });
}

const func = (type: number): number[] => [0, type];
const imports = attacks('imports', [
  ...['preempt', 'yield', 'park', 'enter', 'rewind'].map((name): Case => [
    `the engine's own ${name}`,
    ['unknown_import'],
    () => importing('mayfly', name, func(0)),
  ]),
  [
    "the engine's own flags",
    ['unknown_import', 'unsupported_feature'],
    () => importing('mayfly', 'flags', [2, 3, 1, 1]),
  ],
  ["the engine's own memory", ['unknown_import'], () => importing('mayfly', 'memory 0', [2, 0, 1])],
  ["the engine's own image", ['unknown_import'], () => importing('mayfly', 'image 0', [2, 0, 0])],
  ['a memory', ['unknown_import'], () => importing('env', 'memory', [2, 0, 1])],
  ['a table', ['unknown_import'], () => importing('env', '__indirect_function_table', [1, 0x70, 0, 1])],
  ['a global', ['unknown_import'], () => importing('env', '__stack_pointer', [3, 0x7f, 1])],
  ['a tag', ['unknown_import'], () => importing('env', '__cpp_exception', [4, 0, 0])],
  ['a call that there is not', ['unknown_import'], () => importing(wasi, 'fd_hack', func(0))],
  ['sockets to open', ['unknown_import'], () => importing(wasi, 'sock_open', func(0))],
  ['an older WASI', ['unknown_import'], () => importing('wasi_unstable', 'fd_write', func(0))],
  ['threads', ['unknown_import'], () => importing('wasi', 'thread-spawn', func(0))],
  ["an object's own properties", ['unknown_import'], () => importing(wasi, '__proto__', func(0))],
  ['what every object has', ['unknown_import'], () => importing(wasi, 'constructor', func(0))],
  ['from what every object has', ['unknown_import'], () => importing('__proto__', 'toString', func(0))],
  ['nothing from nowhere', ['unknown_import'], () => importing('', '', func(0))],
  ['a call as a memory', ['unknown_import'], () => importing(wasi, 'fd_write', [2, 0, 1])],
  ['a call as a global', ['unknown_import'], () => importing(wasi, 'fd_write', [3, 0x7f, 0])],
  ['a call with another type', ['invalid_module'], () => importing(wasi, 'fd_write', func(0))],
  [
    'a call with a reference for a number',
    ['invalid_module'],
    () => importing(wasi, 'fd_close', func(1), (builder) => void builder.rawType([0x60, 1, 0x6f, 1, 0x7f])),
  ],
  [
    'an exit that answers',
    ['invalid_module'],
    () => importing(wasi, 'proc_exit', func(1), (builder) => void builder.rawType([0x60, 1, 0x7f, 1, 0x7f])),
  ],
  ['10,000 of one call', ['built'], () => assembleMany()],
]);

function assembleMany(): Uint8Array {
  return rawModule(
    rawSection(1, [2, 0x60, 0, 0, 0x60, 0, 1, 0x7f]),
    rawSection(2, [
      ...u32(10_000),
      ...Array.from({ length: 10_000 }, () => [...nameBytes(wasi), ...nameBytes('sched_yield'), 0, 1]).flat(),
    ]),
    oneFunction,
    rawSection(7, [1, ...nameBytes('_start'), 0, ...u32(10_000)]),
    emptyCode,
  );
}

const entries = attacks('entry points', [
  ['none', ['no_entry_point'], () => rawModule(emptyType, oneFunction, emptyCode)],
  [
    'a memory called _start',
    ['no_entry_point'],
    () => rawModule(rawSection(5, [1, 0, 1]), rawSection(7, [1, ...nameBytes('_start'), 2, 0])),
  ],
  [
    'a _start that takes something',
    ['no_entry_point'],
    () => rawModule(rawSection(1, [1, 0x60, 1, 0x7f, 0]), oneFunction, startExport, emptyCode),
  ],
  [
    'a _start that gives something',
    ['no_entry_point'],
    () =>
      rawModule(
        rawSection(1, [1, 0x60, 0, 1, 0x7f]),
        oneFunction,
        startExport,
        rawSection(10, [1, 4, 0, 0x41, 0, 0x0b]),
      ),
  ],
  [
    'a start function that takes something',
    ['invalid_module'],
    () =>
      rawModule(
        rawSection(1, [2, 0x60, 0, 0, 0x60, 1, 0x7f, 0]),
        rawSection(3, [2, 0, 1]),
        startExport,
        rawSection(8, [1]),
        rawSection(10, [2, 2, 0, 0x0b, 2, 0, 0x0b]),
      ),
  ],
  [
    'an import as _start',
    ['no_entry_point', 'built'],
    () =>
      rawModule(
        rawSection(1, [1, 0x60, 0, 1, 0x7f]),
        rawSection(2, [1, ...nameBytes(wasi), ...nameBytes('sched_yield'), 0, 0]),
        startExport,
      ),
  ],
]);

const sizes = attacks('memory and tables to begin with', [
  ['a memory of 4 GiB', tooLarge, () => withLarge(5, [1, 0], u32(65_536))],
  ['a memory of more than 4 GiB', tooLarge, () => withLarge(5, [1, 0], u32(65_537))],
  ['a memory one page past memoryBytes', tooLarge, () => withLarge(5, [1, 0], u32(2049))],
  ['a maximum below the minimum', ['invalid_module'], () => withLarge(5, [1, 1, 5, 4])],
  [
    'eight memories that are too large together',
    tooLarge,
    () => withLarge(5, [8], ...Array.from({ length: 8 }, () => [0, ...u32(1000)])),
  ],
  ['a table of 4 billion', tooLarge, () => withLarge(4, [1, 0x70, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])],
  ['a table of 100,001', tooLarge, () => withLarge(4, [1, 0x70, 0], u32(100_001))],
  [
    'a data segment outside',
    ['initialise_failed'],
    () => command([], (builder) => builder.activeData(0, 65_535, Buffer.from('xy'))),
  ],
  [
    'a data segment below',
    ['initialise_failed'],
    () => command([], (builder) => builder.activeData(0, -1, Buffer.from('x'))),
  ],
  [
    'an element segment outside',
    ['initialise_failed'],
    () =>
      command([], (builder) => {
        builder.table('c', 1);
        builder.elements.push([0, 0x41, 1, 0x0b, 1, 0]);
      }),
  ],
]);

const bodies = attacks('huge functions', [
  ['a body past 4 MiB', ['module_too_large', 'invalid_module'], () => withBody([0], 4_194_304)],
  ['a body past what V8 takes', ['module_too_large', 'invalid_module'], () => withBody([0], 8_000_000)],
  [
    'a table that grows beside 200,000 functions, all made anew for each request',
    tooLarge,
    () => growsBeside(200_000),
    'builder',
  ],
  ['bytes times locals', tooLarge, () => withBody([1, ...u32(48_000), 0x7f], 50_000)],
  ['stores that grow a body past what V8 takes', tooLarge, () => withStores(590_000)],
]);

/** A command that grows a table, with so many functions more. */
function growsBeside(count: number): Uint8Array {
  const types = joined(u32(count + 1), new Uint8Array(count + 1));
  const grow = [0, 0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a, 0x0b];
  const code = joined(u32(count + 1), sized(grow), Buffer.alloc(count * 3, Uint8Array.from([2, 0, 0x0b])));
  return joined(
    rawModule(emptyType),
    [3],
    u32(types.byteLength),
    types,
    rawModule(rawSection(4, [1, 0x70, 0, 1])).subarray(8),
    rawSection(5, [1, 0, 1]),
    startExport,
    [10],
    u32(code.byteLength),
    code,
  );
}

/** A command whose body has these locals and so many bytes of `nop`. */
function withBody(locals: readonly number[], bytes: number): Uint8Array {
  const code = Buffer.alloc(bytes, 0x01);
  return withLarge(10, [1], u32(locals.length + bytes + 1), locals, code, [0x0b]);
}

/** Stores at addresses that nobody knows: each needs a mark of its own. */
function withStores(count: number): Uint8Array {
  const one = Uint8Array.from([0x23, 0, 0x41, 0, 0x3a, 0, 0]);
  const code = Buffer.alloc(count * one.byteLength, one);
  return rawlyJoined([1], u32(1 + code.byteLength + 1), [0], code, [0x0b]);
}

function rawlyJoined(...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = joined(...content);
  return joined(
    rawModule(
      emptyType,
      oneFunction,
      rawSection(5, [1, 0, 1]),
      rawSection(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
      startExport,
    ),
    [10],
    u32(body.byteLength),
    body,
  );
}

const failed = ['initialise_failed'] as const;
const call = (index: number): number[] => [0x10, ...u32(index)];
const randomGet = (builder: WasmBuilder): number => builder.importFunction(wasi, 'random_get', builder.type('ii', 'i'));
const exit = (builder: WasmBuilder): number => builder.importFunction(wasi, 'proc_exit', builder.type('i', ''));
const draw = [0x41, 0, 0x41, 8, ...call(0), 0x1a];

const initialisers = attacks('initialisers', [
  ['that trap', failed, () => withStart([0x00])],
  ['that overflow the stack', failed, () => withStart([...call(0)])],
  ['that throw', failed, () => withStart([0x08, 0], (builder) => void builder.tags.push(0))],
  ['that draw randomness', failed, () => withStart(draw, randomGet)],
  ['that draw randomness and catch', failed, () => withStart([0x06, 0x40, ...draw, 0x00, 0x19, 0x0b], randomGet)],
  ['that draw randomness and trap', failed, () => withStart([...draw, 0x00], randomGet)],
  ['that exit', failed, () => withStart([0x41, 0, ...call(0)], exit)],
  ['that exit and catch', failed, () => withStart([0x06, 0x40, 0x41, 0, ...call(0), 0x19, 0x0b], exit)],
  ['that read out of bounds', failed, () => withStart([0x41, 0x7f, 0x28, 2, 0, 0x1a])],
  [
    'that lie to the host',
    ['built', 'initialise_failed'],
    () =>
      withStart(
        [0x41, 0x7f, 0x41, 0x7f, ...call(0), 0x1a],
        (builder) => void builder.importFunction(wasi, 'environ_get', builder.type('ii', 'i')),
      ),
  ],
  ['that grow memory to the limit', ['built'], () => grows(2047)],
  ['that grow memory past the limit', ['built'], () => grows(2048)],
  [
    'that change references',
    unsupported,
    () => withStart([0xd0, 0x70, 0x24, 0], (builder) => void builder.globals.push([0x70, 1, 0xd0, 0x70, 0x0b])),
  ],
  [
    'that change tables',
    ['unsupported_feature', 'built'],
    () =>
      withStart([0x41, 0, 0xd2, 0, 0x26, 0], (builder) => {
        builder.table('c', 1);
        builder.elements.push([3, 0, 1, 0]);
      }),
  ],
  [
    'that drop segments',
    ['unsupported_feature', 'built'],
    () => withStart([0xfc, 9, 0], (builder) => void builder.passiveData(Buffer.from('x'))),
  ],
  // The rest takes much: the builder has a deadline and a cap.
  ['that never end', ['builder_failed'], () => withStart([0x03, 0x40, 0x0c, 0, 0x0b]), 'builder'],
  [
    'that call the host for ever',
    ['builder_failed'],
    () =>
      withStart(
        [0x03, 0x40, ...call(0), 0x1a, 0x0c, 0, 0x0b],
        (builder) => void builder.importFunction(wasi, 'sched_yield', builder.type('', 'i')),
      ),
    'builder',
  ],
  [
    'that grow eight memories to the limit and fill them',
    ['builder_failed', 'initialise_failed', 'module_too_large'],
    () => fillsMemories(),
    'builder',
  ],
  [
    'that grow a table without end',
    ['builder_failed', 'initialise_failed', 'module_too_large', 'unsupported_feature'],
    () => growsTables(),
    'builder',
  ],
  ['that keep exceptions without end', ['builder_failed', 'initialise_failed'], () => keepsExceptions(), 'builder'],
]);

function grows(pages: number): Uint8Array {
  return joined(
    rawModule(
      emptyType,
      rawSection(3, [2, 0, 0]),
      rawSection(5, [1, 0, 1]),
      rawSection(7, [1, ...nameBytes('_start'), 0, 1]),
      rawSection(8, [0]),
    ),
    rawSection(10, [2, ...sized([0, 0x41, ...s32(pages), 0x40, 0, 0x1a, 0x0b]), 2, 0, 0x0b]),
  );
}

function sized(content: readonly number[]): number[] {
  return [...u32(content.length), ...content];
}

function fillsMemories(): Uint8Array {
  const memories = [0, 1, 2, 3, 4, 5, 6, 7];
  const each = memories
    .map(
      (m) =>
        `(drop (memory.grow ${m} (i32.const 2047))) (memory.fill ${m} (i32.const 0) (i32.const 1) (i32.const 0x8000000))`,
    )
    .join('\n');
  return assemble(
    `(module ${memories.map(() => '(memory 1)').join(' ')} (func $begin ${each}) (start $begin) (func (export "_start")))`,
  );
}

function growsTables(): Uint8Array {
  const loop = '(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1))))';
  const tables = Array.from({ length: 16 }, (_, index) => `(table $t${index} 1 funcref)`).join(' ');
  const loops = Array.from({ length: 16 }, (_, index) => loop.replace('$t', `$t${index}`)).join('\n');
  return assemble(`(module ${tables} (func $begin ${loops}) (start $begin) (func (export "_start")))`);
}

function keepsExceptions(): Uint8Array {
  const params = Array.from({ length: 2 }, () => 'v128').join(' ');
  const values = Array.from({ length: 2 }, () => '(v128.const i64x2 1 2)').join(' ');
  const kept = Array.from({ length: 4000 }, (_, index) => `(global $g${index} (mut i32) (i32.const 0))`).join(' ');
  return assemble(`(module ${kept} (tag $e (param ${params}))
    (func $throws (throw $e ${values}))
    (func $keep (param $depth i32) (local exnref exnref exnref exnref)
      (if (i32.eqz (local.get $depth)) (then (loop $for-ever (br $for-ever))))
      ${[1, 2, 3, 4].map((local) => `(local.set ${local} (block $c (result exnref) (try_table (catch_all_ref $c) (call $throws)) (unreachable)))`).join('\n')}
      (call $keep (i32.sub (local.get $depth) (i32.const 1)))
      ${[1, 2, 3, 4].map((local) => `(drop (local.get ${local}))`).join('\n')})
    (func $begin (call $keep (i32.const 100000000)))
    (start $begin) (func (export "_start")))`);
}

const bombs = attacks('bombs for the compiler', [
  [
    '2,000,000 branches with 1,000 values each',
    ['built', 'builder_failed', 'module_too_large'],
    () => branchesWithValues(200_000),
    'builder',
  ],
  [
    '50,000 functions of 1,000 parameters',
    ['built', 'builder_failed', 'module_too_large'],
    () => manyParameters(50_000),
    'builder',
  ],
  [
    'an artifact past 128 MiB',
    ['artifact_unreadable', 'module_too_large'],
    () => new Uint8Array(134_217_729),
    'builder',
  ],
]);

/** `block (1000 values) br_if 0 end`, so many times. */
function branchesWithValues(count: number): Uint8Array {
  const type = joined([2, 0x60, 0, 0, 0x60], u32(1000), Buffer.alloc(1000, 0x7f), u32(1000), Buffer.alloc(1000, 0x7f));
  const push = Buffer.alloc(2000, Uint8Array.from([0x41, 0]));
  const once = Uint8Array.from([0x02, 1, 0x41, 0, 0x0d, 0, 0x0b]);
  const code = joined([0], push, Buffer.alloc(count * once.byteLength, once), Buffer.alloc(1000, 0x1a), [0x0b]);
  const section = joined([1], u32(code.byteLength), code);
  return joined(
    rawModule([1, ...u32(type.byteLength), ...type], oneFunction, rawSection(5, [1, 0, 1]), startExport),
    [10],
    u32(section.byteLength),
    section,
  );
}

function manyParameters(count: number): Uint8Array {
  const type = joined([2, 0x60, 0, 0, 0x60], u32(1000), Buffer.alloc(1000, 0x7e), [0]);
  const types = joined(u32(count + 1), Buffer.alloc(count, 1), [0]);
  const code = joined(u32(count + 1), Buffer.alloc(count * 3, Uint8Array.from([2, 0, 0x0b])), [2, 0, 0x0b]);
  return joined(
    rawModule([1, ...u32(type.byteLength), ...type]),
    [3],
    u32(types.byteLength),
    types,
    rawSection(7, [1, ...nameBytes('_start'), 0, ...u32(count)]),
    [10],
    u32(code.byteLength),
    code,
  );
}

/** All of them. */
export const resources: readonly ArtifactAttack[] = [
  ...refusals,
  ...imports,
  ...entries,
  ...sizes,
  ...bodies,
  ...initialisers,
  ...bombs,
];
