import { formatLimits } from './limits.ts';
import type { Span, TypeEntry } from './module.ts';
import type { Reader } from './reader.ts';
import { readValueType, type ValueType } from './value-type.ts';

const recursiveGroup = 0x4e;
const subFinal = 0x4f;
const sub = 0x50;
const func = 0x60;
const struct = 0x5f;
const array = 0x5e;
const packedI16 = 0x77;
const packedI8 = 0x78;

export interface TypeSection {
  readonly types: readonly TypeEntry[];
  readonly groups: { readonly count: number; readonly span: Span };
}

/** https://webassembly.github.io/spec/core/binary/types.html#recursive-types */
export function readTypeSection(reader: Reader): TypeSection {
  const count = reader.count('the number of types', formatLimits.types);
  const start = reader.position;
  const types: TypeEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (reader.peek() === recursiveGroup) {
      reader.u8();
      const members = reader.count('the number of types in a group', formatLimits.types);
      const typeCount = types.length + members;
      for (let member = 0; member < members; member++) types.push(readSubType(reader, typeCount));
    } else {
      types.push(readSubType(reader, types.length + 1));
    }
    if (types.length > formatLimits.types) reader.fail(`more than ${formatLimits.types} types`);
  }
  return { types, groups: { count, span: { start, end: reader.position } } };
}

function readSubType(reader: Reader, typeCount: number): TypeEntry {
  const byte = reader.peek();
  if (byte === sub || byte === subFinal) {
    reader.u8();
    const supers = reader.count('the number of supertypes', 1);
    for (let i = 0; i < supers; i++) {
      if (reader.u32() >= typeCount) reader.fail('a supertype does not exist');
    }
  }
  return readComposite(reader, typeCount);
}

function readComposite(reader: Reader, typeCount: number): TypeEntry {
  const offset = reader.position;
  switch (reader.u8()) {
    case func: {
      const params = readValueTypes(reader, typeCount, 'the number of parameters', formatLimits.parameters);
      const results = readValueTypes(reader, typeCount, 'the number of results', formatLimits.results);
      return { kind: 'func', params, results };
    }
    case struct: {
      const fields = reader.count('the number of fields', formatLimits.structFields);
      for (let i = 0; i < fields; i++) readField(reader, typeCount);
      return { kind: 'struct', fields };
    }
    case array:
      readField(reader, typeCount);
      return { kind: 'array' };
    default:
      return reader.fail('a type is neither a function, a struct nor an array', offset);
  }
}

function readValueTypes(reader: Reader, typeCount: number, what: string, limit: number): ValueType[] {
  const count = reader.count(what, limit);
  const types: ValueType[] = [];
  for (let i = 0; i < count; i++) types.push(readValueType(reader, typeCount));
  return types;
}

function readField(reader: Reader, typeCount: number): void {
  const byte = reader.peek();
  if (byte === packedI8 || byte === packedI16) reader.u8();
  else readValueType(reader, typeCount);
  if (reader.u8() > 1) reader.fail('the mutability of a field is neither 0 nor 1', reader.position - 1);
}
