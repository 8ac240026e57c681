/** A kernel as a function to call: untouched, or rewritten with some of the passes. Without the engine, so that nothing else is measured. */
import { wasmPageBytes } from '../../src/base/mod.ts';
import {
  checkModule,
  decodeModule,
  engineImports,
  engineModule,
  type Module,
  type Passes,
  prepared,
  prepareModule,
  rewriteModule,
  rewrittenExports,
  type Snapshot,
  takeSnapshot,
} from '../../src/wasm/mod.ts';

/** What a guest's `handle` is in JavaScript. */
export type Run = () => void;

const entryName = 'handle';
const initialiserName = '_initialize';
const memoryBytesMax = 128 * 1024 * 1024;

/** The kernel as its compiler made it. */
export function untouchedKernel(artifact: Uint8Array<ArrayBuffer>): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(artifact));
  functionOf(exports, initialiserName)();
  return functionOf(exports, entryName);
}

/** The kernel as it is served, or with less than that. */
export function rewrittenKernel(artifact: Uint8Array, passes: Passes): Run {
  const module = decodeModule(artifact);
  checkModule(module);
  const { snapshot, content } = initialise(module);
  const rewritten = rewriteModule(module, {
    snapshot,
    entry: exportedFunction(module, entryName),
    memoryBytesMax,
    passes,
  });
  const engine: Record<string, unknown> = {
    [engineImports.preempt]: () => 0,
    [engineImports.yield]: () => 0,
    [engineImports.next]: () => 0,
    [engineImports.resumed]: () => undefined,
    [engineImports.park]: () => 0,
    [engineImports.grow]: () => 1,
    [engineImports.flags]: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
  };
  rewritten.memories.forEach(({ layout, initialPages }, index) => {
    const shiftPages = layout.shiftBytes / wasmPageBytes;
    const maximum = shiftPages + layout.guestPagesMax;
    const memory = new WebAssembly.Memory({ initial: shiftPages + initialPages, maximum });
    new Uint8Array(memory.buffer).set(content, layout.shiftBytes);
    engine[engineImports.memory(index)] = memory;
    engine[engineImports.image(index)] = new WebAssembly.Memory({ initial: initialPages, maximum: initialPages });
  });
  const compiled = new WebAssembly.Module(Uint8Array.from(rewritten.bytes));
  return functionOf(new WebAssembly.Instance(compiled, { [engineModule]: engine }).exports, rewrittenExports.enter);
}

/** The state that a request finds, as the builder makes it. Kernels import nothing and have one memory. */
function initialise(module: Module): { snapshot: Snapshot; content: Uint8Array } {
  const index = exportedFunction(module, initialiserName);
  const bytes = Uint8Array.from(prepareModule(module, { memoryPagesMax: 100, call: [index] }));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  functionOf(exports, prepared.func(index))();
  const memory = exports[prepared.memory(0)];
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('Cannot run a kernel: it has no memory');
  const content = new Uint8Array(memory.buffer);
  const snapshot = takeSnapshot(module, [content.byteLength / wasmPageBytes], (name) => functionOf(exports, name)());
  return { snapshot, content };
}

function exportedFunction(module: Module, name: string): number {
  const found = module.exports.find((each) => each.kind === 'func' && each.name === name);
  if (found === undefined) throw new Error(`Cannot run a kernel: it has no export ${name}`);
  return found.index;
}

function functionOf(exports: WebAssembly.Instance['exports'], name: string): () => unknown {
  const found = exports[name];
  if (typeof found !== 'function') throw new Error(`Cannot run a kernel: it has no export ${name}`);
  return found as () => unknown; // none of those that are asked for takes anything
}
