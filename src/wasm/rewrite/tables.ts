/**
 * Table operations, in chunks: an entry takes up to 0.2 µs, so one instruction could hold everybody for 20 ms and more. Bounds are
 * checked for the whole operation first: an operation that leads outside is made as it stands, and traps by itself.
 * What is changed is noted, so that a rewind restores no more than that.
 * https://webassembly.github.io/spec/core/exec/instructions.html#table-instructions
 */
import { Op } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import type { ElementSegment, Module } from '../format/module.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { BulkLocal, emitChunkSize, emitCopyRounds, emitForward, emitNextRound } from './chunks.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';
import { emitCheck } from './preemption.ts';

/** Entries one instruction handles before the next check. */
const chunkEntries = 256;

/** log2 of the entries that count as one page of memory: V8 takes about 32 bytes for each. */
const entriesPerPageShift = 11;

const { destination, source, length, chunk } = BulkLocal;

function elementType(context: RewriteContext, table: number): number {
  return context.module.spaces.tables[table]?.element ?? 0;
}

/** Whether `length` entries from the index in `local` lead outside the table. */
function emitOutside(code: Code, table: number, local: number): void {
  emitEnd(code, local);
  code.op(Op.tableSize).u32(table).op(Op.i64ExtendI32U).op(Op.i64GtU);
}

/** Where `length` entries from the index in `local` end, as an i64. */
function emitEnd(code: Code, local: number): void {
  code.local('get', local).op(Op.i64ExtendI32U).local('get', length).op(Op.i64ExtendI32U).op(Op.i64Add);
}

/** Notes that `length` entries from `destination` on are changed. They are in the table. */
function emitTouchAll(code: Code, context: RewriteContext, table: number): void {
  if (table < context.module.imported.tables) return;
  code.local('get', destination).local('get', length).call(touchTable(context, table));
}

/** (index, entries) → () */
function touchTable(context: RewriteContext, table: number): number {
  return context.assembly.helper(`touch table ${table}`, (): FunctionCode => {
    const [index, entries] = [0, 1];
    const { first, end } = context.tableTouched(table);
    const code = new Code();
    code.local('get', index).global('get', first).op(Op.i32LtU).open(Op.if);
    code.local('get', index).global('set', first).end();
    code.local('get', index).local('get', entries).op(Op.i32Add).local('tee', index);
    code.global('get', end).op(Op.i32GtU).open(Op.if);
    code.local('get', index).global('set', end).end().end();
    return functionCode(context.assembly.type([i32, i32], []), [], code);
  });
}

/** `table.set`: (index, reference) → () */
export function setTable(context: RewriteContext, table: number): number {
  return context.assembly.helper(`table set ${table}`, (): FunctionCode => {
    const [index, value] = [0, 1];
    const code = new Code();
    code.local('get', index).local('get', value).op(Op.tableSet).u32(table);
    if (table >= context.module.imported.tables) code.local('get', index).i32(1).call(touchTable(context, table));
    code.end();
    return functionCode(context.assembly.type([i32, elementType(context, table)], []), [], code);
  });
}

/** `table.fill`: (destination, reference, entries) → () */
export function fillTable(context: RewriteContext, table: number): number {
  return context.assembly.helper(`table fill ${table}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    const emitFill = (count: number): void => {
      code.local('get', destination).local('get', source).local('get', count).op(Op.tableFill).u32(table);
    };
    emitOutside(code, table, destination);
    code.open(Op.if);
    emitFill(length);
    code.end();
    emitTouchAll(code, context, table);
    code.open(Op.loop);
    emitChunkSize(code, chunkEntries);
    emitFill(chunk);
    emitForward(code, [destination]);
    emitNextRound(code, context, unlikely);
    code.end();
    const type = context.assembly.type([i32, elementType(context, table), i32], []);
    return functionCode(type, [i32], code, unlikely);
  });
}

/** `table.copy`: (destination, source, entries) → () */
export function copyTable(context: RewriteContext, to: number, from: number): number {
  return context.assembly.helper(`table copy ${to} ${from}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    const emitCopy = (count: number): void => {
      code.local('get', destination).local('get', source).local('get', count).op(Op.tableCopy).u32(to).u32(from);
    };
    emitOutside(code, to, destination);
    emitOutside(code, from, source);
    code.op(Op.i32Or).open(Op.if);
    emitCopy(length);
    code.end();
    emitTouchAll(code, context, to);
    emitCopyRounds(code, context, unlikely, { most: chunkEntries, emitRound: () => emitCopy(chunk) });
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [i32], code, unlikely);
  });
}

/**
 * `table.init`: (destination, source, entries) → (). A dropped segment has none. As for memories, what all segments have in
 * common is in one function for the table.
 */
