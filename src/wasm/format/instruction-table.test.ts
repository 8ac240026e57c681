import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { s32, s64, u32, WasmBuilder } from '../../../test/support/wasm-builder.ts';
import { isMayflyError } from '../../base/mod.ts';
import { rewriteModule } from '../rewrite/rewrite.ts';
import { checkModule } from './check.ts';
import { decodeModule } from './decode.ts';
import { encodeModule } from './encode.ts';
import { InstructionReader } from './instruction-reader.ts';
import { allInstructions } from './instruction-table.ts';
import { Family, Immediate, type Instruction, Op } from './instructions.ts';
import { Reader } from './reader.ts';

const nullableEq = 0x6d;

/** Types of the module that instructions are tried in. */
const Type = { empty: 0, struct: 1, array: 2, bytes: 3, references: 4, exception: 5 } as const;

/** A module with one of everything that an instruction can name, and a function with this body behind `unreachable`. */
function moduleWith(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const builder = new WasmBuilder();
  builder.type('', '');
  builder.rawType([0x5f, 2, 0x7f, 1, 0x78, 1]); // struct: i32, i8
  builder.rawType([0x5e, 0x7f, 1]); // array of i32
  builder.rawType([0x5e, 0x78, 1]); // array of i8
  builder.rawType([0x5e, 0x70, 1]); // array of funcref
  builder.type('i', '');
  builder.tags.push(Type.exception);
  builder.table('c', 1);
  builder.table('c', 1);
  builder.memory(1);
  builder.memory(1);
  builder.global('i', true, [0x41, 0]);
  builder.elements.push([1, 0, 1, 0]); // passive, naming function 0
  builder.passiveData(new Uint8Array(4));
  // Whatever an instruction takes is there in code that is never reached.
  builder.function(Type.empty, 'i', [0x00, ...body, 0x00]);
  return builder.build();
}

function opcodeBytes(opcode: number): number[] {
  return opcode < 256 ? [opcode] : [opcode >> 16, ...u32(opcode & 0xffff)];
}

/** The types that an instruction on objects wants, by its name: of the field, the element or the segment. */
function objectType(name: string): number {
  if (name.startsWith('struct')) return Type.struct;
  if (name.endsWith('_elem')) return Type.references;
  return /_(?:s|u|data)$/.test(name) ? Type.bytes : Type.array;
}

/** Bytes of an instruction's immediates that V8 should take, and what has to follow it. */
function immediatesOf({ name, opcode, immediate }: Instruction): { bytes: number[]; after: number[] } {
  const plain = (...bytes: readonly number[]): { bytes: number[]; after: number[] } => ({
    bytes: [...bytes],
    after: [],
  });
  switch (immediate) {
    case Immediate.none:
      return plain();
    case Immediate.block:
      return { bytes: [0x40], after: opcode === Op.try ? [0x19, 0x0b] : [0x0b] };
    case Immediate.branchTable:
      return plain(2, 0, 0, 0);
    case Immediate.callIndirect:
      return plain(Type.empty, 1);
    case Immediate.twoTables:
    case Immediate.twoMemories:
      return plain(0, 1);
    case Immediate.memarg:
      return plain(naturalAlignment(name), 5);
    case Immediate.memargLane:
      return plain(0x40, 1, ...u32(70_000), 1);
    case Immediate.i32:
      return plain(...s32(-123_456_789));
    case Immediate.i64:
      return plain(...s64(-(2n ** 62n)));
    case Immediate.f32:
      return plain(1, 2, 3, 4);
    case Immediate.f64:
      return plain(1, 2, 3, 4, 5, 6, 7, 8);
    case Immediate.v128:
    case Immediate.lanes:
      return plain(...Array.from({ length: 16 }, (_, lane) => lane));
    case Immediate.heapType:
      return plain(...(name === 'ref.null' ? [0x70] : [nullableEq]));
    case Immediate.valueTypes:
      return plain(1, 0x7f);
    case Immediate.tryTable:
      return { bytes: [0x40, 2, 0x00, 0, 1, 0x02, 0], after: [0x0b] };
    case Immediate.type:
      return plain(name.includes('call_ref') ? Type.empty : objectType(name));
    case Immediate.typeAndIndex:
      return plain(objectType(name), /get_[su]/.test(name) ? 1 : 0);
    case Immediate.twoTypes:
      return plain(Type.array, Type.array);
    case Immediate.castBranch:
      return plain(3, 0, nullableEq, 0x6c);
    default:
      // A single index or a zero byte.
      return plain(0);
  }
}

/** Atomics want their own alignment, and no other. */
function naturalAlignment(name: string): number {
  if (!name.includes('atomic')) return 0;
  if (name.endsWith('notify') || name.endsWith('wait32')) return 2;
  if (name.endsWith('wait64')) return 3;
  const bits = /(?:load|store|rmw)(?<bits>\d+)/.exec(name)?.groups?.['bits'] ?? name.slice(1, 3);
  return Math.log2(Number(bits) / 8);
}

