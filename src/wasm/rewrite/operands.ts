/**
 * What is known of the operands on the stack and of the locals while a body is walked, and what holds where the walk stands: which
 * dirty marks are already made, which tests were passed.
 *
 * Facts are lists. Entering a block remembers how long they are; leaving it forgets what came since, if its end can be come to
 * from elsewhere than the instruction before it: over a branch, or by another arm. So does a local forget what was set to it in such a block.
 * A loop is only ever come to from above and by branches to its start, and left by its last instruction or by branches to blocks
 * round it: what holds at its end holds behind it. At its start every local that it sets anywhere is a new unknown, which may be another on
 * each round; a value that it does not set is the same on all of them, and what is known of it goes on to hold.
 */
import { Op } from '../format/instructions.ts';
import type { LocalSets } from './shape.ts';
import { constantOf, constantValue, unknownValue, Values } from './values.ts';

const factsSearched = 24;

export interface Frame {
  /** Operands below the block's own. */
  readonly height: number;
  readonly params: number;
  readonly results: number;
  /** How many facts and values there were at its start. */
  readonly marks: number;
  readonly tests: number;
  readonly values: number;
  /** Whether its end is come to only by the instruction before it. */
  straight: boolean;
  /** For a loop: the values that the locals it sets have at its start, from the first to the last. */
  readonly round: { readonly first: number; readonly last: number } | undefined;
}

export class Operands {
  readonly values: Values = new Values();
  #stack: Float64Array = new Float64Array(64);
  #height = 0;
  readonly #frames: Frame[] = [];
  /** The value of each local; 0 before it is first asked for. */
  #locals: Int32Array = new Int32Array(0);
  #localCount = 0;
  /** Values that locals got in blocks that are left: from, to, from, to, ascending. */
  readonly #left: number[] = [];
  /** What locals held that a loop has made unknown, by the unknown. */
  readonly #before = new Map<number, number>();
  readonly #marked: { root: number; delta: number; memory: number }[] = [];
  readonly #passed: number[] = [];

