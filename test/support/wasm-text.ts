/** WebAssembly's text format, both ways, for tests: by wabt, with every proposal it knows. */
import loadWabt from 'wabt';

const features = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  function_references: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  annotations: true,
  code_metadata: true,
  gc: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
};

const wabt = await loadWabt();

/** The module that `text` says. @throws Error with wabt's messages */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('module.wat', text, features);
  try {
    return Uint8Array.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/**
 * The text of a module, every index a number. `names: 'generated'` gives things names such as `$f3`. Branch hints are left out: wabt
 * prints their name from memory that it has freed.
 */
export function disassemble(bytes: Uint8Array, names: 'none' | 'generated' = 'none'): string {
  const module = wabt.readWasm(bytes, { readDebugNames: false, ...features, code_metadata: false });
  try {
    if (names === 'generated') {
      module.generateNames();
      module.applyNames();
    }
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}
