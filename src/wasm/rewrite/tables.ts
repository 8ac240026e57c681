import { Op } from '../format/instructions.ts';
import { formatLimits } from '../format/limits.ts';
import { type FunctionCode, functionCode, i32 } from './assembly.ts';
import { Code } from './code.ts';
import type { RewriteContext } from './context.ts';

/** `table.init` of a segment that the guest may have dropped: (destination, source, length) → (). A dropped one is empty. */
export function initTable(context: RewriteContext, segment: number, table: number): number {
  return context.assembly.helper(`table init ${segment} ${table}`, (): FunctionCode => {
    const [destination, source, length] = [0, 1, 2];
    const code = new Code();
    const emitInit = (): void => {
      for (const local of [destination, source, length]) code.local('get', local);
      code.op(Op.tableInit).u32(segment).u32(table);
    };
    // When dropped, anything but nothing at all is out of bounds: a source past the segment's end makes the instruction say so.
    const items = context.module.elements[segment]?.items;
    const past = 1 + (items === undefined ? 0 : items.kind === 'functions' ? items.indexes.length : items.spans.length);
    code.global('get', context.elementDropped(segment)).open(Op.if);
    code.local('get', source).local('get', length).op(Op.i32Or).open(Op.if);
    code.local('get', source).i32(past).op(Op.i32LtU).open(Op.if).i32(past).local('set', source).end().end().end();
    emitInit();
    code.end();
    return functionCode(context.assembly.type([i32, i32, i32], []), [], code);
  });
}

/** `table.grow`, up to the entries a table may have: (reference, entries) → (the entries before, or -1). */
export function growTable(context: RewriteContext, table: number): number {
  return context.assembly.helper(`table grow ${table}`, (): FunctionCode => {
    const [value, entries] = [0, 1];
    const { tables } = context.module.spaces;
    const element = tables[table]?.element ?? 0;
    // An equal share for each, so that all of them together stay within what tables may have.
    const entriesMax = Math.floor(formatLimits.tableEntriesTogether / Math.max(1, tables.length));
    const code = new Code();
    code.local('get', entries).i32(entriesMax).op(Op.i32GtU).open(Op.if);
    code.i32(-1).op(Op.return).end();
    code.op(Op.tableSize).u32(table).local('get', entries).op(Op.i32Add).i32(entriesMax);
    code.op(Op.i32GtU).open(Op.if).i32(-1).op(Op.return).end();
    code.local('get', value).local('get', entries).op(Op.tableGrow).u32(table).end();
    return functionCode(context.assembly.type([element, i32], [i32]), [], code);
  });
}
