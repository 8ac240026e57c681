/** Whether a rewritten module does what the untouched one does, and leaves nothing behind. */
import { NativeGuest, openUp, RewrittenGuest, type RewrittenGuestOptions } from './wasm-harness.ts';

export interface GuestCall {
  readonly index: number;
  readonly args: readonly unknown[];
}

export interface DifferentialOptions extends Omit<RewrittenGuestOptions, 'imports'> {
  readonly calls: readonly GuestCall[];
  /** Makes the host of one guest, which writes down in `log` what it is asked. */
  readonly host?: (log: string[]) => WebAssembly.Imports;
}

export interface DifferentialReport {
  /** What is not as it should be. */
  readonly problems: readonly string[];
  /** Calls that ended alike. */
  readonly compared: number;
  /** How they ended, without values. */
  readonly endings: readonly string[];
}

/** How these end depends on the machine, and what a module did until then too. */
const unspecific = new Set(['stack overflow', 'out of fuel']);

/** Runs `bytes` untouched and rewritten, twice with a rewind after each, and compares. */
export function compareRuns(bytes: Uint8Array, options: DifferentialOptions): DifferentialReport {
  const { host = (): WebAssembly.Imports => ({}), calls, ...guestOptions } = options;
  const opened = openUp(bytes);
  const nativeLog: string[] = [];
  const native = new NativeGuest(opened, host(nativeLog));
  const rewrittenLog: string[] = [];
  const rewritten = new RewrittenGuest(opened, { ...guestOptions, imports: host(rewrittenLog) });
  const problems: string[] = [];
  const endings: string[] = [];

  const expected: string[] = [];
  for (const { index, args } of calls) {
    const outcome = native.call(index, args);
    expected.push(outcome);
    endings.push(outcome.replace(/^returned.*/, 'returned'));
    if (unspecific.has(outcome)) break;
  }
  let compared = 0;
  for (const round of [1, 2]) {
    rewrittenLog.length = 0;
    // What lies behind the guest's size traps only in a memory that has not grown yet.
    const comparable = !rewritten.grown;
    let whole = comparable;
    for (const [position, outcome] of expected.entries()) {
      const { index, args } = calls[position] ?? { index: 0, args: [] };
      const found = rewritten.call(index, args);
      if (unspecific.has(found) || unspecific.has(outcome)) {
        whole = false;
        break;
      }
      if (!comparable) continue;
      if (found === outcome) compared += 1;
      else problems.push(`round ${round}: func ${index}(${args.join(', ')}) ${found}, it ${outcome} untouched`);
    }
    if (whole) {
      problems.push(...stateProblems(native, rewritten).map((problem) => `round ${round}: ${problem}`));
      if (nativeLog.join('\n') !== rewrittenLog.join('\n'))
        problems.push(`round ${round}: the host was asked other things`);
    }
    rewritten.rewind();
    problems.push(...rewritten.residue().map((problem) => `after rewind ${round}: ${problem}`));
  }
  return { problems, compared, endings };
}

function stateProblems(native: NativeGuest, rewritten: RewrittenGuest): string[] {
  const problems: string[] = [];
  rewritten.rewritten.memories.forEach((_, index) => {
    const wanted = Buffer.from(native.memory(index));
    const found = Buffer.from(rewritten.memory(index));
    // A slot that has grown keeps its pages; the guest is told the size that it has.
    if (!found.subarray(0, wanted.byteLength).equals(wanted)) problems.push(`memory ${index} differs`);
    if (found.subarray(wanted.byteLength).some((byte) => byte !== 0)) problems.push(`memory ${index} goes on`);
  });
  const compare = (what: string, found: readonly string[], wanted: readonly string[]): void =>
    wanted.forEach((value, index) => {
      if (found[index] !== value) problems.push(`${what} ${index} is ${found[index]}, it is ${value} untouched`);
    });
  compare('global', rewritten.globals(), native.globals());
  compare('table', rewritten.tables(), native.tables());
  return problems;
}