/** How each instruction that cannot simply stand behind `unreachable` is put into a body. */
const bodies: Readonly<Record<string, readonly number[]>> = {
  else: [0x04, 0x40, 0x05, 0x0b],
  end: [0x02, 0x40, 0x0b],
  catch: [0x06, 0x40, 0x07, 0, 0x1a, 0x0b],
  catch_all: [0x06, 0x40, 0x19, 0x0b],
  rethrow: [0x06, 0x40, 0x19, 0x09, 0, 0x0b],
  delegate: [0x06, 0x40, 0x18, 0],
  try_table: [0x02, 0x7f, 0x02, 0x40, 0x1f, 0x40, 2, 0x00, 0, 1, 0x02, 0, 0x0b, 0x0b, 0x41, 0, 0x0b, 0x1a],
  br_on_non_null: [0x02, 0x63, 0x70, 0xd0, 0x70, 0xd6, 0, 0xd0, 0x70, 0x0b, 0x1a],
  br_on_cast: [0x02, 0x63, nullableEq, 0xd0, nullableEq, 0xfb, 24, 3, 0, nullableEq, 0x6c, 0x0b, 0x1a],
  br_on_cast_fail: [0x02, 0x63, nullableEq, 0xd0, nullableEq, 0xfb, 25, 3, 0, nullableEq, 0x6c, 0x0b, 0x1a],
  'struct.get': [0xfb, 2, Type.struct, 0],
};

function bodyFor(instruction: Instruction): number[] {
  const known = bodies[instruction.name];
  if (known !== undefined) return [...known];
  const { bytes, after } = immediatesOf(instruction);
  return [...opcodeBytes(instruction.opcode), ...bytes, ...after];
}

/** How V8 says that it has no such instruction. 0xfb 0x20 and 0x21 are of a proposal and want types that only that has. */
const unknownToV8 = /invalid (?:\w+ )?opcode|enable with --experimental|invalid struct index: 0/i;

function v8Error(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    void new WebAssembly.Module(bytes);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('the table of instructions', () => {
  for (const instruction of allInstructions()) {
    test(`${instruction.name} is what V8 takes it for`, () => {
      const body = bodyFor(instruction);
      const bytes = moduleWith(body);
      assert.equal(v8Error(bytes), undefined);
      const module = decodeModule(bytes);
      checkModule(module);
      const found: string[] = [];
      const code = module.bodies[0]?.code ?? { start: 0, end: 0 };
      const instructions = new InstructionReader(new Reader(bytes, code.start, code.end), module.types.length);
      while (!instructions.done) {
        instructions.next();
        found.push(instructions.instruction.name);
      }
      assert.ok(found.includes(instruction.name), found.join(' '));
      assert.deepEqual(encodeModule(decodeModule(encodeModule(module))), encodeModule(module));
      assertRewritten(bytes, instruction);
    });

    test(`${instruction.name} is refused when it is cut short`, () => {
      const { bytes } = immediatesOf(instruction);
      const whole = [...opcodeBytes(instruction.opcode), ...bytes];
      for (let length = 1; length < whole.length; length++) {
        const reader = new Reader(Uint8Array.from(whole.slice(0, length)));
        assert.throws(() => new InstructionReader(reader, 6).next(), { code: 'malformed_module' });
      }
    });
  }

  test('there is no instruction of V8 that it lacks', () => {
    const known = new Set(allInstructions().map(({ opcode }) => opcode));
    const opcodes = [
      ...Array.from({ length: 0xfb }, (_, opcode) => opcode),
      ...[0xfb, 0xfc, 0xfd, 0xfe].flatMap((prefix) => Array.from({ length: 512 }, (_, code) => (prefix << 16) | code)),
      0xff,
    ];
    const lacking = opcodes.filter((opcode) => {
      if (known.has(opcode)) return false;
      const bytes = moduleWith([...opcodeBytes(opcode), 0, 0, 0, 0]);
      assert.throws(() => rewrite(bytes), { code: 'malformed_module' }, `0x${opcode.toString(16)}`);
      return !unknownToV8.test(v8Error(bytes) ?? 'it is valid');
    });
    assert.deepEqual(lacking, []);
  });
});

function rewrite(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const rewritten = rewriteModule(decodeModule(bytes), {
    snapshot: { memoryPages: [1, 1], globals: new Map() },
    entry: 0,
    memoryBytesMax: 2 ** 20,
    passes: { preemption: 'checks', dirty: 'marks' },
  });
  return Uint8Array.from(rewritten.bytes);
}

/** What cannot be served is refused by name; anything else stays valid. */
function assertRewritten(bytes: Uint8Array<ArrayBuffer>, { name, family }: Instruction): void {
  try {
    assert.equal(v8Error(rewrite(bytes)), undefined);
  } catch (error) {
    assert.ok(isMayflyError(error, 'unsupported_feature'), String(error));
    assert.ok(family === Family.gc || name.startsWith('memory.atomic.wait'), error.message);
  }
}
