import { buildImage } from '../engine/mod.ts';
import { Writer } from '../wasm/mod.ts';
import { kib } from '../base/mod.ts';

/**
 * Builds a module of Mayfly's own and throws it away. What V8 then has compiled of the rewriter makes the next build take half the
 * time: a builder that stands by does this before it is given somebody's artifact. It must not be anybody's artifact, as a build runs
 * what is in it.
 */
export async function warmUpBuilder(): Promise<void> {
  await buildImage(warmUpModule(), { memoryBytesMax: 1024 * kib });
}

/** So many functions make the rewriter's loops worth optimising, and take some tens of milliseconds. */
const functions = 150;

// https://webassembly.github.io/spec/core/binary/modules.html#sections
const section = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
};
const i32 = 0x7f;

/** A WASI command that has a bit of everything that compilers make; nobody ever runs it. */
function warmUpModule(): Uint8Array {
  const bytes = (...values: readonly number[]): Writer => new Writer().ops(...values);
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const module = new Writer().ops(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  // () → (), (i32) → i32, and what fd_write takes.
  module.section(section.type, bytes(3, 0x60, 0, 0, 0x60, 1, i32, 1, i32, 0x60, 4, i32, i32, i32, i32, 1, i32));
  module.section(section.import, bytes(1, ...name('wasi_snapshot_preview1'), ...name('fd_write'), 0, 2));
  const types = new Writer().u32(functions + 1).u8(0);
  for (let count = 0; count < functions; count++) types.u8(1);
  module.section(section.function, types);
  module.section(section.table, bytes(1, 0x70, 0, 2));
  module.section(section.memory, bytes(1, 0, 1));
  module.section(section.global, bytes(1, i32, 1, 0x41, 0, 0x0b));
  module.section(section.export, bytes(2, ...name('_start'), 0, 1, ...name('memory'), 2, 0));
  module.section(section.element, bytes(1, 0, 0x41, 0, 0x0b, 2, 2, 3));
  const code = new Writer().u32(functions + 1).sized(startBody());
  for (let count = 0; count < functions; count++) code.sized(body(count));
  module.section(section.code, code);
  module.section(section.data, bytes(1, 0, 0x41, 8, 0x0b, ...name('Content-Type: text/plain')));
  return module.finish();
}

function startBody(): Writer {
  const write = [0x41, 1, 0x41, 8, 0x41, 1, 0x41, 0, 0x10, 0, 0x1a];
  return new Writer().ops(0, ...write, 0x41, 0, 0x10, 2, 0x1a, 0x0b);
}

/** https://webassembly.github.io/spec/core/appendix/index-instructions.html */
function body(count: number): Writer {
  const writer = new Writer().ops(1, 2, i32);
  // A loop over memory: load, test, store, load of 64 bits, subtract, and a table of branches.
  writer.ops(0x20, 0, 0x28, 2, 4, 0x21, 1, 0x02, 0x40, 0x03, 0x40, 0x20, 1, 0x45, 0x0d, 1);
  writer.ops(0x20, 0, 0x20, 1, 0x36, 2, 8, 0x20, 0, 0x29, 3, 16, 0xa7, 0x21, 2, 0x20, 1, 0x41, 1, 0x6b, 0x21, 1);
  writer.ops(0x20, 2, 0x20, 1, 0x6a, 0x41, 7, 0x71, 0x0e, 2, 0, 1, 0, 0x0b, 0x0b);
  // Calls, direct and through the table; a global.
  writer
    .ops(0x20, 0, 0x10)
    .u32(2 + ((count + 1) % functions))
    .ops(0x1a, 0x20, 0, 0x41, 0, 0x11, 1, 0, 0x1a);
  writer.ops(0x23, 0, 0x41, 1, 0x6a, 0x24, 0);
  // memory.copy, memory.fill, and numbers with a fraction.
  writer.ops(0x41, 0, 0x41, 16, 0x41, 32, 0xfc, 10, 0, 0, 0x41, 0, 0x41, 0, 0x41, 16, 0xfc, 11, 0);
  writer.ops(0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x40, 0xa0, 0x1a);
  // Bytes and halves, a choice, and the result.
  writer.ops(0x20, 0, 0x2d, 0, 1, 0x20, 1, 0x3b, 1, 2, 0x20, 0, 0x20, 1, 0x20, 2, 0x1b, 0x22, 1, 0x04, 0x40);
  return writer.ops(0x20, 1, 0x41, 8, 0x74, 0x21, 2, 0x05, 0x20, 0, 0x21, 2, 0x0b, 0x20, 2, 0x0b);
}
