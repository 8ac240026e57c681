/**
 * What the rewriter makes of each `*.wat` here stands beside it as `*.golden.wat`; `npm test -- golden --update-goldens` writes it
 * anew. A comment `passes: checks marks` says which passes are woven in.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkModule, decodeModule, type Passes, rewriteModule } from '../../src/wasm/mod.ts';
import { assemble, disassemble } from '../support/wasm-text.ts';

const folder = import.meta.dirname;

function rewritten(text: string): string {
  const words = /passes:(?<words>.*)/.exec(text)?.groups?.['words']?.trim().split(' ') ?? [];
  const passes: Passes = {
    preemption: words.includes('checks') ? 'checks' : 'none',
    dirty: words.includes('marks') ? 'marks' : 'everything',
  };
  const module = decodeModule(assemble(text));
  checkModule(module);
  const { bytes } = rewriteModule(module, {
    snapshot: { memoryPages: module.spaces.memories.map(({ limits }) => limits.min), globals: new Map() },
    entry: module.exports.find(({ name }) => name === '_start')?.index,
    memoryBytesMax: 1024 * 1024,
    passes,
  });
  assert.ok(WebAssembly.validate(Uint8Array.from(bytes)));
  return `${disassemble(bytes)}${branchHints(bytes)}`;
}

/** `;; unlikely in function 7: 12 31`, with offsets from where the function's locals are declared. */
function branchHints(bytes: Uint8Array): string {
  const [section] = WebAssembly.Module.customSections(
    new WebAssembly.Module(Uint8Array.from(bytes)),
    'metadata.code.branch_hint',
  );
  if (section === undefined) return '';
  const numbers = lebNumbers(new Uint8Array(section));
  const next = (): number => numbers.next().value ?? 0;
  const lines: string[] = [];
  for (let functions = next(); functions > 0; functions--) {
    const index = next();
    const offsets = Array.from({ length: next() }, () => {
      const [offset, size, value] = [next(), next(), next()];
      assert.deepEqual([size, value], [1, 0], 'a hint says that a branch is not taken');
      return offset;
    });
    lines.push(`;; unlikely in function ${index}: ${offsets.join(' ')}\n`);
  }
  return lines.join('');
}

/** https://webassembly.github.io/spec/core/binary/values.html#integers */
function* lebNumbers(bytes: Uint8Array): Generator<number, undefined> {
  let [value, shift] = [0, 0];
  for (const byte of bytes) {
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte > 0x7f) continue;
    yield value;
    [value, shift] = [0, 0];
  }
}

for (const name of readdirSync(folder).filter((each) => /^[^.]+\.wat$/.test(each))) {
  test(`the rewriter's output for ${name}`, () => {
    const found = rewritten(readFileSync(join(folder, name), 'utf8'));
    const golden = join(folder, name.replace('.wat', '.golden.wat'));
    if (process.env['MAYFLY_UPDATE_GOLDENS'] === '1') writeFileSync(golden, found);
    else assert.equal(found, readFileSync(golden, 'utf8'));
  });
}
