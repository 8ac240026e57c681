import { shownText } from '../base/mod.ts';

/** The exit codes of every command. */
export const ExitCode = { ok: 0, failed: 1, badUsage: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Where a command writes: results to one stream, all that is said about them to the other. */
export interface Terminal {
  print(text: string): void;
  /** Progress, errors, notes. */
  say(text: string): void;
  /** Whether a person reads what is said, so that a line can be overwritten. */
  readonly reader: 'person' | 'program';
}

/** This process's own. */
export function processTerminal(): Terminal {
  // A reader that has gone, as `head` does, is no reason to fail; whoever minds listens for it as well.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    print: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(text),
    reader: process.stderr.isTTY ? 'person' : 'program',
  };
}

/** What went wrong, here or at a node. */
interface Told {
  readonly message: string;
  readonly code: string;
  readonly hint: string | undefined;
}

/** A line of it is no longer; a node could say anything. */
const toldLengthMax = 10_000;

/** What failed and why, and below it what to do. */
export function errorText(error: Told): string {
  const lines = (text: string): string[] => text.split('\n').map((line) => shownText(line, toldLengthMax));
  const hint = error.hint === undefined ? '' : `\n  ${lines(error.hint).join('\n')}`;
  const [what = '', ...details] = lines(error.message);
  return `${[`${what} [${error.code}]`, ...details].join('\n')}${hint}\n`;
}

/** Columns of text, each as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) => `${indent}${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** `1.2 MiB`: three digits at most, for people. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
