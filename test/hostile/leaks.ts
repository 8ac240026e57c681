/** What must be in no answer of a node, whatever was asked. */

/** All secrets of the victim begin so. Hostile guests have the word nowhere. */
export const canaryWord = 'CANARY';

// None of them may take long on any text: what comes first in each is a fixed word.
const patterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["another one's secret", new RegExp(`${canaryWord}[ -~]{0,40}`)],
  ['a place in the source', /\w\.(?:ts|js|mjs|c|wat):\d+/],
  ['a stack trace', /\bat [\w.#<>]{1,80} \(/],
  ["node's own words", /node:internal|RuntimeError|WebAssembly|wasm-function|ERR_[A-Z_]+/],
  ['a path of the machine', /\/(?:tmp|home|root|work|usr|proc)\/[\w.-]+/],
];

/** Longer than what is looked for, so that nothing hides between two pieces. */
const overlap = 128;

/** Looks at a stream of text, piece by piece. */
export class LeakDetector {
  readonly found: string[] = [];
  #tail = '';

  look(text: string): void {
    const whole = this.#tail + text;
    for (const [what, pattern] of patterns) {
      const match = pattern.exec(whole);
      if (match !== null && this.found.length < 10) this.found.push(`${what}: ${JSON.stringify(match[0])}`);
    }
    this.#tail = whole.slice(-overlap);
  }
}
