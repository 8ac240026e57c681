/**
 * Random function bodies, valid by construction and bent on what the rewriter has to get right: stores at bases that change under
 * way, in loops, arms and catches, near page borders, with operands that wait on the stack while blocks run.
 */
import { s32, s64, type TypeLetter, typeByte, u32, type WasmBuilder } from '../support/wasm-builder.ts';
import type { Prng } from './prng.ts';

/** What a body can refer to. */
export interface Surroundings {
  readonly builder: WasmBuilder;
  readonly memories: number;
  /** Functions that may be called, by index. */
  readonly functions: readonly { readonly index: number; readonly params: string; readonly results: string }[];
  /** Type indexes that `call_indirect` may name. */
  readonly tables: number;
  readonly tableEntries: number;
  /** Mutable globals by letter. */
  readonly globals: readonly { readonly index: number; readonly letter: TypeLetter }[];
  /** The global that runs down at each loop and call; at 0 the program traps, so that it ends. */
  readonly fuelGlobal: number;
  readonly passiveSegments: number;
  readonly elementSegments: number;
  /** A tag without parameters and one with an i32. */
  readonly tags: { readonly plain: number; readonly value: number } | undefined;
  readonly exceptions: 'legacy' | 'exnref';
}

interface Label {
  /** What a branch to it carries. */
  readonly types: string;
}

const emptyBlock = 0x40;
const numberLetters = ['i', 'I', 'f', 'F', 'v'] as const;
/** Offsets around the borders of mark blocks and pages. */
const offsets = [0, 0, 0, 1, 4, 8, 15, 16, 240, 250, 255, 256, 257, 300, 511, 512, 4080, 4095, 4096, 65_535] as const;
const addresses = [0, 1, 8, 255, 256, 3800, 4080, 4090, 4095, 4096, 8191, 40_000, 65_530, 65_535, 65_536, 70_000] as const;
const lengths = [0, 1, 15, 16, 17, 256, 4095, 4096, 4097, 9000, 65_536, 66_000] as const;

/** Stores by the letter of the value: opcode bytes, and log2 of the natural alignment. */
const stores: Readonly<Record<string, readonly (readonly [number[], number])[]>> = {
  i: [
    [[0x36], 2],
    [[0x3a], 0],
    [[0x3b], 1],
  ],
  I: [
    [[0x37], 3],
    [[0x3c], 0],
    [[0x3d], 1],
    [[0x3e], 2],
  ],
  f: [[[0x38], 2]],
  F: [[[0x39], 3]],
  v: [[[0xfd, 0x0b], 4]],
};

const loads: Readonly<Record<string, readonly (readonly [number[], number])[]>> = {
  i: [
    [[0x28], 2],
    [[0x2c], 0],
    [[0x2f], 1],
  ],
  I: [
    [[0x29], 3],
    [[0x31], 0],
    [[0x35], 2],
  ],
  f: [[[0x2a], 2]],
  F: [[[0x2b], 3]],
  v: [
    [[0xfd, 0x00], 4],
    [[0xfd, 0x0a], 3],
    [[0xfd, 0x5d], 3],
  ],
};

type LaneStore = readonly [opcode: number, align: number, lanes: number];

/** Lane stores: opcode, log2 of the width, lanes. */
const laneStores: readonly [LaneStore, ...LaneStore[]] = [
  [0x58, 0, 16],
  [0x59, 1, 8],
  [0x5a, 2, 4],
  [0x5b, 3, 2],
];

/** Writes one body. */
export class CodeMaker {
  readonly #random: Prng;
  readonly #has: Surroundings;
  readonly #locals: string[];
  readonly #results: string;
  readonly #labels: Label[];
  readonly #code: number[] = [];
  /** What may still be nested, so that bodies end. */
  #budget: number;

  constructor(random: Prng, has: Surroundings, shape: { params: string; locals: string; results: string; budget: number }) {
    this.#random = random;
    this.#has = has;
    this.#locals = [...shape.params, ...shape.locals];
    this.#results = shape.results;
    this.#labels = [{ types: shape.results }];
    this.#budget = shape.budget;
  }

  make(): number[] {
    this.#burnFuel();
    this.#body(this.#results, 2 + this.#random.below(8));
    return this.#code;
  }

