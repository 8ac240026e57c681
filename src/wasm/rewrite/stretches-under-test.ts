/**
 * Counts the instructions between checks for an interrupt, in a rewritten module: each instruction adds one to a global, each look at the
 * interrupt word starts anew and keeps the longest stretch in another.
 */
import { decodeModule, SectionId } from '../format/decode.ts';
import { InstructionReader } from '../format/instruction-reader.ts';
import { Op } from '../format/instructions.ts';
import type { Module } from '../format/module.ts';
import { Reader } from '../format/reader.ts';
import { Writer } from '../format/writer.ts';
import { Code } from './code.ts';

/** Names of the exported globals. */
export const stretchExports = { now: 'stretch now', longest: 'stretch longest' } as const;

const i32 = 0x7f;

/** Nothing can stand before these. */
const uncounted: ReadonlySet<number> = new Set([Op.end, Op.else, Op.catch, Op.catchAll, Op.delegate]);

/** `flagsMemory` is the memory with the interrupt word. */
export function countStretches(bytes: Uint8Array, flagsMemory: number): Uint8Array<ArrayBuffer> {
  const module = decodeModule(bytes);
  const now = module.spaces.globals.length;
  const writer = new Writer(bytes.byteLength * 8).copy(bytes, 0, 8);
  const reader = new Reader(bytes, 8);
  let hasGlobals = false;
  while (!reader.done) {
    const id = reader.u8();
    const end = reader.u32() + reader.position;
    const content = bytes.subarray(reader.position, end);
    reader.position = end;
    // A module may have no globals yet; exports stand right behind them.
    if (id === SectionId.export && !hasGlobals)
      writer.section(SectionId.global, appended(new Uint8Array([0]), globals()));
    if (id === SectionId.global) hasGlobals = true;
    if (id === SectionId.global) writer.section(id, appended(content, globals()));
    else if (id === SectionId.export) writer.section(id, appended(content, exports(now)));
    else if (id === SectionId.code) writer.section(id, code(module, now, flagsMemory));
    else if (id !== SectionId.custom) writer.section(id, new Writer(content.byteLength).copy(content));
  }
  return Uint8Array.from(writer.finish());
}

/** A vector with two more entries. */
function appended(content: Uint8Array, entries: Writer): Writer {
  const reader = new Reader(content);
  const count = reader.u32();
  return new Writer(content.byteLength + 64)
    .u32(count + 2)
    .copy(content, reader.position)
    .copy(entries.view());
}

function globals(): Writer {
  const entries = new Writer();
  for (let i = 0; i < 2; i++) entries.ops(i32, 1, Op.i32Const, 0, Op.end);
  return entries;
}

function exports(now: number): Writer {
  return new Writer()
    .name(stretchExports.now)
    .u8(3)
    .u32(now)
    .name(stretchExports.longest)
    .u8(3)
    .u32(now + 1);
}

function code(module: Module, now: number, flagsMemory: number): Writer {
  const { bytes, bodies, types } = module;
  const all = new Writer(bytes.byteLength * 8).u32(bodies.length);
  for (const body of bodies) {
    const counted = new Code(1024).copy(bytes, body.whole.start, body.code.start);
    const instructions = new InstructionReader(new Reader(bytes, body.code.start, body.code.end), types.length);
    while (!instructions.done) {
      instructions.next();
      const { opcode, memory, start, end } = instructions;
      if (!uncounted.has(opcode)) counted.global('get', now).i32(1).op(Op.i32Add).global('set', now);
      counted.copy(bytes, start, end);
      if (opcode !== Op.i32Load || memory !== flagsMemory) continue;
      counted
        .global('get', now + 1)
        .global('get', now)
        .op(Op.i32LtU)
        .open(Op.if);
      counted
        .global('get', now)
        .global('set', now + 1)
        .end();
      counted.i32(0).global('set', now);
    }
    all.u32(counted.length).copy(counted.view());
  }
  return all;
}