export function initTable(context: RewriteContext, segment: number, table: number): number {
  return context.assembly.helper(`table init ${segment} ${table}`, (): FunctionCode => {
    const code = new Code();
    const unlikely: number[] = [];
    const entries = passiveEntries(context.module.elements[segment]);
    const dropped = context.elementDropped(segment);
    const emitInit = (count: number): void => {
      code.local('get', source).local('get', count).op(Op.tableInit).u32(segment).u32(table);
    };
    for (const local of [destination, source, length]) code.local('get', local);
    code.i32(0).i32(entries).global('get', dropped).op(Op.select);
    code.call(beforeInit(context, table)).open(Op.if);
    // To V8 a dropped segment is still whole: a source right behind its end makes the instruction say what is wrong.
    code
      .local('get', destination)
      .i32(entries + 1)
      .local('get', source);
    code
      .local('get', source)
      .i32(entries + 1)
      .op(Op.i32LtU)
      .global('get', dropped)
      .op(Op.i32And)
      .op(Op.select);
    code.local('get', length).op(Op.tableInit).u32(segment).u32(table).end();
    if (entries > chunkEntries) {
      code.open(Op.loop);
      emitChunkSize(code, chunkEntries);
      code.local('get', destination);
      emitInit(chunk);
      emitForward(code, [destination, source]);
      emitNextRound(code, context, unlikely);
    } else {
      code.local('get', destination);
      emitInit(length);
    }
    code.end();
    const locals = entries > chunkEntries ? [i32] : [];
    return functionCode(context.assembly.type([i32, i32, i32], []), locals, code, unlikely);
  });
}

/** An active segment is dropped once it is in its table, and so is a declarative one. */
function passiveEntries(segment: ElementSegment | undefined): number {
  if (segment?.mode !== 'passive') return 0;
  const { items } = segment;
  return items.kind === 'functions' ? items.indexes.length : items.spans.length;
}

/** (destination, source, length, entries of the segment) → whether it leads outside. Notes what is changed, and checks. */
function beforeInit(context: RewriteContext, table: number): number {
  return context.assembly.helper(`before table init ${table}`, (): FunctionCode => {
    const segmentEntries = 3;
    const code = new Code();
    const unlikely: number[] = [];
    emitOutside(code, table, destination);
    emitEnd(code, source);
    code.local('get', segmentEntries).op(Op.i64ExtendI32U).op(Op.i64GtU);
    code.op(Op.i32Or).open(Op.if).i32(1).op(Op.return).end();
    emitTouchAll(code, context, table);
    if (context.passes.preemption === 'checks') emitCheck(code, context, unlikely);
    code.i32(0).end();
    return functionCode(context.assembly.type([i32, i32, i32, i32], [i32]), [], code, unlikely);
  });
}

/**
 * `table.grow`, up to the entries a table may have and as far as the engine has room: (reference, entries) → (the entries before, or -1).
 */
export function growTable(context: RewriteContext, table: number): number {
  return context.assembly.helper(`table grow ${table}`, (): FunctionCode => {
    const [value, before] = [0, 1];
    const entriesMax = grownEntriesMax(context.module, table);
    const code = new Code();
    const unlikely: number[] = [];
    // `before` is the second operand until it is known to be small, `length` from then on.
    code.local('get', before).local('tee', length).i32(entriesMax).op(Op.i32GtU).open(Op.if);
    code.i32(-1).op(Op.return).end();
    code.op(Op.tableSize).u32(table).local('tee', before).local('get', length).op(Op.i32Add).i32(entriesMax);
    code.op(Op.i32GtU).open(Op.if).i32(-1).op(Op.return).end();
    // `chunk` has the pages until the rounds begin.
    code.local('get', before).local('get', length).op(Op.i32Add).i32(entriesPerPageShift).op(Op.i32ShrU);
    code.local('get', before).i32(entriesPerPageShift).op(Op.i32ShrU).op(Op.i32Sub).local('tee', chunk).open(Op.if);
    code
      .local('get', chunk)
      .i32(-1)
      .call(context.engine.grow)
      .op(Op.i32Eqz)
      .open(Op.if)
      .i32(-1)
      .op(Op.return)
      .end()
      .end();
    code.open(Op.loop);
    emitChunkSize(code, chunkEntries);
    code.local('get', value).local('get', chunk).op(Op.tableGrow).u32(table);
    // There is room for all of it, and no way back.
    code.i32(-1).op(Op.i32Eq).open(Op.if).op(Op.unreachable).end();
    emitNextRound(code, context, unlikely);
    code.local('get', before).end();
    const type = context.assembly.type([elementType(context, table), i32], [i32]);
    return functionCode(type, [i32, i32], code, unlikely);
  });
}

/** What a table starts with, and an equal share of what is left: all tables together stay within what they may have. */
function grownEntriesMax({ spaces }: Module, table: number): number {
  const { tables } = spaces;
  const atFirst = tables.reduce((sum, { limits }) => sum + limits.min, 0);
  const share = Math.floor(Math.max(0, formatLimits.tableEntriesTogether - atFirst) / Math.max(1, tables.length));
  const { min, max } = tables[table]?.limits ?? { min: 0, max: undefined };
  return Math.min(min + share, max ?? min + share);
}
