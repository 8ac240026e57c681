import type { Module } from '../wasm/mod.ts';

/** What V8 takes for one of each in an instance, about; measured with modules that have many of one and few of the others. */
const bytesOf = {
  instance: 16_384,
  function: 16,
  import: 112,
  global: 8,
  tableEntry: 32,
  segment: 8,
  tag: 24,
} as const;

/**
 * What an instance of `module` takes beside its memories, about. It is on the JavaScript heap, which all slots of a worker share, and
 * tables come twice: each that changes has a pristine twin.
 */
export function instanceBytes(module: Module): number {
  const { spaces, imported, elements, tags } = module;
  const entries = spaces.tables.reduce((sum, { limits }) => sum + limits.min, 0);
  return (
    bytesOf.instance +
    bytesOf.function * module.functionTypes.length +
    bytesOf.import * imported.funcs +
    bytesOf.global * spaces.globals.length +
    bytesOf.tableEntry * 2 * entries +
    bytesOf.segment * elements.length +
    bytesOf.tag * tags.length
  );
}
