import { readConstExpression } from './const-expression.ts';
import type { InstructionReader } from './instruction-reader.ts';
import { formatLimits } from './limits.ts';
import type { DataSegment, ElementSegment, Span } from './module.ts';
import type { Reader } from './reader.ts';
import { readValueType, ValType } from './value-type.ts';

const notActive = 1;
/** For an active segment: its table is named. For another: it is declarative. */
const explicitTable = 2;
const expressions = 4;

/** https://webassembly.github.io/spec/core/binary/modules.html#element-section */
export function readElementSection(
  reader: Reader,
  instructions: InstructionReader,
  typeCount: number,
): ElementSegment[] {
  const count = reader.count('the number of element segments', formatLimits.elementSegments);
  const segments: ElementSegment[] = [];
  for (let i = 0; i < count; i++) segments.push(readElementSegment(reader, instructions, typeCount));
  return segments;
}

function readElementSegment(reader: Reader, instructions: InstructionReader, typeCount: number): ElementSegment {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 7) reader.fail('the flags of an element segment are unknown', offset);
  const active = (flags & notActive) === 0;
  const named = (flags & explicitTable) !== 0;
  const table = active && named ? reader.u32() : 0;
  const at = active ? readConstExpression(reader, instructions) : undefined;
  const mode = active ? 'active' : named ? 'declarative' : 'passive';
  const typed = !active || named;
  if ((flags & expressions) === 0) {
    if (typed && reader.u8() !== 0) reader.fail('the kind of an element segment is unknown', reader.position - 1);
    const count = reader.count('the length of an element segment', formatLimits.functions);
    const indexes: number[] = [];
    for (let i = 0; i < count; i++) indexes.push(reader.u32());
    return { mode, table, at, type: ValType.funcref, items: { kind: 'functions', indexes }, offset };
  }
  const type = typed ? readValueType(reader, typeCount) : ValType.funcref;
  const count = reader.count('the length of an element segment', formatLimits.functions);
  const spans: Span[] = [];
  for (let i = 0; i < count; i++) spans.push(readConstExpression(reader, instructions));
  return { mode, table, at, type, items: { kind: 'expressions', spans }, offset };
}

/** https://webassembly.github.io/spec/core/binary/modules.html#data-section */
export function readDataSection(reader: Reader, instructions: InstructionReader): DataSegment[] {
  const count = reader.count('the number of data segments', formatLimits.dataSegments);
  const segments: DataSegment[] = [];
  for (let i = 0; i < count; i++) {
    const offset = reader.position;
    const flags = reader.u32();
    if (flags > 2) reader.fail('the flags of a data segment are unknown', offset);
    const memory = flags === 2 ? reader.u32() : 0;
    const at = flags === 1 ? undefined : readConstExpression(reader, instructions);
    const length = reader.count('the length of a data segment', formatLimits.moduleBytes);
    const start = reader.skip(length);
    const mode = flags === 1 ? 'passive' : 'active';
    segments.push({ mode, memory, at, content: { start, end: start + length }, offset });
  }
  return segments;
}
