/**
 * Random function bodies, valid by construction and bent on what the rewriter has to get right: stores at bases that change under
 * way, in loops, arms and catches, near page borders, with operands that wait on the stack while blocks run.
 */
import { s32, u32 } from '../support/wasm-builder.ts';
import type { Prng } from './prng.ts';
import { numberLetters, StateMaker } from './random-state.ts';
import type { BodyShape, Surroundings } from './random-values.ts';

interface Label {
  /** What a branch to it carries. */
  readonly types: string;
}

const emptyBlock = 0x40;

/** Writes one body. */
export class CodeMaker extends StateMaker {
  readonly #results: string;
  readonly #labels: Label[];

  constructor(random: Prng, has: Surroundings, shape: BodyShape) {
    super(random, has, shape);
    this.#results = shape.results;
    this.#labels = [{ types: shape.results }];
  }

  make(): number[] {
    this.#burnFuel();
    this.#body(this.#results, 2 + this.random.below(8));
    return this.code;
  }

  /** Traps when the program has run for long enough. */
  #burnFuel(): void {
    const { fuelGlobal } = this.has;
    this.index(0x23, fuelGlobal);
    this.emit(0x45, 0x04, emptyBlock, 0x00, 0x0b);
    this.index(0x23, fuelGlobal);
    this.i32(1);
    this.emit(0x6b);
    this.index(0x24, fuelGlobal);
  }

  /** Statements and, unless control is gone, the results of a block. */
  #body(results: string, statements: number): void {
    for (let i = 0; i < statements && this.budget > 0; i++) {
      this.budget -= 1;
      if (this.#statement() === 'leaves' && this.random.chance(60)) return;
    }
    for (const letter of results) this.value(letter);
  }

  /** Leaves the operands as they were, unless it leaves the block. */
  #statement(): 'goes on' | 'leaves' {
    const random = this.random;
    switch (random.below(24)) {
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
        this.bulk();
        return 'goes on';
      case 7:
        this.grow();
        return 'goes on';
      case 8:
        this.tableOperation();
        return 'goes on';
      case 9:
        this.setGlobal();
        return 'goes on';
      case 10:
        this.atomic();
        return 'goes on';
      case 12:
      case 13:
        this.#count();
        return 'goes on';
      case 11:
        this.value(random.pick(numberLetters));
        this.emit(0x1a);
        return 'goes on';
      default:
        this.store();
        return 'goes on';
    }
  }

  #setLocal(): void {
    const local = this.random.below(this.locals.length);
    const other = this.localOf('i');
    if (this.locals[local] === 'i' && other !== undefined && this.random.chance(50)) this.sum(other);
    else this.operand(this.locals[local] ?? 'i');
    this.index(0x21, local);
  }

  protected override interlude(): void {
    if (this.budget > 0 && this.random.chance(20)) this.#statement();
  }

  #call(): void {
    const random = this.random;
    const [first, ...others] = this.has.functions;
    if (first === undefined) return;
    const { index, params, results } = random.pick([first, ...others]);
    for (const letter of params) this.operand(letter);
    if (random.chance(30)) {
      this.i32(random.below(4));
      this.emit(0x11, ...u32(this.has.builder.type(params, results)), random.below(this.has.tables));
    } else {
      this.index(0x10, index);
    }
    for (let i = 0; i < results.length; i++) this.emit(0x1a);
  }

  /** A branch somewhere, taken or not. */
  #branch(): 'goes on' | 'leaves' {
    const random = this.random;
    const label = random.below(this.#labels.length);
    const types = this.#labels[this.#labels.length - 1 - label]?.types ?? '';
    switch (random.below(7)) {
      case 0: {
        for (const letter of types) this.operand(letter);
        this.index(0x0c, label);
        return 'leaves';
      }
      case 1: {
        const fitting = this.#labels.flatMap((each, depth) =>
          each.types === types ? [this.#labels.length - 1 - depth] : [],
        );
        for (const letter of types) this.value(letter);
        this.value('i');
        this.emit(0x0e, fitting.length, ...fitting.flatMap(u32), ...u32(label));
        return 'leaves';
      }
      case 2: {
        if (this.has.tags === undefined) break;
        if (random.chance(50)) this.index(0x08, this.has.tags.plain);
        else {
          this.value('i');
          this.index(0x08, this.has.tags.value);
        }
        return 'leaves';
      }
      case 3: {
        for (const letter of this.#results) this.value(letter);
        this.emit(0x0f);
        return 'leaves';
      }
      default:
    }
    this.#branchIf(label, types);
    for (let i = 0; i < types.length; i++) this.emit(0x1a);
    return 'goes on';
  }

  #branchIf(label: number, types: string): void {
    for (const letter of types) this.operand(letter);
    this.value('i');
    if (this.random.chance(50)) this.emit(0x41, 1, 0x71);
    this.index(0x0d, label);
  }

  /** A block of some kind whose results are dropped. */
  #nested(): void {
    const results = this.random.pick(['', '', '', 'i', 'iI', 'vi']);
    this.#block(results);
    for (let i = 0; i < results.length; i++) this.emit(0x1a);
  }

  protected override nestedValue(letter: string): void {
    if (letter === 'c') return this.constant(letter);
    this.#block(letter);
  }

  #block(results: string): void {
    const random = this.random;
    const size = 1 + random.below(5);
    const { tags, exceptions } = this.has;
    const params = random.pick(['', '', '', 'i', 'i', 'iI', 'ii']);
    for (const letter of params) this.operand(letter);
    const kind = random.below(tags === undefined ? 6 : 8);
    if (kind >= 6)
      return exceptions === 'legacy' ? this.#legacyTry(params, results, size) : this.#tryTable(params, results, size);
    if (kind >= 4) this.value('i');
    const opcode = kind < 2 ? 0x02 : kind < 4 ? 0x03 : 0x04;
    this.#open(opcode, params, results, opcode === 0x03 ? params : results);
    if (opcode === 0x03) this.#burnFuel();
    this.#consume(params);
    if (opcode === 0x03 && random.chance(60)) {
      this.#body('', size);
      this.#branchIf(0, params);
      for (let i = 0; i < params.length; i++) this.emit(0x1a);
    }
    this.#body(results, size);
    if (opcode === 0x04 && (random.chance(60) || params !== results)) {
      this.emit(0x05);
      this.#consume(params);
      this.#body(results, size);
    }
    this.#close();
  }

  /**
   * A loop that counts, as compilers write them, around statements that may leave it, go round it or set its counter.
   */
  #count(): void {
    const random = this.random;
    const counter = this.localOf('i');
    if (counter === undefined) return;
    const step = random.pick([1, 1, 4, 8, 100, -1, -4]);
    const rounds = 1 + random.below(12);
    const start = random.pick([0, 0, 4000, 65_000, -40]);
    this.i32(start);
    this.index(0x21, counter);
    this.#open(0x02, '', '', '');
    this.#open(0x03, '', '', '');
    this.#burnFuel();
    const atExit = random.chance(40);
    if (atExit) {
      this.#compare(counter, start + step * rounds, random.pick([0x46, step > 0 ? 0x4e : 0x4c]));
      this.index(0x0d, 1);
    }
    this.#body('', random.below(4));
    this.index(0x20, counter);
    this.i32(step);
    this.emit(0x6a);
    const isTee = random.chance(50);
    this.index(isTee ? 0x22 : 0x21, counter);
    if (isTee) this.emit(0x1a);
    if (random.chance(30)) this.store();
    if (atExit) {
      this.index(0x0c, 0);
    } else {
      this.#compare(counter, start + step * rounds, random.pick([0x47, step > 0 ? 0x48 : 0x4a]));
      this.index(0x0d, 0);
    }
    this.#close();
    this.#close();
  }

  #compare(counter: number, end: number, opcode: number): void {
    this.index(0x20, counter);
    this.i32(end);
    this.emit(opcode);
  }

  #open(opcode: number, params: string, results: string, branchTypes: string): void {
    this.emit(opcode);
    if (params === '' && results === '') this.emit(emptyBlock);
    else this.emit(...s32(this.has.builder.type(params, results)));
    this.#labels.push({ types: branchTypes });
  }

  #close(): void {
    this.#labels.pop();
    this.emit(0x0b);
  }

  /** Takes a block's parameters off the stack; addresses are stored to where they lie. */
  #consume(params: string): void {
    for (const letter of Array.from(params).toReversed()) {
      const local = this.localOf(letter);
      if (letter === 'i' && this.random.chance(60)) {
        if (local !== undefined && this.random.chance(30)) this.index(0x22, local);
        this.interlude();
        this.value('i');
        this.emit(this.random.pick([0x36, 0x3a, 0x3b]));
        this.memarg(0, this.memory());
      } else if (local !== undefined && this.random.chance(50)) {
        this.index(0x21, local);
      } else {
        this.emit(0x1a);
      }
    }
  }

  #legacyTry(params: string, results: string, size: number): void {
    const { tags } = this.has;
    this.#open(0x06, params, results, results);
    this.#consume(params);
    this.#body(results, size);
    if (tags !== undefined && this.random.chance(60)) {
      this.index(0x07, tags.value);
      this.#consume('i');
      this.#body(results, size);
    }
    if (this.random.chance(60)) {
      this.emit(0x19);
      this.#body(results, size);
    }
    this.#close();
  }

  /** `block results … block i32 (try_table …) br end: caught i32s are consumed, then it goes on`. */
  #tryTable(params: string, results: string, size: number): void {
    const { tags, builder } = this.has;
    if (tags === undefined) return;
    // The parameters do not reach into the inner blocks.
    this.#consume(params);
    this.#open(0x02, '', results, results);
    this.#open(0x02, '', 'i', 'i');
    this.emit(0x1f, ...s32(builder.type('', results)), 1, 0x00, ...u32(tags.value), 0);
    this.#labels.push({ types: results });
    this.#body(results, size);
    this.#close();
    this.index(0x0c, 1);
    this.#close();
    this.#consume('i');
    this.#body(results, size);
    this.#close();
  }
}
