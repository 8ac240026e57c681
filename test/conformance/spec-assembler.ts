/**
 * From the text of the specification's tests to modules: by wasm-tools where that is there, as it knows the whole text format; else
 * by wabt, which writes down what it reads; else by binaryen, which writes down what it means.
 */
import binaryen from 'binaryen';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../support/wasm-text.ts';

/** Why a module is not there: nobody at hand reads its text. */
export class UnreadableText extends Error {}

/** The modules of one script. */
export interface ScriptModules {
  /** Whether they are just what the text says: wabt and binaryen lose some of it. */
  readonly exact: boolean;
  /** The module of the command on this line, whose text this is. @throws UnreadableText */
  module(line: number, text: string, expected: 'valid' | 'invalid'): Uint8Array<ArrayBuffer>;
}

/** The path of a wasm-tools that works; undefined when there is none. */
export function findWasmTools(path: string): string | undefined {
  return spawnSync(path, ['--version']).status === 0 ? path : undefined;
}

/** All modules of the script at `path`, by wasm-tools where it is given and knows what is in it. */
export function scriptModules(path: string, wasmTools: string | undefined): ScriptModules {
  const byLine = wasmTools === undefined ? new Map<number, Uint8Array<ArrayBuffer>[]>() : convert(path, wasmTools);
  return {
    exact: byLine.size > 0,
    module(line, text, expected) {
      return byLine.get(line)?.shift() ?? assembleText(text, expected);
    },
  };
}

interface ConvertedScript {
  readonly commands: readonly { readonly line: number; readonly filename?: string; readonly module_type?: string }[];
}

/** The modules by the line of their command, in the order in which they stand there. */
function convert(path: string, wasmTools: string): Map<number, Uint8Array<ArrayBuffer>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-spec-'));
  try {
    const output = join(folder, 'script.json');
    const modules = new Map<number, Uint8Array<ArrayBuffer>[]>();
    const { status } = spawnSync(wasmTools, ['json-from-wast', path, '-o', output, '--wasm-dir', folder]);
    if (status !== 0) return modules;
    const { commands } = JSON.parse(readFileSync(output, 'utf8')) as ConvertedScript;
    for (const { line, filename, module_type: form } of commands) {
      if (filename === undefined || form !== 'binary') continue;
      const bytes = Uint8Array.from(readFileSync(join(folder, filename)));
      modules.set(line, [...(modules.get(line) ?? []), bytes]);
    }
    return modules;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function assembleText(text: string, expected: 'valid' | 'invalid'): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = assemble(text);
  } catch {
    // Binaryen sets right what it can: what is invalid it does not show.
    if (expected === 'invalid') throw new UnreadableText('an invalid module whose text wabt does not read');
  }
  // What wabt gets wrong is not valid.
  if (bytes !== undefined && (expected === 'invalid' || WebAssembly.validate(bytes))) return bytes;
  try {
    return assembleByBinaryen(text);
  } catch {
    if (bytes !== undefined) return bytes;
    throw new UnreadableText('text that neither wabt nor binaryen reads');
  }
}

/** All but proposals: with those binaryen writes types that V8 does not know. */
const standardFeatures = [
  binaryen.Features.Atomics,
  binaryen.Features.MutableGlobals,
  binaryen.Features.NontrappingFPToInt,
  binaryen.Features.SIMD128,
  binaryen.Features.BulkMemory,
  binaryen.Features.SignExt,
  binaryen.Features.ExceptionHandling,
  binaryen.Features.TailCall,
  binaryen.Features.ReferenceTypes,
  binaryen.Features.Multivalue,
  binaryen.Features.GC,
  binaryen.Features.Memory64,
  binaryen.Features.RelaxedSIMD,
  binaryen.Features.ExtendedConst,
  binaryen.Features.MultiMemory,
].reduce((all, feature) => all | feature, 0);

function assembleByBinaryen(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(standardFeatures);
    return Uint8Array.from(module.emitBinary());
  } finally {
    module.dispose();
  }
}
