import { letterOf, type ValueType, ValType } from '../format/value-type.ts';
import type { Writer } from '../format/writer.ts';

const spillable: readonly ValueType[] = [ValType.i32, ValType.i64, ValType.f32, ValType.f64, ValType.v128];

/** Locals added to a guest's function to hold the operands of a store while it is marked, made when they are first asked for. */
export class ScratchLocals {
  readonly #types: ValueType[] = [];
  readonly #indexes = new Map<string, number>();
  #first = 0;

  /** Starts on a function that has `localCount` locals of its own. */
  begin(localCount: number): void {
    this.#first = localCount;
    this.#types.length = 0;
    this.#indexes.clear();
  }

  /** How many there are. */
  get count(): number {
    return this.#types.length;
  }

  /** The local for an operand by the letter of its type; operands of one instruction that have the same are told apart by `position`. */
  indexOf(letter: string, position: number): number {
    const key = `${letter}${position}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#first + this.#types.length;
    this.#types.push(spillable.find((type) => letterOf(type) === letter) ?? ValType.i32);
    this.#indexes.set(key, index);
    return index;
  }

  /** Writes their declarations, a run for each. */
  write(writer: Writer): void {
    for (const type of this.#types) writer.u32(1).u8(type);
  }
}
