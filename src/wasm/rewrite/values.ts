/**
 * What is known of the 32-bit numbers that a function computes: each is a root, of which nothing is known, plus a constant.
 *
 *     (local.set $end (i32.add (local.get $p) (i32.const 24)))       $p: root 7 + 0      $end: root 7 + 24
 *
 * A value is a number: positive for one that is listed here, negative for a constant, 0 for anything else. All sums are those of the
 * guest's own additions, modulo 2^32.
 */
export const unknownValue = 0;

/** The root of constants. */
export const constantRoot = 0;

/** The constant `value`, an unsigned 32-bit number, as a value. */
export function constantValue(value: number): number {
  return -1 - (value >>> 0);
}

/** The unsigned constant that a negative value stands for. */
export function constantOf(value: number): number {
  return -1 - value;
}

/** A comparison of a value with a constant, as a number that is not 0 when it holds. */
export interface Comparison {
  readonly opcode: number;
  readonly value: number;
  readonly constant: number;
  /** Which operand the constant is. */
  readonly constantIs: 'left' | 'right';
  readonly outcome: 'as it is' | 'negated';
}

export class Values {
  #roots: Int32Array = new Int32Array(256);
  #deltas: Int32Array = new Int32Array(256);
  #locals: Int32Array = new Int32Array(256);
  readonly #comparisons = new Map<number, Comparison>();
  #count = 0;

  /** Forgets all. */
  clear(): void {
    this.#count = 0;
    this.#comparisons.clear();
  }

  /** The last value that was listed. */
  get last(): number {
    return this.#count;
  }

  /** Lists what `value` is under a new number, as what `local` holds from now on; -1 for none. */
  add(value: number, local: number): number {
    const number = ++this.#count;
    if (number === this.#roots.length) this.#enlarge();
    const known = value !== unknownValue;
    this.#roots[number] = known ? this.rootOf(value) : number;
    this.#deltas[number] = known ? this.deltaOf(value) : 0;
    this.#locals[number] = local;
    return number;
  }

  /** The sum of a value and a constant. */
  sum(value: number, constant: number): number {
    if (value === unknownValue) return unknownValue;
    if (value < 0) return constantValue(constantOf(value) + constant);
    const number = this.add(value, -1);
    this.#deltas[number] = this.deltaOf(value) + constant;
    return number;
  }

  rootOf(value: number): number {
    return value < 0 ? constantRoot : (this.#roots[value] ?? 0);
  }

  /** What is to be added to the root, as a signed 32-bit number. */
  deltaOf(value: number): number {
    return value < 0 ? constantOf(value) | 0 : (this.#deltas[value] ?? 0);
  }

  /** The local that a listed value was given to, -1 for none. */
  localOf(value: number): number {
    return this.#locals[value] ?? -1;
  }

  compare(comparison: Comparison): number {
    const number = this.add(unknownValue, -1);
    this.#comparisons.set(number, comparison);
    return number;
  }

  comparisonOf(value: number): Comparison | undefined {
    return value > 0 && this.deltaOf(value) === 0 ? this.#comparisons.get(this.rootOf(value)) : undefined;
  }

  #enlarge(): void {
    const enlarged = (from: Int32Array): Int32Array => {
      const to = new Int32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.#roots = enlarged(this.#roots);
    this.#deltas = enlarged(this.#deltas);
    this.#locals = enlarged(this.#locals);
  }
}
