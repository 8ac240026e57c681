/**
 * A module as somebody built it, through everything: encoded anew and rewritten it is valid, its functions do the same rewritten as
 * untouched, a rewind leaves nothing, and as a WASI command it says the same. A module may go on for ever: so each call is made
 * rewritten first, where checks bound it, and untouched only if it came to an end.
 */
import { createHash } from 'node:crypto';
import { isMayflyError } from '../../src/base/mod.ts';
import { checkModule, decodeModule, type Module, rewriteModule } from '../../src/wasm/mod.ts';
import { makeCalls } from '../fuzz/any-calls.ts';
import { makeHost } from '../fuzz/any-host.ts';
import { Prng } from '../fuzz/prng.ts';
import { type CommandRun, runRewritten, runUntouched } from '../support/run-command.ts';
import type { GuestCall } from '../support/wasm-differential.ts';
import { NativeGuest, opened, openUp, RewrittenGuest } from '../support/wasm-harness.ts';
import { roundTripProblems } from '../support/wasm-round-trip.ts';

export interface RealModuleReport {
  readonly problems: string[];
  /** Why it is not served: the message of the refusal. */
  refused: string | undefined;
  /** Bytes of the rewritten module. */
  rewrittenBytes: number;
  /** Calls that ended alike, and how they ended. */
  compared: number;
  readonly endings: Map<string, number>;
  /** Runs as a command that said the same. */
  commands: number;
}

export interface RealModuleOptions {
  /** Whether calls on a further pair of guests are wanted, after so many of them. */
  readonly goOn: (guests: number) => boolean;
  /** Whether WASI commands are run too. Nothing ends one that goes on for ever. */
  readonly commands: 'run' | 'left';
}

const callsPerGuest = 8;
const fuel = 200_000;
const sparePages = 64;
/** Commands are run without arguments and with these. */
const commandLines = [[], ['--version'], ['--help']] as const;
const unspecific = new Set(['stack overflow', 'out of fuel']);

/** @throws whatever is neither a refusal nor found by comparing */
export async function tryRealModule(
  bytes: Uint8Array<ArrayBuffer>,
  { goOn, commands }: RealModuleOptions,
): Promise<RealModuleReport> {
  const report: RealModuleReport = {
    problems: [],
    refused: undefined,
    rewrittenBytes: 0,
    compared: 0,
    endings: new Map(),
    commands: 0,
  };
  try {
    const module = decodeModule(bytes);
    checkModule(module);
    report.problems.push(...roundTripProblems(bytes, module));
    report.rewrittenBytes = rewriteForServing(module, report);
    compareCalls(bytes, module, report, goOn);
    if (commands === 'run' && isCommand(module)) await compareCommands(bytes, report);
  } catch (error) {
    if (!isMayflyError(error)) throw error;
    report.refused = error.message;
    const isStrict = error.code === 'malformed_module' || error.code === 'invalid_module';
    if (isStrict && WebAssembly.validate(bytes))
      report.problems.push(`V8 takes it, and it is refused: ${error.message}`);
  }
  return report;
}

function pagesMax(module: Module): number {
  return Math.min(65_000, sparePages + Math.max(0, ...module.spaces.memories.map(({ limits }) => limits.min)));
}

/** @returns the bytes of the module with all passes */
function rewriteForServing(module: Module, report: RealModuleReport): number {
  const snapshot = { memoryPages: module.spaces.memories.map(({ limits }) => limits.min), globals: new Map() };
  const sizes = [
    { preemption: 'checks', dirty: 'marks' },
    { preemption: 'checks', dirty: 'everything' },
    { preemption: 'none', dirty: 'marks' },
  ].map((passes) => {
    const rewritten = rewriteModule(module, {
      snapshot,
      entry: undefined,
      memoryBytesMax: pagesMax(module) * 65_536,
      passes: passes as Parameters<typeof rewriteModule>[1]['passes'],
    });
    if (!WebAssembly.validate(rewritten.bytes))
      report.problems.push(`with ${Object.values(passes).join(' and ')} it is not valid`);
    return rewritten.bytes.byteLength;
  });
  return sizes[0] ?? 0;
}

