/**
 * Runs scripts of the WebAssembly specification's tests: modules are checked, rewritten and instantiated, and every assertion about
 * them has to hold. https://github.com/WebAssembly/spec/blob/main/interpreter/README.md#scripts
 */
import { errorText, isMayflyError, MayflyError } from '../../src/base/mod.ts';
import { checkModule, decodeModule } from '../../src/wasm/mod.ts';
import { roundTripProblems } from '../support/wasm-round-trip.ts';
import { type ScriptModules, UnreadableText } from './spec-assembler.ts';
import { call, type Instance, instantiate, type Mode, providersOf, readGlobal, SharesMemory } from './spec-instance.ts';
import { headOf, type List, type Node, readScript, stringText } from './spec-script.ts';
import { type Constant, listsOf, matches, readConstant, type Result } from './spec-values.ts';

/** What came of a script. */
export interface ScriptReport {
  passed: number;
  /** Those of them that are about modules that are not rewritten, but encoded anew. */
  encoded: number;
  readonly failed: string[];
  /** How many commands were left out, by reason. */
  readonly skipped: Map<string, number>;
}

/** A command that is left out. */
class Skip extends Error {}

/** What of trap messages has to be in V8's, by what begins the specification's. */
const trapTexts: readonly (readonly [wanted: RegExp, found: RegExp])[] = [
  [/^integer divide by zero/, /(divide|remainder) by zero/],
  [/^integer overflow/, /divide result unrepresentable|unrepresentable in integer range/],
  [/^invalid conversion to integer/, /unrepresentable in integer range/],
  [/^out of bounds memory access/, /memory access out of bounds|data segment (\d+ is )?out of bounds/],
  [/^out of bounds table access/, /table index is out of bounds|element segment out of bounds/],
  [/^out of bounds array access/, /array element access out of bounds|element segment out of bounds/],
  [/^(undefined|uninitialized) element|^undefined$/, /table index is out of bounds|function signature mismatch|null/],
  [/^indirect call type mismatch/, /function signature mismatch/],
  [/^unreachable/, /unreachable/],
  // Binaryen writes `unreachable` for what always traps.
  [/^null .*reference|^null reference/, /null|unreachable/],
  [/^unaligned atomic/, /unaligned/],
  [/^cast failure/, /illegal cast/],
];

export class ScriptRunner {
  readonly report: ScriptReport = { passed: 0, encoded: 0, failed: [], skipped: new Map() };
  readonly #text: string;
  readonly #modules: ScriptModules;
  readonly #mode: Mode;
  readonly #registry = new Map<string, Instance>();
  readonly #named = new Map<string, Instance | Skip>();
  readonly #definitions = new Map<string, List>();
  readonly #all: Instance[] = [];
  readonly #spoilt = new Set<Instance>();
  readonly #providers = new Map<Instance, readonly Instance[]>();
  #onlyEncoded = false;
  #current: Instance | Skip = new Skip('there is no module');

  constructor(text: string, modules: ScriptModules, options: { readonly mode: Mode; readonly host: Instance }) {
    const { mode, host } = options;
    this.#text = text;
    this.#modules = modules;
    this.#mode = mode;
    this.#registry.set('spectest', host);
  }

