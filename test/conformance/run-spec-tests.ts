/**
 * `npm run test:spec -- DIR [NAME …] [--untouched] [--wasm-tools PATH]`: runs the WebAssembly specification's tests with rewritten
 * modules. DIR is a checkout of https://github.com/WebAssembly/testsuite; with NAMEs only those scripts are run. `--untouched` runs
 * the modules as they are, to tell a fault of ours from one of V8 or of this program. Modules are read by wasm-tools, from PATH or
 * where programs are found; without it by wabt and binaryen, which do not know all of the text format. Proposals are left out, but
 * for what atomic instructions do.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { errorText } from '../../src/base/mod.ts';
import { findWasmTools, scriptModules } from './spec-assembler.ts';
import { hostMemory, type Instance, type Mode } from './spec-instance.ts';
import { ScriptRunner } from './spec-runner.ts';

/** Of threads, which are not served, no more than that: the other scripts of the proposal go by an older specification. */
const scriptPatterns = ['*.wast', 'legacy/*.wast', 'proposals/threads/atomic.wast'];

/** The module that scripts import from: https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module */
function hostInstance(): Instance {
  const nothing = (): void => {};
  const global = (value: WebAssembly.ValueType, content: unknown): unknown =>
    new WebAssembly.Global({ value }, content);
  const exports = {
    print: nothing,
    print_i32: nothing,
    print_i64: nothing,
    print_f32: nothing,
    print_f64: nothing,
    print_i32_f32: nothing,
    print_f64_f64: nothing,
    global_i32: global('i32', 666),
    global_i64: global('i64', 666n),
    global_f32: global('f32', 666.6),
    global_f64: global('f64', 666.6),
    table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory(hostMemory),
  };
  return { mode: 'untouched', module: undefined, exports, residue: () => [] };
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      untouched: { type: 'boolean', default: false },
      'wasm-tools': { type: 'string', default: 'wasm-tools' },
    },
  });
  const mode: Mode = values.untouched ? 'untouched' : 'rewritten';
  const wasmTools = findWasmTools(values['wasm-tools']);
  const [folder, ...names] = positionals;
  if (folder === undefined || !existsSync(join(folder, 'i32.wast'))) {
    console.error('Cannot run the tests: no such folder, a checkout of WebAssembly/testsuite is wanted');
    process.exitCode = 2;
    return;
  }
  const paths = globSync(scriptPatterns, { cwd: folder }).toSorted();
  const totals = { scripts: 0, passed: 0, encoded: 0, failed: 0 };
  const skipped = new Map<string, number>();
  for (const path of paths) {
    if (names.length > 0 && !names.includes(basename(path, '.wast'))) continue;
    totals.scripts += 1;
    const failed: string[] = [];
    try {
      const script = join(folder, path);
      const modules = scriptModules(script, wasmTools);
      const report = new ScriptRunner(readFileSync(script, 'utf8'), modules, { mode, host: hostInstance() }).run();
      totals.passed += report.passed;
      totals.encoded += report.encoded;
      failed.push(...report.failed);
      for (const [reason, count] of report.skipped) skipped.set(reason, (skipped.get(reason) ?? 0) + count);
    } catch (error) {
      failed.push(errorText(error));
    }
    totals.failed += failed.length;
    for (const problem of failed) console.log(`FAILED ${path}: ${problem}`);
  }
  const { scripts, passed, encoded, failed } = totals;
  console.log(
    `\n${scripts} scripts: ${passed} assertions hold, ${encoded} of them only encoded anew, ${failed} failed`,
  );
  for (const [reason, count] of [...skipped].toSorted((a, b) => b[1] - a[1]))
    console.log(`skipped ${count}: ${reason}`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

main();