/** A few calls on one pair of guests, then on the next. */
function compareCalls(
  bytes: Uint8Array<ArrayBuffer>,
  module: Module,
  report: RealModuleReport,
  goOn: RealModuleOptions['goOn'],
): void {
  const memoryPagesMax = pagesMax(module);
  const tableEntriesMax = 64 + Math.max(0, ...module.spaces.tables.map(({ limits }) => limits.min));
  const open = openUp(bytes, { memoryPagesMax, tableEntriesMax });
  const host = makeHost(module, memoryPagesMax);
  const seed = createHash('sha256').update(bytes).digest().readUInt32LE(0);
  const random = new Prng(seed);
  const isShared = changesWhatIsShared(module);
  const rewrittenLog: string[] = [];
  const makeRewritten = (): RewrittenGuest => {
    rewrittenLog.length = 0;
    return new RewrittenGuest(open, { imports: host(rewrittenLog), fuel, memoryPagesMax });
  };
  try {
    let guests = 0;
    let rewritten = makeRewritten();
    do {
      rewrittenLog.length = 0;
      const log: string[] = [];
      const native = new NativeGuest(open, host(log));
      const isWhole = compareBatch(native, rewritten, makeCalls(module, random, callsPerGuest), report);
      if (isWhole && log.join('\n') !== rewrittenLog.join('\n'))
        report.problems.push('the host was asked other things');
      if (isWhole) compareState(native, rewritten, report);
      rewritten.rewind();
      const residue = rewritten.residue().filter((problem) => !isShared || problem.startsWith('memory'));
      report.problems.push(...residue.map((problem) => `after a rewind: ${problem}`));
      if (report.problems.length > 0) return;
      // What lies behind the guest's size traps only in a memory that has not grown.
      if (rewritten.grown || isShared) rewritten = makeRewritten();
    } while (goOn(++guests));
  } catch (error) {
    // Imports of types that JavaScript has no values of, segments that lead outside of what the host has.
    if (!(error instanceof WebAssembly.LinkError || error instanceof WebAssembly.RuntimeError)) throw error;
    report.endings.set(`not run: ${error.message}`, 1);
  }
}

/** Whether it has globals or tables of its host's that it may change: a rewind leaves those, and an image cannot have any. */
function changesWhatIsShared({ imports }: Module): boolean {
  return imports.some(
    ({ description }) => description.kind === 'table' || (description.kind === 'global' && description.global.mutable),
  );
}

/** @returns whether all calls came to an end */
function compareBatch(
  native: NativeGuest,
  rewritten: RewrittenGuest,
  calls: readonly GuestCall[],
  report: RealModuleReport,
): boolean {
  for (const { index, args } of calls) {
    const found = rewritten.call(index, args);
    const ending = found.replace(/^returned.*/, 'returned');
    report.endings.set(ending, (report.endings.get(ending) ?? 0) + 1);
    if (unspecific.has(found)) return false;
    const wanted = native.call(index, args);
    if (unspecific.has(wanted)) return false;
    if (found === wanted) report.compared += 1;
    else report.problems.push(`${opened.func(index)}(${args.join(', ')}) ${found}, it ${wanted} untouched`);
  }
  return true;
}

function compareState(native: NativeGuest, rewritten: RewrittenGuest, report: RealModuleReport): void {
  rewritten.rewritten.memories.forEach((_, index) => {
    const wanted = Buffer.from(native.memory(index));
    if (!Buffer.from(rewritten.memory(index)).equals(wanted)) report.problems.push(`memory ${index} differs`);
  });
  const [found, wanted] = [rewritten, native].map((guest) => [...guest.globals(), ...guest.tables()]);
  const at = wanted?.findIndex((value, index) => value !== found?.[index]) ?? -1;
  if (at >= 0)
    report.problems.push(`global or table ${at} is ${found?.[at]?.slice(0, 80)}, not ${wanted?.[at]?.slice(0, 80)}`);
}

function isCommand(module: Module): boolean {
  const isWasi = module.imports.every((entry) => entry.module === 'wasi_snapshot_preview1');
  return isWasi && module.exports.some(({ name }) => name === '_start');
}

async function compareCommands(bytes: Uint8Array<ArrayBuffer>, report: RealModuleReport): Promise<void> {
  const compiled = await WebAssembly.compile(bytes);
  for (const line of commandLines) {
    const args = ['program', ...line];
    const rewritten = await runRewritten(bytes, { args, env: {}, folders: [] });
    if (isMayflyError(rewritten.thrown)) throw rewritten.thrown;
    const untouched = await runUntouched(compiled, { args, env: {}, preopens: [] });
    const [found, wanted] = [rewritten, untouched].map(commandText);
    if (found === wanted) report.commands += 1;
    else report.problems.push(`as a command with ${JSON.stringify(line)} it says ${found}, and ${wanted} untouched`);
  }
}

/** A trap ends a command with its message on stderr and 134, as a shell has it. */
function commandText({ exitCode, stdout, stderr, thrown }: CommandRun): string {
  const code = thrown instanceof WebAssembly.RuntimeError ? 134 : exitCode;
  const said = code === 134 ? '' : stderr.toString();
  return `${code} ${JSON.stringify(stdout.toString().slice(0, 2000))} ${JSON.stringify(said.slice(0, 2000))}`;
}
