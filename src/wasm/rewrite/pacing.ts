/**
 * Where checks stand besides loops and entries, so that code without loops does not run on for as long as it is.
 *
 * Every instruction costs something. What the dearest path to a place has cost since its last check is known from one walk, as
 * branches only go forwards but for those to loops, which begin with a check. Once that is `unitsBetweenChecks`, another one stands.
 *
 *     check ── 700 ──┬── 500 ── check ── 100 ──┬──▶ 900 on the dearest path
 *                    └── 200 ──────────────────┘
 */
import type { InstructionReader } from '../format/instruction-reader.ts';
import { Op } from '../format/instructions.ts';
import { type Callees, uncheckedBytesMax } from './callees.ts';

const unitsBetweenChecks = 1024;

/** Ten thousand functions that have called each other and all go on for this long take a few milliseconds. */
const unitsAfterCall = 256;

/** The price of an instruction that has a check of its own: what it does may take many microseconds. */
const dear: number = unitsBetweenChecks;

/** In place of a cost: branches to a loop lead to its start. */
const isLoop = -1;

export class Pacing {
  /** What the dearest path to here has cost. */
  #cost = 0;
  /** For each block that is open: the cost at its start, and the highest cost of a path that leaves it for its end. */
  readonly #atStart: number[] = [];
  readonly #atEnd: number[] = [];

  /** Starts on a function; its entry is taken as checked. */
  begin(): void {
    this.#cost = 0;
    this.#atStart.length = 0;
    this.#atEnd.length = 0;
    this.open();
  }

  /** Goes on by an instruction. @returns whether a check is due before it */
  spend(units: number): boolean {
    this.#cost += units;
    return this.#cost >= unitsBetweenChecks;
  }

  /**
   * A call has returned, of a function that certainly checks at its entry or one that may. Frames that are left one after the other
   * do not check again, so what each of them may do until the next check is little.
   */
  returned(checks: 'certainly' | 'perhaps'): void {
    const least = unitsBetweenChecks - unitsAfterCall;
    this.#cost = checks === 'certainly' ? least : Math.max(this.#cost, least);
  }

  /** A check stands before the instruction that was spent on last. */
  checked(): void {
    this.#cost = 0;
  }

  open(): void {
    this.#atStart.push(this.#cost);
    this.#atEnd.push(0);
  }

  /** Opens an `if`, which may be gone round. */
  openIf(): void {
    this.#atStart.push(this.#cost);
    this.#atEnd.push(this.#cost);
  }

  /** Opens a loop, which begins with a check. Branches to it lead there. */
  openLoop(): void {
    this.#cost = 0;
    this.#atStart.push(0);
    this.#atEnd.push(isLoop);
  }

  /** A path leads from here to the end of block `label`. */
  branch(label: number): void {
    this.#leave(label, this.#cost);
  }

  /** An exception leads to the end of block `label`, from wherever it is thrown. */
  catchTo(label: number): void {
    this.#leave(label, unitsBetweenChecks);
  }

  #leave(label: number, cost: number): void {
    const position = this.#atEnd.length - 1 - label;
    const known = this.#atEnd[position] ?? isLoop;
    if (known !== isLoop) this.#atEnd[position] = Math.max(known, cost);
  }

  /** No path leads on from here. */
  unreachable(): void {
    this.#cost = 0;
  }

  /** Goes on in the `else` of the innermost block. */
  enterElse(): void {
    this.branch(0);
    this.#cost = this.#atStart.at(-1) ?? 0;
  }

  /** Goes on where the innermost block catches what was thrown anywhere in it. */
  enterCatch(): void {
    this.branch(0);
    this.#cost = unitsBetweenChecks;
  }

  close(): void {
    this.#atStart.pop();
    this.#cost = Math.max(this.#cost, this.#atEnd.pop() ?? 0);
  }
}

/** What the current instruction costs. Those that open another arm or end a block cost nothing, as nothing can stand before them. */
export function priceOf(callees: Callees, { opcode, index }: InstructionReader): number {
  switch (opcode) {
    case Op.loop:
    case Op.else:
    case Op.catch:
    case Op.catchAll:
    case Op.delegate:
    case Op.end:
      return 0;
    case Op.throw:
    case Op.rethrow:
    case Op.throwRef:
    case Op.tableInit:
    case Op.tableCopy:
    case Op.tableGrow:
    case Op.tableFill:
      return dear;
    case Op.callIndirect:
    case Op.callRef:
      return uncheckedBytesMax;
    case Op.call:
      return callees.checksAtEntry(index) ? 1 : uncheckedBytesMax;
    default:
      return 1;
  }
}
