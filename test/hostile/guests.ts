/**
 * The hostile guests: each `guests/NAME.wat` is a fragment whose functions `$attack-…` are one attack each. A request picks one by
 * its number (`?3`); without a number a guest looks for what earlier requests left, and answers `pristine` when there is nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../support/wasm-text.ts';

const guestsFolder = join(import.meta.dirname, 'guests');

/** A guest, and what it can do. */
export interface HostileGuest {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Its attacks, the first of which has number 1. */
  readonly attacks: readonly string[];
}

/** `(@repeat 100 …)`, a whole line, stands for so many copies of what is in it; `{}` in it for the number of each. */
const repeats = /^\s*\(@repeat (\d+) (.*)\)$/gm;

/** Assembles the guest `guests/NAME.wat`. @throws Error with wabt's messages */
export function hostileGuest(name: string): HostileGuest {
  const fragment = readFileSync(join(guestsFolder, `${name}.wat`), 'utf8').replace(
    repeats,
    (_, count: string, text: string) =>
      Array.from({ length: Number(count) }, (_unused, index) => text.replaceAll('{}', String(index))).join('\n'),
  );
  return assembleGuest(name, fragment);
}

/** Puts the prelude before a guest's text, and a `_start` behind it that picks one of its attacks. */
export function assembleGuest(name: string, fragment: string): HostileGuest {
  const prelude = readFileSync(join(guestsFolder, 'prelude.wat'), 'utf8');
  const attacks = [...fragment.matchAll(/^\(func \$attack-([a-z0-9-]+)/gm)].map((found) => found[1] ?? '');
  const choices = attacks.map(
    (attack, index) =>
      `(if (i32.eq (global.get $mode) (i32.const ${index + 1})) (then (call $attack-${attack}) (call $returned) (return)))`,
  );
  const start = `(func (export "_start") (call $read_query) (call $look_around) ${choices.join('\n')} (call $pristine))`;
  // Imports have to come first, so a guest's own stand before the prelude's.
  const lines = fragment.split('\n');
  const imports = lines.filter((line) => line.startsWith('(import '));
  const rest = lines.filter((line) => !line.startsWith('(import '));
  const text = ['(module', ...imports, prelude, ...rest, start, ')'].join('\n');
  return { name, bytes: assemble(text), attacks };
}
