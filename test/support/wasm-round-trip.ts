import { decodeModule, encodeModule, type Module } from '../../src/wasm/mod.ts';

/** Encoded anew a module is valid, and stays as it is when that is done again. */
export function roundTripProblems(bytes: Uint8Array, module: Module): string[] {
  const once = Uint8Array.from(encodeModule(module));
  if (!WebAssembly.validate(once)) return ['encoded anew it is not valid'];
  const twice = encodeModule(decodeModule(once));
  const problems = Buffer.from(once).equals(twice) ? [] : ['encoded twice it is something else'];
  if (once.byteLength > bytes.byteLength) problems.push('encoded anew it is longer');
  return problems;
}