  run(): ScriptReport {
    for (const command of readCommands(this.#text)) this.#guarded(command);
    for (const instance of this.#all) {
      const residue = instance.residue();
      if (residue.length > 0) this.report.failed.push(`a rewind left something: ${residue.join(', ')}`);
    }
    return this.report;
  }

  #guarded(command: List): void {
    try {
      this.#onlyEncoded = false;
      if (!this.#command(command)) return;
      this.report.passed += 1;
      if (this.#onlyEncoded) this.report.encoded += 1;
    } catch (error) {
      if (error instanceof TypeError && error.message.includes('type incompatibility')) {
        this.#skip('values that JavaScript has none of');
      } else if (error instanceof Skip) {
        this.#skip(error.message);
      } else {
        this.report.failed.push(`line ${this.#lineOf(command)}: ${headOf(command)}: ${errorText(error)}`);
      }
    }
  }

  #skip(reason: string): void {
    const { skipped } = this.report;
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  }

  /** @returns whether it was an assertion, which holds */
  #command(command: List): boolean {
    const { items } = command;
    switch (headOf(command)) {
      case 'module':
        this.#module(command);
        return false;
      case 'register':
        this.#registry.set(stringText(items[1]), this.#instance(items[2]));
        return false;
      case 'invoke':
      case 'get':
        this.#action(command);
        return false;
      case 'assert_return':
        this.#assertReturn(command);
        return true;
      case 'assert_trap':
      case 'assert_exhaustion':
        this.#assertTrap(command);
        return true;
      case 'assert_exception':
        this.#assertException(command);
        return true;
      case 'assert_invalid':
      case 'assert_malformed':
      case 'assert_malformed_custom':
      case 'assert_invalid_custom':
        this.#assertRefused(command);
        return true;
      case 'assert_unlinkable':
        throw new Skip('linking: the engine has its own');
      default:
        throw new Skip(`${headOf(command)}: not known here`);
    }
  }

  #instance(name: Node | undefined): Instance {
    const found = name?.kind === 'atom' ? this.#named.get(name.text) : this.#current;
    if (found === undefined) throw new Error('there is no module of this name');
    if (found instanceof Skip) throw found;
    this.#onlyEncoded ||= found.mode === 'encoded';
    if (this.#spoilt.has(found)) throw new Skip('a module that one left out or failed would have changed');
    return found;
  }

  #module(command: List): void {
    const atoms = command.items.slice(1, 4).flatMap((node) => (node.kind === 'atom' ? [node.text] : []));
    const names = atoms.filter((text) => text.startsWith('$'));
    const [name, definition] = names;
    if (atoms[0] === 'definition') {
      if (name !== undefined) this.#definitions.set(name, command);
      return;
    }
    const source = atoms[0] === 'instance' ? this.#definitions.get(definition ?? name ?? '') : command;
    if (source === undefined) throw new Error('there is no definition of this name');
    try {
      this.#current = this.#instantiate(source);
    } catch (error) {
      this.#current = error instanceof Skip ? error : new Skip(`its module failed: ${errorText(error).slice(0, 60)}`);
      throw error;
    } finally {
      if (name !== undefined) this.#named.set(name, this.#current);
    }
  }

  #instantiate(source: List): Instance {
    const bytes = this.#assemble(source, 'valid');
    if (!this.#modules.exact && !WebAssembly.validate(bytes)) throw new Skip('text that wabt gets wrong');
    try {
      const instance = this.#instantiateAs(bytes, this.#mode);
      this.#all.push(instance);
      this.#providers.set(instance, providersOf(bytes, this.#registry));
      return instance;
    } catch (error) {
      this.#spoil(providersOf(bytes, this.#registry));
      if (error instanceof SharesMemory) throw new Skip('a memory of another module: each guest has its own');
      if (isMayflyError(error, 'module_too_large')) throw new Skip('over a limit of Mayfly: refused');
      if (isMayflyError(error, 'unsupported_feature')) {
        throw new Skip(error.message.replace(/^.*it uses (?<what>.*) at byte.*$/, '$<what>: refused'));
      }
      throw error;
    }
  }

  #instantiateAs(bytes: Uint8Array<ArrayBuffer>, mode: Mode): Instance {
    try {
      const problems = roundTripProblems(bytes, decodeModule(bytes));
      if (problems.length > 0) throw new Error(problems.join(', '));
      return instantiate(bytes, this.#registry, mode);
    } catch (error) {
      const isObjects = isMayflyError(error, 'unsupported_feature') && error.message.includes('garbage-collected');
      if (isObjects && mode === 'rewritten') return this.#instantiateAs(bytes, 'encoded');
      throw error;
    }
  }

  /** What a module that is left out, or fails half-way, would have done to others is missing there. */
  #spoil(instances: readonly Instance[]): void {
    for (const instance of instances) this.#spoilt.add(instance);
    for (const [instance, providers] of this.#providers) {
      if (providers.some((provider) => this.#spoilt.has(provider))) this.#spoilt.add(instance);
    }
  }

  /** The module's bytes. */
  #assemble(list: List, expected: 'valid' | 'invalid'): Uint8Array<ArrayBuffer> {
    const form = list.items.slice(1, 4).find((node) => node.kind === 'atom' && !node.text.startsWith('$'));
    const kind = form?.kind === 'atom' ? form.text : '';
    if (kind === 'binary' || kind === 'quote') {
      const parts = list.items.flatMap((node) => (node.kind === 'string' ? [...node.bytes] : []));
      if (kind === 'binary') return Uint8Array.from(parts);
      return this.#read(list, `(module ${new TextDecoder().decode(Uint8Array.from(parts))})`, expected);
    }
    const text = this.#text.slice(list.start, list.end).replace(/^\(module\s+definition/, '(module');
    return this.#read(list, text, expected);
  }

