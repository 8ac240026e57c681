import { MayflyError } from '../../base/mod.ts';
import { formatLimits } from './limits.ts';
import type { FunctionBody, LocalRun } from './module.ts';
import type { Reader } from './reader.ts';
import { readValueType } from './value-type.ts';

/**
 * Reads where each body lies and what locals it declares; instructions are left to whoever walks them.
 * https://webassembly.github.io/spec/core/binary/modules.html#code-section
 */
export function readCodeSection(reader: Reader, types: readonly number[], typeCount: number): FunctionBody[] {
  const offset = reader.position;
  const count = reader.count('the number of function bodies', formatLimits.functions);
  if (count !== types.length) {
    reader.fail(`${types.length} functions are declared and ${count} bodies are there`, offset);
  }
  let locals = 0;
  return types.map((type) => {
    const body = readBody(reader, type, typeCount);
    locals += body.localCount;
    if (locals > formatLimits.localsTogether) {
      const limit = formatLimits.localsTogether;
      const start = body.whole.start;
      throw new MayflyError('module_too_large', {
        what: 'the number of locals of all functions',
        size: locals,
        limit,
        offset: start,
      });
    }
    return body;
  });
}

function readBody(reader: Reader, type: number, typeCount: number): FunctionBody {
  const offset = reader.position;
  const size = reader.u32();
  if (size > formatLimits.functionBytes) {
    throw new MayflyError('module_too_large', {
      what: 'a function body in bytes',
      size,
      limit: formatLimits.functionBytes,
      offset,
    });
  }
  const body = reader.part(size);
  const start = body.position;
  const runs = body.count('the number of runs of locals', formatLimits.locals);
  const locals: LocalRun[] = [];
  let localCount = 0;
  for (let i = 0; i < runs; i++) {
    const runOffset = body.position;
    const count = body.u32();
    localCount += count;
    if (localCount > formatLimits.locals) {
      const { locals: limit } = formatLimits;
      throw new MayflyError('module_too_large', {
        what: "a function's number of locals",
        size: localCount,
        limit,
        offset: runOffset,
      });
    }
    locals.push({ count, type: readValueType(body, typeCount) });
  }
  if (size * localCount > formatLimits.functionBytesTimesLocals) {
    throw new MayflyError('module_too_large', {
      what: "a function's bytes times its locals",
      size: size * localCount,
      limit: formatLimits.functionBytesTimesLocals,
      offset,
    });
  }
  const whole = { start, end: body.end };
  return { type, locals, localCount, whole, code: { start: body.position, end: body.end } };
}
