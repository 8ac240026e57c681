import type { InstructionReader } from '../format/instruction-reader.ts';
import type { FunctionBody } from '../format/module.ts';
import { writeValueType } from '../format/value-type.ts';
import { Writer } from '../format/writer.ts';
import type { FunctionCode } from './assembly.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import type { BodyFindings, OffsetPair } from './findings.ts';
import { emitCheck } from './preemption.ts';
import type { ScratchLocals } from './scratch.ts';

/** Writes a function body anew: what stands unchanged is copied, what is put in or replaced is noted with the instruction it stands for. */
export class BodyWriter {
  readonly #context: RewriteContext;
  readonly #instructions: InstructionReader;
  readonly #findings: BodyFindings;
  readonly #code = new Code(4096);
  #unlikely: number[] = [];
  #offsets: OffsetPair[] = [];
  /** Where the bytes that are not copied yet begin. */
  #pending = 0;

  constructor(context: RewriteContext, instructions: InstructionReader, findings: BodyFindings) {
    this.#context = context;
    this.#instructions = instructions;
    this.#findings = findings;
  }

  begin(body: FunctionBody): void {
    this.#code.clear();
    this.#unlikely = [];
    this.#offsets = [];
    this.#pending = body.code.start;
  }

  /** Starts on a replacement of the current instruction. */
  replace(): Code {
    const { start, end } = this.#instructions;
    this.#flush(start);
    this.#offsets.push({ after: this.#code.length, before: start, kind: 'replaced' });
    this.#pending = end;
    return this.#code;
  }

  /** Puts a check for an interrupt at `offset`, the start or the end of the current instruction. */
  check(offset: number): void {
    this.#flush(offset);
    this.#offsets.push({ after: this.#code.length, before: this.#instructions.start, kind: 'replaced' });
    this.checkWithin();
  }

  /** Puts a check into the replacement that is being written. */
  checkWithin(): void {
    emitCheck(this.#code, this.#context, this.#unlikely);
    this.#findings.checks += 1;
  }

  /** Copies what stands unchanged before `end`. */
  #flush(end: number): void {
    if (end > this.#pending) {
      this.#offsets.push({ after: this.#code.length, before: this.#pending, kind: 'copied' });
      this.#code.copy(this.#context.module.bytes, this.#pending, end);
    }
    this.#pending = end;
  }

  finish(
    body: FunctionBody,
    scratch: ScratchLocals,
    entry: 'checked' | 'unchecked',
  ): { readonly code: FunctionCode; readonly offsets: readonly OffsetPair[] } {
    this.#flush(body.code.end);
    const locals = new Writer(32);
    locals.u32(body.locals.length + scratch.count);
    for (const { count, type } of body.locals) {
      locals.u32(count);
      writeValueType(locals, type);
    }
    scratch.write(locals);
    const prologue = new Code(32);
    const unlikely: number[] = [];
    const offsets: OffsetPair[] = [];
    if (entry === 'checked') {
      emitCheck(prologue, this.#context, unlikely);
      offsets.push({ after: 0, before: body.code.start, kind: 'replaced' });
      this.#findings.checks += 1;
    }
    const { length } = prologue;
    for (const offset of this.#unlikely) unlikely.push(offset + length);
    for (const { after, before, kind } of this.#offsets) offsets.push({ after: after + length, before, kind });
    const code = prologue.copy(this.#code.view()).finish();
    return { code: { type: body.type, locals: locals.finish(), code, unlikely }, offsets };
  }
}