  #read(list: List, text: string, expected: 'valid' | 'invalid'): Uint8Array<ArrayBuffer> {
    try {
      return this.#modules.module(this.#lineOf(list), text, expected);
    } catch (error) {
      throw error instanceof UnreadableText ? new Skip(error.message) : error;
    }
  }

  #lineOf(list: List): number {
    return this.#text.slice(0, list.start).split('\n').length;
  }

  #action(action: List): Result[] {
    const named = action.items[1]?.kind === 'atom';
    const instance = this.#instance(named ? action.items[1] : undefined);
    const [name, ...args] = action.items.slice(named ? 2 : 1);
    if (headOf(action) === 'get') return [readGlobal(instance, stringText(name))];
    const constants = listsOf(args).map((arg): Constant => {
      const constant = readConstant(arg);
      if (constant === undefined) throw new Skip(`an argument of kind ${headOf(arg)}: cannot be handed over`);
      return constant;
    });
    return call(instance, stringText(name), constants);
  }

  #assertReturn(command: List): void {
    const [action, ...wanted] = listsOf(command.items);
    if (action === undefined) throw new Error('it has no action');
    const results = this.#action(action);
    if (results.length !== wanted.length) throw new Error(`${results.length} results instead of ${wanted.length}`);
    wanted.forEach((each, index) => {
      const result = results[index];
      if (result !== undefined && matches(each, result)) return;
      const found = result !== undefined && 'bits' in result ? `0x${result.bits.toString(16)}` : 'a reference';
      throw new Error(`result ${index} is ${found}, not ${this.#text.slice(each.start, each.end)}`);
    });
  }

  #assertTrap(command: List): void {
    const [subject] = listsOf(command.items);
    if (subject === undefined) throw new Error('it has no action');
    const wanted = stringText(command.items.at(-1));
    const thrown = thrownBy(() => (headOf(subject) === 'module' ? this.#instantiate(subject) : this.#action(subject)));
    if (headOf(command) === 'assert_exhaustion') {
      if (!(thrown instanceof RangeError)) throw new Error(`it ended with ${errorText(thrown)}`);
      return;
    }
    if (!(thrown instanceof WebAssembly.RuntimeError)) throw new Error(`it ended with ${errorText(thrown)}`);
    const known = trapTexts.find(([text]) => text.test(wanted));
    if (known === undefined) throw new Error(`no trap is known for ${wanted}`);
    if (!known[1].test(thrown.message)) throw new Error(`it trapped with ${thrown.message} instead of ${wanted}`);
  }

  #assertException(command: List): void {
    const [action] = listsOf(command.items);
    const thrown = thrownBy(() => (action === undefined ? undefined : this.#action(action)));
    if (!(thrown instanceof WebAssembly.Exception)) throw new Error(`it ended with ${errorText(thrown)}`);
  }

  #assertRefused(command: List): void {
    const [subject] = listsOf(command.items);
    if (subject === undefined) throw new Error('it has no module');
    const isQuoted = subject.items.some((node) => node.kind === 'atom' && node.text === 'quote');
    if (isQuoted) throw new Skip('malformed text: there is no text format here');
    if (headOf(command).endsWith('_custom')) throw new Skip('custom sections: they are left out');
    const bytes = this.#assemble(subject, 'invalid');
    const thrown = thrownBy(() => {
      checkModule(decodeModule(bytes));
      // What the engine does next, for all that our own checks leave to V8.
      if (!WebAssembly.validate(bytes))
        throw new MayflyError('invalid_module', { offset: 0, reason: 'it is not valid' });
    });
    if (isMayflyError(thrown)) return;
    if (thrown === undefined && !this.#modules.exact) throw new Skip('text that wabt gets wrong');
    throw new Error(thrown === undefined ? 'it was accepted' : errorText(thrown));
  }
}

/** What `run` throws; undefined when it returns. Commands to be left out go on to be. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Skip) throw error;
    return error;
  }
}

const commandWords = /^(?:module|register|invoke|get|assert_\w+|thread|wait)$/;

/** A script may be one module's fields without the module around them. */
function readCommands(text: string): List[] {
  const commands = readScript(text);
  const [first] = commands;
  if (first === undefined || commandWords.test(headOf(first))) return commands;
  return readScript(`(module ${text})`);
}
