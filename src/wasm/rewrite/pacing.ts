/**
 * Where checks stand besides entries and the ways back to the starts of loops, so that code does not run on for as long as it is; and which of
 * those ways need none.
 *
 * Every instruction costs a unit. What the dearest path to a place has cost since its last check is known from one walk, as
 * branches only go forwards, but for those to the starts of loops, which check before they are taken. Once that is `unitsBetweenChecks`,
 * another check stands.
 *
 *     check ── 700 ──┬── 500 ── check ── 100 ──┬──▶ 900 on the dearest path
 *                    └── 200 ──────────────────┘
 *
 * A loop that comes by no check on its dearest path, and of which it is proven how often it goes round at most, is code of so many times
 * its cost. It goes without checks when that is not more than `unitsInLoop`, and is followed by one when it is much. Loops in it that do check
 * only make it pass more of them.
 *
 *     300 ──▶ loop of 16 × 40 ──▶ 300 + 640
 *
 * So the longest way from one check to the next costs less than `unitsBetweenChecks` up to a loop, and `unitsInLoop` in it: 9216
 * units, a few microseconds, and about a millisecond where every one of them waits for memory.
 */
import type { InstructionReader } from '../format/instruction-reader.ts';
import { Op } from '../format/instructions.ts';
import { type Callees, uncheckedBytesMax, uncheckedUnitsMax } from './callees.ts';

const unitsBetweenChecks = 1024;

/** What a loop that goes unchecked may cost on all of its rounds together. */
const unitsInLoop = 8192;

/** What may always have been spent as a loop starts. A check in it is passed again and again, one before it only once. */
const unitsBeforeLoop = 512;

/** Ten thousand functions that have called each other and all go on for this long take a few milliseconds. */
const unitsAfterCall = 256;

/** The price of an instruction that has a check of its own: what it does may take many microseconds. */
const dear: number = unitsBetweenChecks;

/** In place of a cost: branches to a loop lead to its start. */
const isLoop = -1;

interface OpenLoop {
  readonly position: number;
  readonly costAtStart: number;
  /** How many checks the walk had come by. */
  readonly checks: number;
  /** The outermost block that a path from inside leads to the end of; `Infinity` while there is none. */
  lowestExit: number;
}

export class Pacing {
  /** What the dearest path to here has cost. */
  #cost = 0;
  /** Checks that the walk came by, and calls of what checks. */
  #checks = 0;
  /** For each block that is open: the cost at its start, and the highest cost of a path that leaves it for its end. */
  readonly #atStart: number[] = [];
  readonly #atEnd: number[] = [];
  readonly #loops: OpenLoop[] = [];
  #entry: 'checked' | 'unchecked' = 'checked';

  /** Starts on a function. Its callers pay for one whose entry is unchecked. */
  begin(entry: 'checked' | 'unchecked'): void {
    this.#cost = 0;
    this.#checks = 0;
    this.#atStart.length = 0;
    this.#atEnd.length = 0;
    this.#loops.length = 0;
    this.#entry = entry;
    this.open();
  }

  /** Goes on by an instruction. @returns whether a check is due before it */
  spend(units: number): boolean {
    this.#cost += units;
    return this.#cost >= unitsBetweenChecks;
  }

  /** Whether a check is due before the end of the function, as the callers' next one may be some way off. */
  get isDueAtReturn(): boolean {
    return this.#cost >= unitsBetweenChecks;
  }

  /** Whether a check should stand before a loop of so many instructions, lest one comes to stand in it. */
  isWiseBeforeLoop(instructions: number): boolean {
    return this.#cost >= unitsBeforeLoop && this.#cost + instructions >= unitsBetweenChecks;
  }

  /**
   * A call has returned, of a function that certainly checks at its entry or one that may. Frames that are left one after the other
   * do not check again, so what each of them may do until the next check is little.
   */
  returned(checks: 'certainly' | 'perhaps'): void {
    const least = unitsBetweenChecks - unitsAfterCall;
    this.#cost = checks === 'certainly' ? least : Math.max(this.#cost, least);
    this.#checks += 1;
  }

  /** A check stands before the instruction that was spent on last. */
  checked(): void {
    this.#cost = 0;
    this.#checks += 1;
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

  /** Opens a loop. Branches to it lead to its start, and check before, or need not. */
  openLoop(): void {
    const position = this.#atEnd.length;
    this.#loops.push({ position, costAtStart: this.#cost, checks: this.#checks, lowestExit: Infinity });
    this.#atStart.push(this.#cost);
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

  /** A path leads out of the function. */
  leaveFunction(): void {
    this.#leave(this.#atEnd.length - 1, this.#cost);
  }

  #leave(label: number, cost: number): void {
    const position = this.#atEnd.length - 1 - label;
    const known = this.#atEnd[position] ?? isLoop;
    if (known !== isLoop) this.#atEnd[position] = Math.max(known, cost);
    this.#noteExit(position);
  }

  #noteExit(position: number): void {
    const loop = this.#loops.at(-1);
    if (loop !== undefined && position < loop.position) loop.lowestExit = Math.min(loop.lowestExit, position);
  }

  /** How often the loop that block `label` is may go round without a check; less than 2 when it may not. */
  roundsUnchecked(label: number): number {
    const loop = this.#loops.at(-1);
    const isInnermost = loop?.position === this.#atEnd.length - 1 - label;
    if (loop === undefined || !isInnermost || loop.checks !== this.#checks) return 0;
    const perRound = Math.max(1, this.#cost - loop.costAtStart);
    // Who calls a function with an unchecked entry pays for this, and once more for all of its instructions.
    if (this.#entry === 'unchecked') return Math.floor((uncheckedBytesMax - loop.costAtStart) / perRound);
    // A path from the loop out of the function would come by no check: it may only have spent what any other has.
    const most = loop.lowestExit === 0 ? unitsBetweenChecks - 1 - loop.costAtStart : unitsInLoop;
    return Math.floor(most / perRound);
  }

  /**
   * The innermost loop goes round so often at most, without a check. Whoever comes to a place in it or leaves it may have spent
   * all of that, on whatever path: those noted before, too.
   */
  goRound(rounds: number): void {
    const loop = this.#loops.at(-1);
    if (loop === undefined) return;
    const further = (this.#cost - loop.costAtStart) * (rounds - 1);
    this.#cost += further;
    const first = Math.min(loop.lowestExit, loop.position);
    for (let position = first; position < this.#atEnd.length; position++) {
      const known = this.#atEnd[position] ?? isLoop;
      if (known !== isLoop) this.#atEnd[position] = known + further;
      if (position > loop.position) this.#atStart[position] = (this.#atStart[position] ?? 0) + further;
    }
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
    const atEnd = this.#atEnd.pop() ?? 0;
    this.#cost = Math.max(this.#cost, atEnd);
    if (atEnd !== isLoop) return;
    const loop = this.#loops.pop();
    if (loop !== undefined && loop.lowestExit !== Infinity) this.#noteExit(loop.lowestExit);
  }
}

/** What the current instruction costs. Those that open another arm or end a block cost nothing, as nothing can stand before them. */
export function priceOf(callees: Callees, { opcode, index }: InstructionReader): number {
  switch (opcode) {
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
      return uncheckedUnitsMax;
    case Op.call:
      return callees.checksAtEntry(index) ? 1 : uncheckedUnitsMax;
    default:
      return 1;
  }
}
