import { Command, InvalidArgumentError } from 'commander';
import type * as EngineModule from '../engine/mod.ts';
import { readArtifact } from '../node/mod.ts';
import type { Terminal } from './terminal.ts';

/** What commands get beside their arguments. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Tells how the command ended. */
  readonly exit: (code: number) => void;
}

/** A command with what all of them have in common. `examples` stand at the end of its help, each a line. */
export function makeCommand(name: string, summary: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`).join('\n');
  return new Command(name)
    .description(summary)
    .helpOption('-h, --help', 'Show this')
    .addHelpText('after', `\nExamples:\n${lines}\n`);
}

/** For options that can be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Reads a whole number of an option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max} is wanted.`);
  };
}

/** The engine, for the commands that use it in this process: loading it takes longer than most other commands do. */
export function loadEngine(): Promise<typeof EngineModule> {
  return import('../engine/mod.ts');
}

/** @throws MayflyError artifact_unreadable */
export function readArtifactFile(path: string): Promise<Uint8Array> {
  return readArtifact({ artifactPath: path, build: undefined });
}
