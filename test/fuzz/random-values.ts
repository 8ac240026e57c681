/** Random values for random bodies: constants, locals, loads, addresses that lie in the memory most of the time. */
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

/** What a body is to be. Types are a letter each. */
export interface BodyShape {
  readonly params: string;
  readonly locals: string;
  readonly results: string;
  /** How much may be nested, so that bodies end. */
  readonly budget: number;
}

/** Offsets around the borders of mark blocks and pages. */
const offsets = [0, 0, 0, 1, 4, 8, 15, 16, 240, 250, 255, 256, 257, 300, 511, 512, 4080, 4095, 4096, 65_535] as const;
export const addresses = [
  0, 1, 8, 255, 256, 3800, 4080, 4090, 4095, 4096, 8191, 40_000, 65_530, 65_535, 65_536, 70_000,
] as const;

/** What is added to addresses: within and just outside of what a mark speaks for, and what makes sums wrap. */
const steps = [1, 4, 8, 100, 128, 240, 255, 256, 257, 272, 512, 4096, -1, -4, -16, -255, -256, -257, -4096] as const;
const wideSteps = [2_147_483_647, -2_147_483_648, 65_536, -65_536] as const;

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

/** Writes values on the stack. */
export abstract class ValueMaker {
  protected readonly random: Prng;
  protected readonly has: Surroundings;
  protected readonly locals: string[];
  protected readonly code: number[] = [];
  /** What may still be nested. */
  protected budget: number;

  constructor(random: Prng, has: Surroundings, shape: BodyShape) {
    this.random = random;
    this.has = has;
    this.locals = Array.from(shape.params + shape.locals);
    this.budget = shape.budget;
  }

  /** A block with a result of this type. */
  protected abstract nestedValue(letter: string): void;

  protected emit(...bytes: readonly number[]): void {
    for (const byte of bytes) this.code.push(byte);
  }

  protected index(opcode: number, index: number): void {
    this.emit(opcode, ...u32(index));
  }

  protected i32(value: number): void {
    this.emit(0x41, ...s32(value));
  }

  protected localOf(letter: string): number | undefined {
    const fitting = this.locals.flatMap((each, index) => (each === letter ? [index] : []));
    const [first, ...others] = fitting;
    return first === undefined ? undefined : this.random.pick([first, ...others]);
  }

  /** A value of this type on the stack. */
  protected value(letter: string): void {
    const random = this.random;
    const local = this.localOf(letter);
    const choice = this.budget > 0 ? random.below(12) : random.below(5);
    if (choice < 3) return this.constant(letter);
    if (choice < 6) return local === undefined ? this.constant(letter) : this.index(0x20, local);
    this.budget -= 1;
    if (choice < 8) return this.load(letter);
    if (choice === 8 && local !== undefined) {
      this.operand(letter);
      return this.index(0x22, local);
    }
    if (choice === 9) {
      this.value(letter);
      this.value(letter);
      this.value('i');
      return letter === 'v' ? this.emit(0x1c, 1, typeByte('v')) : this.emit(0x1b);
    }
    if (choice === 10) return this.nestedValue(letter);
    return this.arithmetic(letter);
  }

  /** A value that may become an address: one in the memory, if it is an i32. */
  protected operand(letter: string): void {
    const random = this.random;
    const local = this.localOf('i');
    if (letter !== 'i') return this.value(letter);
    if (local !== undefined && random.chance(40)) return this.index(0x20, local);
    if (random.chance(40)) return this.i32(random.pick(addresses));
    this.value('i');
    this.emit(0x41, ...s32(0x1_ffff), 0x71);
  }

  protected constant(letter: string): void {
    const random = this.random;
    switch (letter) {
      case 'i':
        return this.i32(random.chance(50) ? random.pick(addresses) : random.below(300));
      case 'I':
        return this.emit(0x42, ...s64(BigInt(random.u32()) * BigInt(random.u32())));
      case 'f':
        return this.emit(0x43, random.below(256), random.below(256), random.below(128), random.below(127));
      case 'F':
        return this.emit(0x44, ...random.bytes(7), random.below(127));
      case 'c':
        return this.emit(0xd0, 0x70);
      default:
        return this.emit(0xfd, 0x0c, ...random.bytes(16));
    }
  }

  /** What gives the same bits everywhere. */
  protected arithmetic(letter: string): void {
    if (letter === 'i' || letter === 'I') {
      this.value(letter);
      this.value(letter);
      const opcodes =
        letter === 'i' ? ([0x6a, 0x6b, 0x71, 0x72, 0x73] as const) : ([0x7c, 0x7d, 0x83, 0x84, 0x85] as const);
      return this.emit(this.random.pick(opcodes));
    }
    if (letter === 'v') {
      this.value('v');
      this.value('v');
      return this.emit(0xfd, ...u32(this.random.pick([0x4e, 0x50, 0x51, 0x6e, 0xae])));
    }
    this.constant(letter);
  }

  /** An address: nearly all of them lie in the memory. */
  protected address(): void {
    const random = this.random;
    const local = this.localOf('i');
    if (local === undefined || random.chance(25)) return random.chance(4) ? this.value('i') : this.operand('i');
    if (random.chance(30)) return this.sum(local);
    if (random.chance(85)) return this.index(0x20, local);
    this.operand('i');
    this.index(0x22, local);
  }

  /** A local and a constant that mostly leads to somewhere near. */
  protected sum(local: number): void {
    const { random } = this;
    const constant = random.pick(random.chance(90) ? steps : wideSteps);
    if (random.chance(30)) {
      this.i32(constant);
      this.index(0x20, local);
      return this.emit(0x6a);
    }
    this.index(0x20, local);
    this.i32(constant);
    this.emit(random.pick([0x6a, 0x6a, 0x6b]));
  }

  protected memarg(align: number, memory: number, offset: number = this.random.pick(offsets)): void {
    if (memory === 0) this.emit(align);
    else this.emit(align | 0x40, ...u32(memory));
    this.emit(...u32(offset));
  }

  protected memory(): number {
    return this.random.below(this.has.memories);
  }

  protected load(letter: string): void {
    const choices = loads[letter] ?? [];
    const [opcode, align] = choices[this.random.below(choices.length)] ?? [[0x28], 2];
    if (letter === 'c') return this.constant(letter);
    this.address();
    this.emit(...opcode);
    this.memarg(this.random.below(align + 1), this.memory());
  }
}