  /** Starts on a function with this many locals, parameters included. */
  begin(localCount: number, results: number): void {
    if (this.#locals.length < localCount) this.#locals = new Int32Array(localCount * 2);
    this.values.clear();
    this.#height = 0;
    this.#frames.length = 0;
    this.#left.length = 0;
    this.#before.clear();
    this.#marked.length = 0;
    this.#passed.length = 0;
    this.#localCount = localCount;
    this.#locals.fill(0, 0, localCount);
    this.open(0, results);
  }

  get depth(): number {
    return this.#frames.length;
  }

  get frame(): Frame | undefined {
    return this.#frames[this.#frames.length - 1];
  }

  frameAt(label: number): Frame | undefined {
    return this.#frames[this.#frames.length - 1 - label];
  }

  push(value: number): void {
    if (this.#height === this.#stack.length) {
      const larger = new Float64Array(this.#height * 2);
      larger.set(this.#stack);
      this.#stack = larger;
    }
    this.#stack[this.#height++] = value;
  }

  pushUnknown(count: number): void {
    for (let i = 0; i < count; i++) this.push(unknownValue);
  }

  /** Below what its block has, code that is never reached finds whatever it likes. */
  pop(): number {
    if (this.#height <= (this.frame?.height ?? 0)) return unknownValue;
    this.#height -= 1;
    return this.#stack[this.#height] ?? unknownValue;
  }

  popMany(count: number): void {
    const floor = this.frame?.height ?? 0;
    this.#height = Math.max(floor, this.#height - count);
  }

  /** What local `index` holds. */
  localValue(index: number): number {
    const known = this.#locals[index] ?? 0;
    if (known === 0 || this.#isLeft(known)) return this.setLocal(index, unknownValue);
    // A constant is one wherever it lies.
    return this.values.rootOf(known) === 0 ? constantValue(this.values.deltaOf(known)) : known;
  }

  /** Local `index` holds `value`. @returns what it holds as a value of its own, which remembers where it is */
  setLocal(index: number, value: number): number {
    const number = this.values.add(value, index);
    this.#locals[index] = number;
    return value < 0 ? value : number;
  }

  /** The local that holds `value` now, -1 when none does. */
  localHolding(value: number): number {
    if (value <= 0) return -1;
    const local = this.values.localOf(value);
    return local >= 0 && this.#locals[local] === value ? local : -1;
  }

  /** What a local held before the loop whose start made it `unknown`. */
  valueBefore(unknown: number): number {
    return this.#before.get(unknown) ?? unknownValue;
  }

  /** Does what an instruction on 32-bit numbers does, where the result is known. @returns whether it is */
  compute(opcode: number): boolean {
    if (opcode === Op.i32Add || opcode === Op.i32Sub) {
      this.#add(opcode === Op.i32Add ? 1 : -1);
    } else if (opcode === Op.i32Eqz) {
      this.#isZero();
    } else if (opcode > Op.i32Eqz && opcode <= Op.i32GeU) {
      this.#compare(opcode);
    } else {
      return false;
    }
    return true;
  }

  #add(sign: 1 | -1): void {
    const right = this.pop();
    const left = this.pop();
    if (right < 0) this.push(this.values.sum(left, sign * constantOf(right)));
    else if (left < 0 && sign === 1) this.push(this.values.sum(right, constantOf(left)));
    else this.push(unknownValue);
  }

  #isZero(): void {
    const value = this.pop();
    const inner = this.values.comparisonOf(value);
    if (inner !== undefined) {
      const outcome = inner.outcome === 'negated' ? 'as it is' : 'negated';
      this.push(this.values.compare({ ...inner, outcome }));
    } else if (value > 0) {
      this.push(
        this.values.compare({ opcode: Op.i32Eq, value, constant: 0, constantIs: 'right', outcome: 'as it is' }),
      );
    } else {
      this.push(unknownValue);
    }
  }

  #compare(opcode: number): void {
    const right = this.pop();
    const left = this.pop();
    const [value, constant] = right < 0 ? [left, right] : [right, left];
    if (value <= 0 || constant >= 0) return this.push(unknownValue);
    const constantIs = right < 0 ? 'right' : 'left';
    this.push(
      this.values.compare({ opcode, value, constant: constantOf(constant) | 0, constantIs, outcome: 'as it is' }),
    );
  }

  /** Opens a block whose parameters are on the stack. */
  open(params: number, results: number): void {
    this.#open(params, results, undefined);
  }

  /** Opens an `if`, which is also come to the end of when it is gone round. */
  openIf(params: number, results: number): void {
    this.#open(params, results, undefined);
    this.target(0);
  }

  /** Opens a loop that sets the locals in `sets`; undefined when it may be any. */
  openLoop(params: number, results: number, sets: LocalSets | undefined): void {
    const first = this.values.last + 1;
    if (sets === undefined) this.#leaveValues(0);
    else for (let i = sets.first; i < sets.end; i++) this.#startRound(sets.locals[i] ?? 0, first);
    this.#open(params, results, { first, last: this.values.last });
    this.#height = this.frame?.height ?? 0;
    this.pushUnknown(params);
  }

  #startRound(index: number, first: number): void {
    // Of a function that was not checked yet: the walk finds a local that is none by itself.
    if (index >= this.#localCount || (this.#locals[index] ?? 0) >= first) return;
    const before = this.localValue(index);
    this.#before.set(this.setLocal(index, unknownValue), before);
  }

  #open(params: number, results: number, round: Frame['round']): void {
    const height = Math.max(this.frame?.height ?? 0, this.#height - params);
    const [marks, tests, values] = [this.#marked.length, this.#passed.length, this.values.last];
    this.#frames.push({ height, params, results, marks, tests, values, straight: true, round });
  }

  /** A branch leads to block `label`. */
  target(label: number): void {
    const frame = this.frameAt(label);
    if (frame !== undefined) frame.straight = false;
  }

  /** Goes on in another arm of the innermost block (`else`, `catch`), which starts with `count` operands. */
  nextArm(count: number): void {
    const { frame } = this;
    if (frame === undefined) return;
    frame.straight = false;
    this.#forget(frame);
    this.#height = frame.height;
    this.pushUnknown(count);
  }

  /** Ends the innermost block. */
  close(): Frame | undefined {
    const frame = this.#frames.pop();
    if (frame === undefined) return undefined;
    if (!frame.straight && frame.round === undefined) this.#forget(frame);
    this.#height = frame.height;
    this.pushUnknown(frame.results);
    return frame;
  }

  /** What follows is not reached. */
  unreachable(): void {
    this.#height = this.frame?.height ?? 0;
  }

  /**
   * Whether a mark speaks for a store at root + delta in `memory` here. `covers` is asked how far the store lies from where a mark
   * was made for the same root.
   */
  isMarked(root: number, delta: number, memory: number, covers: (distance: number, mark: number) => boolean): boolean {
    const first = Math.max(0, this.#marked.length - factsSearched);
    for (let i = this.#marked.length - 1; i >= first; i--) {
      const mark = this.#marked[i];
      if (mark?.root === root && mark.memory === memory && covers((delta - mark.delta) | 0, mark.delta)) return true;
    }
    return false;
  }

  /** From here on a mark for root + delta is made. */
  marked(root: number, delta: number, memory: number): void {
    this.#marked.push({ root, delta, memory });
  }

  /** From here on `value` is known to have been 0. */
  passed(value: number): void {
    if (value > 0) this.#passed.push(value);
  }

  /** The last tests that were passed since the start of `loop` on every way from it to here. */
  *testsSince(loop: Frame): IterableIterator<number> {
    const first = Math.max(loop.tests, this.#passed.length - factsSearched);
    for (let i = this.#passed.length - 1; i >= first; i--) yield this.#passed[i] ?? unknownValue;
  }

  /** Forgets what came to be known in a block. */
  #forget(frame: Frame): void {
    this.#marked.length = frame.marks;
    this.#passed.length = frame.tests;
    this.#leaveValues(frame.values);
  }

  /** What locals hold that got it since there were `count` values is not known any more. */
  #leaveValues(count: number): void {
    if (this.values.last === count) return;
    const left = this.#left;
    while ((left.at(-2) ?? -1) > count) left.length -= 2;
    left.push(count + 1, this.values.last);
  }

  /** Whether a value was given to its local in a block that is left. */
  #isLeft(value: number): boolean {
    const left = this.#left;
    let [low, high] = [0, left.length / 2];
    // The first range that ends at the value or behind it.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((left[2 * middle + 1] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low < left.length / 2 && (left[2 * low] ?? 0) <= value;
  }
}