  #emit(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#code.push(byte);
  }

  #index(opcode: number, index: number): void {
    this.#emit(opcode, ...u32(index));
  }

  #i32(value: number): void {
    this.#emit(0x41, ...s32(value));
  }

  /** Traps when the program has run for long enough. */
  #burnFuel(): void {
    const { fuelGlobal } = this.#has;
    this.#index(0x23, fuelGlobal);
    this.#emit(0x45, 0x04, emptyBlock, 0x00, 0x0b);
    this.#index(0x23, fuelGlobal);
    this.#i32(1);
    this.#emit(0x6b);
    this.#index(0x24, fuelGlobal);
  }

  /** Statements and, unless control is gone, the results of a block. */
  #body(results: string, statements: number): void {
    for (let i = 0; i < statements && this.#budget > 0; i++) {
      this.#budget -= 1;
      if (this.#statement() === 'leaves' && this.#random.chance(60)) return;
    }
    for (const letter of results) this.#value(letter);
  }

  /** Leaves the operands as they were, unless it leaves the block. */
  #statement(): 'goes on' | 'leaves' {
    const random = this.#random;
    switch (random.below(22)) {
      case 0:
      case 1:
        this.#setLocal();
        return 'goes on';
      case 2:
        return this.#branch();
      case 3:
      case 4:
        this.#nested();
        return 'goes on';
      case 5:
        this.#call();
        return 'goes on';
      case 6:
        this.#bulk();
        return 'goes on';
      case 7:
        this.#grow();
        return 'goes on';
      case 8:
        this.#tableOperation();
        return 'goes on';
      case 9:
        this.#setGlobal();
        return 'goes on';
      case 10:
        this.#atomic();
        return 'goes on';
      case 11:
        this.#value(random.pick(numberLetters));
        this.#emit(0x1a);
        return 'goes on';
      default:
        this.#store();
        return 'goes on';
    }
  }

  #setLocal(): void {
    const local = this.#random.below(this.#locals.length);
    this.#operand(this.#locals[local] ?? 'i');
    this.#index(0x21, local);
  }

  /** A value that may become an address: one in the memory, if it is an i32. */
  #operand(letter: string): void {
    const random = this.#random;
    const local = this.#localOf('i');
    if (letter !== 'i') return this.#value(letter);
    if (local !== undefined && random.chance(40)) return this.#index(0x20, local);
    if (random.chance(40)) return this.#i32(random.pick(addresses));
    this.#value('i');
    this.#emit(0x41, ...s32(0x1_ffff), 0x71);
  }

  #localOf(letter: string): number | undefined {
    const fitting = this.#locals.flatMap((each, index) => (each === letter ? [index] : []));
    const [first, ...others] = fitting;
    return first === undefined ? undefined : this.#random.pick([first, ...others]);
  }

  /** A value of this type on the stack. */
  #value(letter: string): void {
    const random = this.#random;
    const local = this.#localOf(letter);
    const choice = this.#budget > 0 ? random.below(12) : random.below(5);
    if (choice < 3) return this.#constant(letter);
    if (choice < 6) return local === undefined ? this.#constant(letter) : this.#index(0x20, local);
    this.#budget -= 1;
    if (choice < 8) return this.#load(letter);
    if (choice === 8 && local !== undefined) {
      this.#operand(letter);
      return this.#index(0x22, local);
    }
    if (choice === 9) {
      this.#value(letter);
      this.#value(letter);
      this.#value('i');
      return letter === 'v' ? this.#emit(0x1c, 1, typeByte('v')) : this.#emit(0x1b);
    }
    if (choice === 10) return this.#nestedValue(letter);
    return this.#arithmetic(letter);
  }

  #constant(letter: string): void {
    const random = this.#random;
    switch (letter) {
      case 'i':
        return this.#i32(random.chance(50) ? random.pick(addresses) : random.below(300));
      case 'I':
        return this.#emit(0x42, ...s64(BigInt(random.u32()) * BigInt(random.u32())));
      case 'f':
        return this.#emit(0x43, random.below(256), random.below(256), random.below(128), random.below(127));
      case 'F':
        return this.#emit(0x44, ...random.bytes(7), random.below(127));
      case 'c':
        return this.#emit(0xd0, 0x70);
      default:
        return this.#emit(0xfd, 0x0c, ...random.bytes(16));
    }
  }

  /** What gives the same bits everywhere. */
  #arithmetic(letter: string): void {
    if (letter === 'i' || letter === 'I') {
      this.#value(letter);
      this.#value(letter);
      const opcodes = letter === 'i' ? ([0x6a, 0x6b, 0x71, 0x72, 0x73] as const) : ([0x7c, 0x7d, 0x83, 0x84, 0x85] as const);
      return this.#emit(this.#random.pick(opcodes));
    }
    if (letter === 'v') {
      this.#value('v');
      this.#value('v');
      return this.#emit(0xfd, ...u32(this.#random.pick([0x4e, 0x50, 0x51, 0x6e, 0xae])));
    }
    this.#constant(letter);
  }

  /** An address: nearly all of them lie in the memory. */
  #address(): void {
    const random = this.#random;
    const local = this.#localOf('i');
    if (local === undefined || random.chance(25)) return random.chance(4) ? this.#value('i') : this.#operand('i');
    if (random.chance(85)) return this.#index(0x20, local);
    this.#operand('i');
    this.#index(0x22, local);
  }

  #memarg(align: number, memory: number, offset: number = this.#random.pick(offsets)): void {
    if (memory === 0) this.#emit(align);
    else this.#emit(align | 0x40, ...u32(memory));
    this.#emit(...u32(offset));
  }

  #memory(): number {
    return this.#random.below(this.#has.memories);
  }

  /** Between the address and the value other things may happen, also to the local that the address came from. */
  #interlude(): void {
    if (this.#budget > 0 && this.#random.chance(20)) this.#statement();
  }

  #store(): void {
    const random = this.#random;
    const runs = random.chance(40) ? 1 + random.below(4) : 1;
    for (let i = 0; i < runs; i++) {
      this.#address();
      this.#interlude();
      if (random.chance(10)) {
        this.#value('v');
        const [opcode, align, lanes] = random.pick(laneStores);
        this.#emit(0xfd, ...u32(opcode));
        this.#memarg(align, this.#memory());
        this.#emit(random.below(lanes));
        continue;
      }
      const letter = random.pick(numberLetters);
      this.#value(letter);
      const choices = stores[letter] ?? [];
      const [opcode, align] = choices[random.below(choices.length)] ?? [[0x3a], 0];
      this.#emit(...opcode);
      this.#memarg(random.below(align + 1), this.#memory());
    }
  }

  #load(letter: string): void {
    const choices = loads[letter] ?? [];
    const [opcode, align] = choices[this.#random.below(choices.length)] ?? [[0x28], 2];
    if (letter === 'c') return this.#constant(letter);
    this.#address();
    this.#emit(...opcode);
    this.#memarg(this.#random.below(align + 1), this.#memory());
  }

  /** Read, change and write in one, at an address that is aligned most of the time. */
  #atomic(): void {
    const random = this.#random;
    const [width, letter] = random.pick([
      [0, 'i'],
      [1, 'I'],
    ] as const);
    const align = width + 2;
    this.#address();
    if (random.chance(80)) this.#emit(0x41, ...s32(-8), 0x71);
    this.#value(letter);
    const action = random.below(8);
    if (action === 7) {
      this.#emit(0xfe, 0x17 + width);
    } else {
      if (action === 6) this.#value(letter);
      this.#emit(0xfe, 0x1e + action * 7 + width);
    }
    this.#memarg(align, this.#memory(), random.pick([0, 8, 256, 4088, 65_528]));
    if (action !== 7) this.#emit(0x1a);
  }

  #length(): void {
    if (this.#random.chance(80)) this.#i32(this.#random.pick(lengths));
    else this.#value('i');
  }

  #bulk(): void {
    const random = this.#random;
    const { passiveSegments } = this.#has;
    const kind = random.below(passiveSegments > 0 ? 4 : 2);
    const segment = random.below(Math.max(1, passiveSegments));
    if (kind === 3) return this.#emit(0xfc, 0x09, ...u32(segment));
    this.#address();
    if (kind === 0) {
      this.#address();
      this.#length();
      return this.#emit(0xfc, 0x0a, ...u32(this.#memory()), ...u32(this.#memory()));
    }
    if (kind === 1) {
      this.#i32(1 + random.below(255));
      this.#length();
      return this.#emit(0xfc, 0x0b, ...u32(this.#memory()));
    }
    this.#i32(random.below(10));
    this.#i32(random.below(20));
    this.#emit(0xfc, 0x08, ...u32(segment), ...u32(this.#memory()));
  }

  #grow(): void {
    const memory = this.#memory();
    this.#i32(this.#random.pick([0, 1, 1, 2, 5, 70_000]));
    this.#emit(0x40, ...u32(memory));
    // The answer goes where it is seen.
    const local = this.#localOf('i');
    if (local === undefined) this.#emit(0x1a);
    else this.#index(0x21, local);
    if (!this.#random.chance(50)) return;
    this.#i32(this.#random.pick(addresses));
    this.#emit(0x3f, ...u32(memory), 0x36, 0, 0);
  }

  #tableOperation(): void {
    const random = this.#random;
    const { tables, tableEntries, elementSegments } = this.#has;
    const [table, other] = [random.below(tables), random.below(tables)];
    const entry = (): void => this.#i32(random.below(tableEntries - (random.chance(90) ? 2 : -2)));
    const some = (): void => this.#i32(random.below(3));
    const segment = random.below(elementSegments);
    switch (random.below(8)) {
      case 0:
        entry();
        this.#reference();
        return this.#index(0x26, table);
      case 1:
        entry();
        entry();
        some();
        return this.#emit(0xfc, 0x0e, table, other);
      case 2:
        entry();
        this.#reference();
        some();
        return this.#emit(0xfc, 0x11, table);
      case 3:
        entry();
        some();
        some();
        return this.#emit(0xfc, 0x0c, segment, table);
      case 4:
        return this.#emit(0xfc, 0x0d, segment);
      case 5:
        if (random.chance(70)) return;
        this.#reference();
        some();
        return this.#emit(0xfc, 0x0f, table, 0x1a);
      default: {
        this.#emit(0xfc, 0x10, table);
        const local = this.#localOf('i');
        return local === undefined ? this.#emit(0x1a) : this.#index(0x21, local);
      }
    }
  }

  #reference(): void {
    const [first, ...others] = this.#has.functions;
    if (first === undefined || this.#random.chance(30)) return this.#emit(0xd0, 0x70);
    this.#index(0xd2, this.#random.pick([first, ...others]).index);
  }

  #setGlobal(): void {
    const [first, ...others] = this.#has.globals;
    if (first === undefined) return;
    const { index, letter } = this.#random.pick([first, ...others]);
    if (letter === 'c') this.#reference();
    else this.#value(letter);
    this.#index(0x24, index);
  }

  #call(): void {
    const random = this.#random;
    const [first, ...others] = this.#has.functions;
    if (first === undefined) return;
    const { index, params, results } = random.pick([first, ...others]);
    for (const letter of params) this.#operand(letter);
    if (random.chance(30)) {
      this.#i32(random.below(4));
      this.#emit(0x11, ...u32(this.#has.builder.type(params, results)), random.below(this.#has.tables));
    } else {
      this.#index(0x10, index);
    }
    for (let i = 0; i < results.length; i++) this.#emit(0x1a);
  }

  /** A branch somewhere, taken or not. */
  #branch(): 'goes on' | 'leaves' {
    const random = this.#random;
    const label = random.below(this.#labels.length);
    const types = this.#labels[this.#labels.length - 1 - label]?.types ?? '';
    switch (random.below(7)) {
      case 0: {
        for (const letter of types) this.#operand(letter);
        this.#index(0x0c, label);
        return 'leaves';
      }
      case 1: {
        const fitting = this.#labels.flatMap((each, depth) => (each.types === types ? [this.#labels.length - 1 - depth] : []));
        for (const letter of types) this.#value(letter);
        this.#value('i');
        this.#emit(0x0e, fitting.length, ...fitting.flatMap(u32), ...u32(label));
        return 'leaves';
      }
      case 2: {
        if (this.#has.tags === undefined) break;
        if (random.chance(50)) this.#index(0x08, this.#has.tags.plain);
        else {
          this.#value('i');
          this.#index(0x08, this.#has.tags.value);
        }
        return 'leaves';
      }
      case 3: {
        for (const letter of this.#results) this.#value(letter);
        this.#emit(0x0f);
        return 'leaves';
      }
      default:
    }
    this.#branchIf(label, types);
    for (let i = 0; i < types.length; i++) this.#emit(0x1a);
    return 'goes on';
  }

  #branchIf(label: number, types: string): void {
    for (const letter of types) this.#operand(letter);
    this.#value('i');
    if (this.#random.chance(50)) this.#emit(0x41, 1, 0x71);
    this.#index(0x0d, label);
  }

  /** A block of some kind whose results are dropped. */
  #nested(): void {
    const results = this.#random.pick(['', '', '', 'i', 'iI', 'vi']);
    this.#block(results);
    for (let i = 0; i < results.length; i++) this.#emit(0x1a);
  }

  #nestedValue(letter: string): void {
    if (letter === 'c') return this.#constant(letter);
    this.#block(letter);
  }

  #block(results: string): void {
    const random = this.#random;
    const size = 1 + random.below(5);
    const { tags, exceptions } = this.#has;
    const params = random.pick(['', '', '', 'i', 'i', 'iI', 'ii']);
    for (const letter of params) this.#operand(letter);
    const kind = random.below(tags === undefined ? 6 : 8);
    if (kind >= 6) return exceptions === 'legacy' ? this.#legacyTry(params, results, size) : this.#tryTable(params, results, size);
    if (kind >= 4) this.#value('i');
    const opcode = kind < 2 ? 0x02 : kind < 4 ? 0x03 : 0x04;
    this.#open(opcode, params, results, opcode === 0x03 ? params : results);
    if (opcode === 0x03) this.#burnFuel();
    this.#consume(params);
    if (opcode === 0x03 && random.chance(60)) {
      this.#body('', size);
      this.#branchIf(0, params);
      for (let i = 0; i < params.length; i++) this.#emit(0x1a);
    }
    this.#body(results, size);
    if (opcode === 0x04 && (random.chance(60) || params !== results)) {
      this.#emit(0x05);
      this.#consume(params);
      this.#body(results, size);
    }
    this.#close();
  }

  #open(opcode: number, params: string, results: string, branchTypes: string): void {
    this.#emit(opcode);
    if (params === '' && results === '') this.#emit(emptyBlock);
    else this.#emit(...s32(this.#has.builder.type(params, results)));
    this.#labels.push({ types: branchTypes });
  }

  #close(): void {
    this.#labels.pop();
    this.#emit(0x0b);
  }

  /** Takes a block's parameters off the stack; addresses are stored to where they lie. */
  #consume(params: string): void {
    for (const letter of Array.from(params).toReversed()) {
      const local = this.#localOf(letter);
      if (letter === 'i' && this.#random.chance(60)) {
        if (local !== undefined && this.#random.chance(30)) this.#index(0x22, local);
        this.#interlude();
        this.#value('i');
        this.#emit(this.#random.pick([0x36, 0x3a, 0x3b]));
        this.#memarg(0, this.#memory());
      } else if (local !== undefined && this.#random.chance(50)) {
        this.#index(0x21, local);
      } else {
        this.#emit(0x1a);
      }
    }
  }

  #legacyTry(params: string, results: string, size: number): void {
    const { tags } = this.#has;
    this.#open(0x06, params, results, results);
    this.#consume(params);
    this.#body(results, size);
    if (tags !== undefined && this.#random.chance(60)) {
      this.#index(0x07, tags.value);
      this.#consume('i');
      this.#body(results, size);
    }
    if (this.#random.chance(60)) {
      this.#emit(0x19);
      this.#body(results, size);
    }
    this.#close();
  }

  /** `block results … block i32 (try_table …) br end: caught i32s are consumed, then it goes on`. */
  #tryTable(params: string, results: string, size: number): void {
    const { tags, builder } = this.#has;
    if (tags === undefined) return;
    // The parameters do not reach into the inner blocks.
    this.#consume(params);
    this.#open(0x02, '', results, results);
    this.#open(0x02, '', 'i', 'i');
    this.#emit(0x1f, ...s32(builder.type('', results)), 1, 0x00, ...u32(tags.value), 0);
    this.#labels.push({ types: results });
    this.#body(results, size);
    this.#close();
    this.#index(0x0c, 1);
    this.#close();
    this.#consume('i');
    this.#body(results, size);
    this.#close();
  }
}
