/** Random statements that change what a rewind has to bring back: memories, tables, segments, globals. */
import { s32, u32 } from '../support/wasm-builder.ts';
import { addresses, ValueMaker } from './random-values.ts';

export const numberLetters = ['i', 'I', 'f', 'F', 'v'] as const;
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
type LaneStore = readonly [opcode: number, align: number, lanes: number];

/** Lane stores: opcode, log2 of the width, lanes. */
const laneStores: readonly [LaneStore, ...LaneStore[]] = [
  [0x58, 0, 16],
  [0x59, 1, 8],
  [0x5a, 2, 4],
  [0x5b, 3, 2],
];

/** Writes statements that leave the operands as they were. */
export abstract class StateMaker extends ValueMaker {
  /** Between the address and the value of a store other things may happen, also to the local that the address came from. */
  protected abstract interlude(): void;

  protected store(): void {
    const random = this.random;
    const runs = random.chance(40) ? 1 + random.below(4) : 1;
    for (let i = 0; i < runs; i++) {
      this.address();
      this.interlude();
      if (random.chance(10)) {
        this.value('v');
        const [opcode, align, lanes] = random.pick(laneStores);
        this.emit(0xfd, ...u32(opcode));
        this.memarg(align, this.memory());
        this.emit(random.below(lanes));
        continue;
      }
      const letter = random.pick(numberLetters);
      this.value(letter);
      const choices = stores[letter] ?? [];
      const [opcode, align] = choices[random.below(choices.length)] ?? [[0x3a], 0];
      this.emit(...opcode);
      this.memarg(random.below(align + 1), this.memory());
    }
  }

  /** Read, change and write in one, at an address that is aligned most of the time. */
  protected atomic(): void {
    const random = this.random;
    const [width, letter] = random.pick([
      [0, 'i'],
      [1, 'I'],
    ] as const);
    const align = width + 2;
    this.address();
    if (random.chance(80)) this.emit(0x41, ...s32(-8), 0x71);
    this.value(letter);
    const action = random.below(8);
    if (action === 7) {
      this.emit(0xfe, 0x17 + width);
    } else {
      if (action === 6) this.value(letter);
      this.emit(0xfe, 0x1e + action * 7 + width);
    }
    this.memarg(align, this.memory(), random.pick([0, 8, 256, 4088, 65_528]));
    if (action !== 7) this.emit(0x1a);
  }

  protected length(): void {
    if (this.random.chance(80)) this.i32(this.random.pick(lengths));
    else this.value('i');
  }

  protected bulk(): void {
    const random = this.random;
    const { passiveSegments } = this.has;
    const kind = random.below(passiveSegments > 0 ? 4 : 2);
    const segment = random.below(Math.max(1, passiveSegments));
    if (kind === 3) return this.emit(0xfc, 0x09, ...u32(segment));
    this.address();
    if (kind === 0) {
      this.address();
      this.length();
      return this.emit(0xfc, 0x0a, ...u32(this.memory()), ...u32(this.memory()));
    }
    if (kind === 1) {
      this.i32(1 + random.below(255));
      this.length();
      return this.emit(0xfc, 0x0b, ...u32(this.memory()));
    }
    this.i32(random.below(10));
    this.i32(random.below(20));
    this.emit(0xfc, 0x08, ...u32(segment), ...u32(this.memory()));
  }

  protected grow(): void {
    const memory = this.memory();
    this.i32(this.random.pick([0, 1, 1, 2, 5, 70_000]));
    this.emit(0x40, ...u32(memory));
    // The answer goes where it is seen.
    const local = this.localOf('i');
    if (local === undefined) this.emit(0x1a);
    else this.index(0x21, local);
    if (!this.random.chance(50)) return;
    this.i32(this.random.pick(addresses));
    this.emit(0x3f, ...u32(memory), 0x36, 0, 0);
  }

  protected tableOperation(): void {
    const random = this.random;
    const { tables, tableEntries, elementSegments } = this.has;
    const [table, other] = [random.below(tables), random.below(tables)];
    const entry = (): void =>
      this.i32(random.below(random.chance(50) ? 8 : tableEntries - (random.chance(90) ? 2 : -2)));
    const some = (): void => this.i32(random.below(3) + (random.chance(20) ? random.pick([200, 256, 297, 600]) : 0));
    const segment = random.below(elementSegments);
    switch (random.below(8)) {
      case 0:
        entry();
        this.reference();
        return this.index(0x26, table);
      case 1:
        entry();
        entry();
        some();
        return this.emit(0xfc, 0x0e, table, other);
      case 2:
        entry();
        this.reference();
        some();
        return this.emit(0xfc, 0x11, table);
      case 3:
        entry();
        some();
        some();
        return this.emit(0xfc, 0x0c, segment, table);
      case 4:
        return this.emit(0xfc, 0x0d, segment);
      case 5:
        if (random.chance(70)) return;
        this.reference();
        some();
        return this.emit(0xfc, 0x0f, table, 0x1a);
      default: {
        this.emit(0xfc, 0x10, table);
        const local = this.localOf('i');
        return local === undefined ? this.emit(0x1a) : this.index(0x21, local);
      }
    }
  }

  protected reference(): void {
    const [first, ...others] = this.has.functions;
    if (first === undefined || this.random.chance(30)) return this.emit(0xd0, 0x70);
    this.index(0xd2, this.random.pick([first, ...others]).index);
  }

  protected setGlobal(): void {
    const [first, ...others] = this.has.globals;
    if (first === undefined) return;
    const { index, letter } = this.random.pick([first, ...others]);
    if (letter === 'c') this.reference();
    else this.value(letter);
    this.index(0x24, index);
  }
}
