/**
 * What is known of the operands on the stack while a body is walked, and which dirty marks are already made.
 *
 * A value is known by a number: positive for "the value that local N has since its last set", negative for a constant, 0
 * for anything else. Each `local.set` gives its local a new number, so a number that is no longer its local's is simply out of
 * date: no set of numbers has to be merged where branches meet.
 *
 * Marks are facts in a list. Entering a block remembers the list's length, leaving it forgets what came since; a loop hides what
 * came before it, since its body may change a local on a later round. Facts from before a block hold behind it when their local still
 * has the same number, that is, when nothing in the block set it.
 */
export const unknownValue = 0;

/** The number of the constant `value`, an unsigned 32-bit number. */
export function constantValue(value: number): number {
  return -1 - (value >>> 0);
}

/** The constant that the number `value` stands for. Only for negative numbers. */
export function constantOf(value: number): number {
  return -1 - value;
}

const factsSearched = 24;

export interface Frame {
  /** Operands below the block's own. */
  readonly height: number;
  readonly params: number;
  readonly results: number;
  readonly factsAtEntry: number;
  /** Where the facts that hold here begin, outside this frame. */
  readonly outerFloor: number;
}

export class Operands {
  #stack: Float64Array = new Float64Array(64);
  #height = 0;
  readonly #frames: Frame[] = [];
  #localNumber: Float64Array = new Float64Array(0);
  #localOf: Int32Array = new Int32Array(256);
  #numbers = 0;
  readonly #factValues: number[] = [];
  readonly #factBlocks: number[] = [];
  #floor = 0;

  /** Starts on a function with this many locals, parameters included. */
  begin(localCount: number, results: number): void {
    if (this.#localNumber.length < localCount) this.#localNumber = new Float64Array(localCount * 2);
    this.#height = 0;
    this.#numbers = 0;
    this.#frames.length = 0;
    this.#factValues.length = 0;
    this.#factBlocks.length = 0;
    this.#floor = 0;
    // Numbers are given at the first use: a function with 50,000 locals costs nothing for those it does not touch.
    this.#localNumber.fill(0, 0, localCount);
    this.open(0, results);
  }

  get depth(): number {
    return this.#frames.length;
  }

  get frame(): Frame | undefined {
    return this.#frames[this.#frames.length - 1];
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

  /** The number of what local `index` holds now. */
  localValue(index: number): number {
    const known = this.#localNumber[index] ?? 0;
    return known === 0 ? this.setLocal(index) : known;
  }

  /** Local `index` holds something new. @returns its number */
  setLocal(index: number): number {
    const number = ++this.#numbers;
    if (number >= this.#localOf.length) {
      const larger = new Int32Array(this.#localOf.length * 2);
      larger.set(this.#localOf);
      this.#localOf = larger;
    }
    this.#localOf[number] = index;
    this.#localNumber[index] = number;
    return number;
  }

  /** The local that holds `value` now, -1 when none does. */
  localHolding(value: number): number {
    if (value <= 0) return -1;
    const local = this.#localOf[value] ?? 0;
    return this.#localNumber[local] === value ? local : -1;
  }

  /** Opens a block whose parameters are on the stack. */
  open(params: number, results: number): void {
    const height = Math.max(this.frame?.height ?? 0, this.#height - params);
    this.#frames.push({ height, params, results, factsAtEntry: this.#factValues.length, outerFloor: this.#floor });
  }

  /**
   * Opens a loop. Nothing that is known before it holds on its later rounds: its parameters are then what a branch brings, and
   * its body may have changed any local, so that all facts are hidden until it ends.
   */
  openLoop(params: number, results: number): void {
    this.open(params, results);
    this.#height = this.frame?.height ?? 0;
    this.pushUnknown(params);
    this.#floor = this.#factValues.length;
  }

  /** Goes on in another arm of the innermost block (`else`, `catch`), which starts with `count` operands. */
  nextArm(count: number): void {
    const { frame } = this;
    if (frame === undefined) return;
    this.#forgetSince(frame.factsAtEntry);
    this.#height = frame.height;
    this.pushUnknown(count);
  }

  /** Ends the innermost block. */
  close(): Frame | undefined {
    const frame = this.#frames.pop();
    if (frame === undefined) return undefined;
    this.#forgetSince(frame.factsAtEntry);
    this.#floor = frame.outerFloor;
    this.#height = frame.height;
    this.pushUnknown(frame.results);
    return frame;
  }

  /** What follows is not reached. */
  unreachable(): void {
    this.#height = this.frame?.height ?? 0;
  }

  /** Whether a mark for this value and block of offsets holds here already; if not, it does from now on. */
  markOnce(value: number, block: number): boolean {
    const last = this.#factValues.length - 1;
    const first = Math.max(this.#floor, last - factsSearched);
    for (let i = last; i >= first; i--) {
      if (this.#factValues[i] === value && this.#factBlocks[i] === block) return true;
    }
    this.#factValues.push(value);
    this.#factBlocks.push(block);
    return false;
  }

  #forgetSince(length: number): void {
    this.#factValues.length = length;
    this.#factBlocks.length = length;
  }
}
