/**
 * Random modules by binaryen's fuzzer (`wasm-opt --translate-to-fuzz`): any bytes become a valid module that has most of what
 * there is. The program is compiled once and run in this process, which takes a tenth of the time of starting it anew.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

const require = createRequire(import.meta.url);
const programPath = join(dirname(require.resolve('binaryen')), 'bin', 'wasm-opt');

/** What the modules may use. Not: threads, memory64 and garbage collection, which are refused. */
const features = [
  'sign-ext',
  'nontrapping-float-to-int',
  'multivalue',
  'bulk-memory',
  'bulk-memory-opt',
  'reference-types',
  'simd',
  'tail-call',
  'exception-handling',
  'extended-const',
  'multimemory',
  'mutable-globals',
].map((name) => `--enable-${name}`);

/** `--emit-exnref` as V8 refuses a mix of both kinds of exceptions. */
const options = ['--translate-to-fuzz', '--emit-exnref', ...features];
/** For modules that are run: what bits a NaN has is left to the engine. */
const toRun = ['--denan'];
/** For modules that are only read and written. */
const toRead = ['--enable-gc', '--enable-relaxed-simd'];

/** How emscripten's programs take their wasm from outside. */
type InstantiateHook = (imports: WebAssembly.Imports, take: (instance: unknown, module: unknown) => void) => object;

type Instantiate = (bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports) => Promise<object>;

export class ModuleMaker {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'mayfly-fuzz-'));
  readonly #program: (...scope: readonly unknown[]) => void;
  #compiled: WebAssembly.Module | undefined;

  constructor() {
    const source = readFileSync(programPath, 'utf8').replace(/^#!.*/, '');
    const scope = ['Module', 'require', '__filename', '__dirname', 'module', 'process'];
    this.#program = compileFunction(source, scope, { filename: 'wasm-opt' }) as (...scope: readonly unknown[]) => void;
  }

  /** The module that `seed` becomes, to be run, or with objects and all else there is to be read and written. */
  async make(seed: Uint8Array, use: 'run' | 'read' = 'run'): Promise<Uint8Array<ArrayBuffer>> {
    const [input, output] = [join(this.#folder, 'seed'), join(this.#folder, 'module.wasm')];
    writeFileSync(input, seed);
    await this.#run([input, '-o', output, ...options, ...(use === 'run' ? toRun : toRead)]);
    return Uint8Array.from(readFileSync(output));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(args: readonly string[]): Promise<void> {
    const said: string[] = [];
    const print = (line: string): void => void said.push(line);
    const argv = [process.execPath, programPath, ...args];
    // The program sets handlers and an exit code on its process: those go nowhere.
    const ownProcess = new Proxy(process, {
      get: (target, key) => (key === 'argv' ? argv : key === 'on' ? print : (Reflect.get(target, key) as unknown)),
      set: () => true,
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      const quit = (status: number, error: unknown): never => {
        resolve(status);
        throw error;
      };
      const module = { print, printErr: print, quit, onAbort: reject, postRun: [() => resolve(0)], ...this.#hook() };
      this.#program(module, require, programPath, dirname(programPath), {}, ownProcess);
    });
    if (exitCode !== 0) throw new Error(`wasm-opt failed: ${said.join('\n')}`);
  }

  /** The program carries its wasm within. The first run compiles that and keeps it for those to come. */
  #hook(): { instantiateWasm?: InstantiateHook } {
    const compiled = this.#compiled;
    if (compiled !== undefined) {
      return {
        instantiateWasm: (imports, take) => {
          take(new WebAssembly.Instance(compiled, imports), compiled);
          return {};
        },
      };
    }
    const api = WebAssembly as unknown as { instantiate: Instantiate };
    const { instantiate } = api;
    api.instantiate = async (bytes, imports) => {
      api.instantiate = instantiate;
      const module = await WebAssembly.compile(bytes);
      this.#compiled = module;
      return { module, instance: new WebAssembly.Instance(module, imports) };
    };
    return {};
  }
}
