import { InstructionReader } from '../format/instruction-reader.ts';
import { Family, Immediate, Op } from '../format/instructions.ts';
import type { FunctionBody, Module } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { dirtyPageShift } from './layout.ts';

/** What has to be known of a loop before the walk that rewrites it comes to its end. */
export interface LoopShape {
  /** The locals that it sets, some perhaps several times; undefined when it may be any. */
  readonly sets: LocalSets | undefined;
  /** How many branches lead to its start, each label of a br_table for itself. */
  readonly branches: number;
  /** Whether an exception can lead to its start. */
  readonly caught: boolean;
  /** How many instructions it has. */
  readonly instructions: number;
}

/** Some of the `local.set`s and `local.tee`s of a function. */
export interface LocalSets {
  /** The local of each in the function's loops. */
  readonly locals: readonly number[];
  readonly first: number;
  readonly end: number;
}

/** A local is looked at for each loop round where it is set. Of those that lie deeper nobody asks. */
const loopDepthMax = 32;

/** What looks smaller is more often the field of a structure than a variable at a known address. */
const variableAddressMin = 1024;

/** A store counts so many times more for each loop around it, up to four. */
const loopWeight = 8;

interface OpenLoop {
  readonly position: number;
  readonly firstSet: number;
  readonly firstInstruction: number;
  branches: number;
  caught: boolean;
}

/** Reads the code of a module once, ahead of the walk that rewrites it. It may be invalid still: what cannot be is left to the walk. */
export class ModuleShape {
  readonly #module: Module;
  readonly #loops: readonly (readonly LoopShape[])[];
  readonly #weights = new Map<number, Map<number, number>>();
  /** The blocks that are open; undefined for those that are not loops. */
  #open: (OpenLoop | undefined)[] = [];
  #loopDepth = 0;
  #sets: number[] = [];
  /** The constants that the last two instructions gave; 0 for what gives none. */
  readonly #constants: [number, number] = [0, 0];
  #shapes: LoopShape[] = [];
  #instructions = 0;

  constructor(module: Module) {
    this.#module = module;
    this.#loops = module.bodies.map((body) => this.#read(body));
  }

  /** The loops of a body, by its position, in the order in which they start. */
  loopsOf(body: number): readonly LoopShape[] {
    return this.#loops[body] ?? [];
  }

  /**
   * Pages of `memory` by how much the stores there weigh that look as if their addresses were constants, heaviest first. A guess: it
   * decides what is marked when, not whether.
   */
  storedPages(memory: number): readonly { readonly page: number; readonly weight: number }[] {
    const weights = [...(this.#weights.get(memory) ?? [])].map(([page, weight]) => ({ page, weight }));
    return weights.toSorted((a, b) => b.weight - a.weight || a.page - b.page);
  }

  #read({ code }: FunctionBody): LoopShape[] {
    const { bytes, types } = this.#module;
    const instructions = new InstructionReader(new Reader(bytes, code.start, code.end), types.length);
    this.#open = [];
    this.#loopDepth = 0;
    this.#sets = [];
    this.#shapes = [];
    this.#instructions = 0;
    while (!instructions.done) {
      instructions.next();
      this.#step(instructions);
      this.#instructions += 1;
      this.#constants[0] = this.#constants[1];
      this.#constants[1] = instructions.opcode === Op.i32Const ? instructions.value >>> 0 : 0;
    }
    return this.#shapes;
  }

  #step(instructions: InstructionReader): void {
    const { opcode, instruction, index } = instructions;
    switch (instruction.immediate) {
      case Immediate.none:
        if (opcode === Op.end) this.#close();
        return;
      case Immediate.block:
      case Immediate.tryTable:
        if (instruction.immediate === Immediate.tryTable) this.#catches(instructions);
        return this.#openBlock(opcode);
      case Immediate.label:
        if (opcode === Op.delegate) this.#close();
        else if (opcode !== Op.rethrow) this.#branch(index);
        return;
      case Immediate.castBranch:
        return this.#branch(index);
      case Immediate.branchTable:
        return this.#branchTable(instructions);
      case Immediate.local:
        if (opcode !== Op.localGet && this.#loopDepth > 0) this.#sets.push(index);
        return;
      case Immediate.memarg:
      case Immediate.memargLane:
        if (instruction.family === Family.store) this.#store(instructions);
        return;
      default:
    }
  }

  #openBlock(opcode: number): void {
    if (opcode !== Op.loop) return void this.#open.push(undefined);
    const position = this.#shapes.length;
    // Its place in the list; what belongs there is known at its end.
    this.#shapes.push({ sets: undefined, branches: 0, caught: false, instructions: 0 });
    const firstInstruction = this.#instructions;
    this.#open.push({ position, firstSet: this.#sets.length, firstInstruction, branches: 0, caught: false });
    this.#loopDepth += 1;
  }

  #close(): void {
    const loop = this.#open.pop();
    if (loop === undefined) return;
    this.#loopDepth -= 1;
    const { position, firstSet, firstInstruction, branches, caught } = loop;
    const all = { locals: this.#sets, first: firstSet, end: this.#sets.length };
    const sets = this.#loopDepth < loopDepthMax ? all : undefined;
    this.#shapes[position] = { sets, branches, caught, instructions: this.#instructions - firstInstruction };
  }

  #branch(label: number): void {
    const target = this.#open.at(-1 - label);
    if (target !== undefined) target.branches += 1;
  }

  #branchTable({ detail, index, index2, end }: InstructionReader): void {
    const labels = new Reader(this.#module.bytes, detail, end);
    for (let i = 0; i < index2; i++) this.#branch(labels.u32());
    this.#branch(index);
  }

  #catches({ detail, index2, end }: InstructionReader): void {
    const clauses = new Reader(this.#module.bytes, detail, end);
    for (let i = 0; i < index2; i++) {
      // Those below 2 have a tag.
      if (clauses.u8() < 2) clauses.u32();
      const target = this.#open.at(-1 - clauses.u32());
      if (target !== undefined) target.caught = true;
    }
  }

  #store({ memory, offset }: InstructionReader): void {
    // Its address is a constant, if a single instruction lies between that gives what is stored.
    const address = this.#constants[0] + offset;
    if (address < variableAddressMin) return;
    const pages = this.#weights.get(memory) ?? new Map<number, number>();
    const page = Math.floor(address / 2 ** dirtyPageShift);
    pages.set(page, (pages.get(page) ?? 0) + loopWeight ** Math.min(this.#loopDepth, 4));
    this.#weights.set(memory, pages);
  }
}
