import { MayflyError } from '../../base/mod.ts';
import { InstructionReader } from './instruction-reader.ts';
import { Op } from './instructions.ts';
import { funcTypeAt, type Export, type Module, type Span } from './module.ts';
import { Reader } from './reader.ts';

/**
 * Checks every index that stands outside function bodies. The rewriter appends functions, memories and globals of its own: an
 * index past the guest's own would come to mean one of those, so it must be refused before anything is appended.
 * What V8 checks and the rewriting does not rely on (types on the stack, alignment) is left to `WebAssembly.validate`.
 * @throws MayflyError invalid_module
 */
export function checkModule(module: Module): void {
  const { spaces, functionTypes } = module;
  for (const entry of module.imports) {
    if (entry.description.kind === 'func') checkFuncType(module, entry.description.type, entry.offset);
  }
  for (const body of module.bodies) checkFuncType(module, body.type, body.whole.start);
  for (const { type, offset } of spaces.tags) checkFuncType(module, type, offset);
  for (const entry of module.exports) checkExport(module, entry);
  if (module.start !== undefined) checkIndex('function', module.start, functionTypes.length, module.startOffset);
  for (const table of module.tables) {
    if (table.initial !== undefined) checkExpression(module, table.initial);
  }
  for (const global of module.globals) checkExpression(module, global.initial);
  for (const segment of module.elements) {
    if (segment.at !== undefined) {
      checkIndex('table', segment.table, spaces.tables.length, segment.offset);
      checkExpression(module, segment.at);
    }
    if (segment.items.kind === 'functions') {
      for (const index of segment.items.indexes) checkIndex('function', index, functionTypes.length, segment.offset);
    } else {
      for (const span of segment.items.spans) checkExpression(module, span);
    }
  }
  for (const segment of module.data) {
    if (segment.at === undefined) continue;
    checkIndex('memory', segment.memory, spaces.memories.length, segment.offset);
    checkExpression(module, segment.at);
  }
}

/** @throws MayflyError invalid_module when `index` is not below `count` */
export function checkIndex(what: string, index: number, count: number, offset: number): void {
  if (index >= count) {
    throw new MayflyError('invalid_module', { offset, reason: `${what} ${index} does not exist, it has ${count},` });
  }
}

function checkFuncType(module: Module, index: number, offset: number): void {
  if (funcTypeAt(module, index) === undefined) {
    throw new MayflyError('invalid_module', { offset, reason: `type ${index} is not a function type` });
  }
}

function checkExport(module: Module, entry: Export): void {
  const { spaces } = module;
  const counts = {
    func: module.functionTypes.length,
    table: spaces.tables.length,
    memory: spaces.memories.length,
    global: spaces.globals.length,
    tag: spaces.tags.length,
  };
  checkIndex(entry.kind, entry.index, counts[entry.kind], entry.offset);
}

function checkExpression(module: Module, span: Span): void {
  const reader = new Reader(module.bytes, span.start, span.end);
  const instructions = new InstructionReader(reader, module.types.length);
  while (!instructions.done) {
    instructions.next();
    const { opcode, index, start } = instructions;
    if (opcode === Op.refFunc) checkIndex('function', index, module.functionTypes.length, start);
    if (opcode === Op.globalGet) checkIndex('global', index, module.spaces.globals.length, start);
  }
}
