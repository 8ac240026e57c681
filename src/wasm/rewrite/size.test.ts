import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { s32, u32, WasmBuilder } from '../../../test/support/wasm-builder.ts';
import { checkModule } from '../format/check.ts';
import { decodeModule } from '../format/decode.ts';
import { rewriteModule } from './rewrite.ts';

const many = 20_000;
const each = (make: (index: number) => readonly number[]): number[] =>
  Array.from({ length: many }, (_, index) => make(index)).flat();

/** A module with a memory, a table and one function of this body. */
function withBody(change: (builder: WasmBuilder) => readonly number[]): Uint8Array {
  const builder = new WasmBuilder();
  builder.memory(1);
  builder.table('c', 10);
  builder.function(builder.type('', ''), '', change(builder));
  return builder.build();
}

/** Modules made of what the rewriter makes most of. */
const modules: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  [
    'many segments, each put into memory once',
    withBody((builder) => {
      for (let i = 0; i < many; i++) builder.passiveData(new Uint8Array());
      return each((segment) => [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, ...u32(segment), 0]);
    }),
  ],
  [
    'many segments, each put into a table once',
    withBody((builder) => {
      for (let i = 0; i < many; i++) builder.elements.push([1, 0, 0]);
      return each((segment) => [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 12, ...u32(segment), 0]);
    }),
  ],
  [
    'many segments that are dropped',
    withBody((builder) => {
      for (let i = 0; i < many; i++) builder.passiveData(new Uint8Array());
      return each((segment) => [0xfc, 9, ...u32(segment)]);
    }),
  ],
  ['loops with nothing in them', withBody(() => each(() => [0x03, 0x40, 0x0b]))],
  ['stores to addresses in no local', withBody(() => each(() => [0x41, 0, 0x45, 0x41, 0, 0x36, 0, 0]))],
  ['stores to constants', withBody(() => each((at) => [0x41, ...s32(at * 3), 0x41, 0, 0x3a, 0, 0]))],
  ['fills', withBody(() => each(() => [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0]))],
  ['changes of a table', withBody(() => each(() => [0x41, 0, 0xd0, 0x70, 0x26, 0]))],
];

describe('rewriteModule', () => {
  for (const [name, bytes] of modules) {
    test(`makes a module of ${name} at most eight times as large`, () => {
      const module = decodeModule(bytes);
      checkModule(module);
      const rewritten = rewriteModule(module, {
        snapshot: { memoryPages: [1], globals: new Map() },
        entry: 0,
        memoryBytesMax: 2 ** 27,
        passes: { preemption: 'checks', dirty: 'marks' },
      });
      assert.ok(WebAssembly.validate(Uint8Array.from(rewritten.bytes)));
      const times = rewritten.bytes.byteLength / bytes.byteLength;
      assert.ok(times < 8, `${times.toFixed(1)} times as large`);
    });
  }
});
