import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Prng } from '../../../test/fuzz/prng.ts';
import { randomProgram } from '../../../test/fuzz/random-program.ts';
import { u32, WasmBuilder } from '../../../test/support/wasm-builder.ts';
import { isMayflyError } from '../../base/mod.ts';
import { rewriteModule } from '../rewrite/rewrite.ts';
import { checkModule } from './check.ts';
import { artifactKind, decodeModule } from './decode.ts';
import { encodeModule } from './encode.ts';
import { formatLimits } from './limits.ts';

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const guests = join(import.meta.dirname, '../../../test/guests');

/** The error that decoding, checking or rewriting `bytes` ends with; undefined when it is served. Whatever is no MayflyError is thrown. */
function refusal(bytes: Uint8Array): { code: string; offset: number; message: string } | undefined {
  try {
    const module = decodeModule(bytes);
    checkModule(module);
    encodeModule(module);
    const memoryPages = module.spaces.memories.map(({ limits }) => limits.min);
    rewriteModule(module, {
      snapshot: { memoryPages, globals: new Map() },
      entry: undefined,
      memoryBytesMax: 2 ** 30,
      passes: { preemption: 'checks', dirty: 'marks' },
    });
    return undefined;
  } catch (error) {
    if (!isMayflyError(error)) throw error;
    const { offset = 0 } = error.params as { offset?: number };
    return { code: error.code, offset, message: error.message };
  }
}

function decode(...sections: readonly (readonly number[])[]): ReturnType<typeof decodeModule> {
  return decodeModule(Uint8Array.from([...header, ...sections.flat()]));
}

/** A section with this content, its length in front. */
function raw(id: number, ...content: readonly number[]): number[] {
  return [id, ...u32(content.length), ...content];
}

/** Runs `run` and compares the code and the offset of what it throws. */
function assertRefused(run: () => unknown, code: string, offset: number): void {
  assert.throws(run, (error) => {
    assert.ok(isMayflyError(error), String(error));
    const { offset: found } = error.params as { offset?: number };
    assert.deepEqual([error.code, found], [code, offset], error.message);
    return true;
  });
}

describe('artifactKind', () => {
  const cases: readonly (readonly [name: string, bytes: readonly number[], kind: string])[] = [
    ['nothing', [], 'other'],
    ['a module', header, 'module'],
    ['a component', [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00], 'component'],
    ['another version', [0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00], 'other'],
    ['a text', [0x28, 0x6d, 0x6f, 0x64, 0x75, 0x6c, 0x65, 0x29], 'other'],
    ['a header cut short', header.slice(0, 7), 'other'],
  ];
  for (const [name, bytes, kind] of cases) {
    test(`tells ${name}`, () => {
      // From within a larger buffer, too.
      const shifted = Uint8Array.from([0xff, ...bytes]).subarray(1);
      assert.equal(artifactKind(shifted), kind);
    });
  }
});

describe('decodeModule', () => {
  test('names what is no module', () => {
    assert.throws(() => decodeModule(new Uint8Array()), { code: 'not_wasm', message: /nothing: it is empty/ });
    assert.throws(() => decodeModule(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0)), {
      code: 'not_wasm',
      message: /7f 45 4c 46/,
    });
    assertRefused(() => decodeModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)), 'malformed_module', 4);
    assertRefused(() => decodeModule(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)), 'unsupported_feature', 4);
  });

  test('takes an empty module', () => {
    const module = decode();
    assert.deepEqual(module.bodies, []);
    assert.deepEqual(Buffer.from(encodeModule(module)), Buffer.from(header));
  });

  test('wants each section once and in order', () => {
    const empty = [1, 2, 3, 4, 5, 13, 6, 7, 9, 12, 10, 11].map((id) => raw(id, 0));
    assert.equal(decode(...empty).dataCount, 0);
    empty.forEach((one, index) => {
      assertRefused(() => decode(...empty.slice(0, index + 1), one), 'malformed_module', 8 + 3 * (index + 1));
      const next = empty[index + 1];
      if (next !== undefined) assertRefused(() => decode(next, one), 'malformed_module', 11);
    });
  });

  test('takes custom sections anywhere', () => {
    const custom = raw(0, 1, 0x78, 7, 8);
    const module = decode(custom, raw(1, 0), custom, custom, raw(3, 0), custom);
    assert.equal(module.customs.length, 4);
    assert.deepEqual(module.customs[0], { name: 'x', content: { start: 12, end: 14 } });
  });

  const broken: readonly (readonly [name: string, sections: readonly (readonly number[])[], offset: number])[] = [
    ['an unknown section', [raw(14)], 8],
    ['a section longer than the module', [[1, 5, 0]], 10],
    ['a section without a length', [[1]], 9],
    ['a length with too many bytes', [[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]], 13],
    ['bytes left over in a section', [raw(1, 0, 0)], 11],
    ['more types than bytes', [raw(1, 3, 0x60, 0)], 10],
    ['a type of no kind', [raw(1, 1, 0x61, 0, 0)], 11],
    ['a value type of no kind', [raw(1, 1, 0x60, 1, 0x7a, 0)], 13],
    ['a reference to a type that is not there', [raw(1, 1, 0x60, 1, 0x63, 1, 0)], 14],
    ['a custom section without a name', [raw(0)], 10],
    ['a custom section whose name is cut short', [raw(0, 2, 0x61)], 10],
    ['an import of no kind', [raw(2, 1, 0, 0, 5, 0)], 13],
    ['functions without bodies', [raw(1, 1, 0x60, 0, 0), raw(3, 1, 0)], 18],
    ['bodies without functions', [raw(10, 1, 2, 0, 0x0b)], 10],
    ['a body longer than its section', [raw(1, 1, 0x60, 0, 0), raw(3, 1, 0), raw(10, 1, 3, 0, 0x0b)], 22],
    ['a mutability of 2', [raw(6, 1, 0x7f, 2, 0x41, 0, 0x0b)], 12],
    ['a constant expression that does something', [raw(6, 1, 0x7f, 0, 0x01, 0x0b)], 13],
    ['a constant expression without an end', [raw(6, 1, 0x7f, 0, 0x41, 0)], 15],
    ['limits of no kind', [raw(5, 1, 8, 1)], 11],
    ['an export of no kind', [raw(7, 1, 0, 5, 0)], 12],
    ['flags of an element segment', [raw(9, 1, 8)], 11],
    ['an element kind', [raw(9, 1, 1, 1, 0)], 12],
    ['flags of a data segment', [raw(11, 1, 3)], 11],
    ['a tag with an attribute', [raw(13, 1, 1, 0)], 11],
    ['a data count that is not met', [raw(12, 1)], 11],
    ['a data segment that is cut short', [raw(11, 1, 1, 4, 0)], 12],
    ['a table with a wrong lead', [raw(4, 1, 0x40, 1, 0x70, 0, 1)], 11],
  ];
  for (const [name, sections, offset] of broken) {
    test(`refuses ${name}, at its byte`, () => {
      assertRefused(() => decode(...sections), 'malformed_module', offset);
      assert.equal(WebAssembly.validate(Uint8Array.from([...header, ...sections.flat()])), false);
    });
  }

  const tooLarge: readonly (readonly [name: string, sections: readonly (readonly number[])[]])[] = [
    ['types', [raw(1, ...u32(formatLimits.types + 1))]],
    ['imports', [raw(2, ...u32(formatLimits.imports + 1))]],
    ['functions', [raw(3, ...u32(formatLimits.functions + 1))]],
    ['tables', [raw(4, ...u32(formatLimits.tables + 1))]],
    ['entries of a table', [raw(4, 1, 0x70, 0, ...u32(formatLimits.tableEntries + 1))]],
    ['memories', [raw(5, ...u32(formatLimits.memories + 1))]],
    ['pages', [raw(5, 1, 0, ...u32(65_537))]],
    ['pages at most', [raw(5, 1, 1, 1, ...u32(65_537))]],
    ['globals', [raw(6, ...u32(formatLimits.globals + 1))]],
    ['exports', [raw(7, ...u32(formatLimits.exports + 1))]],
    ['element segments', [raw(9, ...u32(formatLimits.elementSegments + 1))]],
    ['data segments', [raw(11, ...u32(formatLimits.dataSegments + 1))]],
    ['tags', [raw(13, ...u32(formatLimits.tags + 1))]],
    ['parameters', [raw(1, 1, 0x60, ...u32(1001))]],
    ['results', [raw(1, 1, 0x60, 0, ...u32(1001))]],
    ['fields', [raw(1, 1, 0x5f, ...u32(2001))]],
  ];
  for (const [name, sections] of tooLarge) {
    test(`refuses too many ${name} before it makes room for them`, () => {
      assert.throws(() => decode(...sections), { code: 'module_too_large' });
    });
  }

  test('refuses memories and tables with 64-bit addresses by name', () => {
    assertRefused(() => decode(raw(5, 1, 4, 1)), 'unsupported_feature', 11);
    assertRefused(() => decode(raw(4, 1, 0x70, 4, 1)), 'unsupported_feature', 12);
  });

  test('refuses a maximum below the minimum', () => {
    assertRefused(() => decode(raw(5, 1, 1, 2, 1)), 'invalid_module', 11);
  });

  const oneFunction = [raw(1, 1, 0x60, 0, 0), raw(3, 1, 0)];

  test('refuses locals that no stack has room for, also when each run is small', () => {
    const runs = (...counts: readonly number[]): number[] => [
      counts.length,
      ...counts.flatMap((count) => [...u32(count), 0x7f]),
    ];
    const body = (...counts: readonly number[]): number[] => {
      const content = [...runs(...counts), 0x0b];
      return raw(10, 1, ...u32(content.length), ...content);
    };
    assert.equal(decode(...oneFunction, body(40_000, 8000)).bodies[0]?.localCount, 48_000);
    for (const counts of [[50_000], [0xffff_ffff], [30_000, 30_000], [0xffff_ffff, 0xffff_ffff]]) {
      assert.throws(() => decode(...oneFunction, body(...counts)), { code: 'module_too_large' });
    }
  });

  test('refuses a function whose compiling would take too long', () => {
    const size = 100_000;
    const content = [1, ...u32(40_000), 0x7f, ...new Uint8Array(size).fill(0x01), 0x0b];
    assert.throws(() => decode(...oneFunction, raw(10, 1, ...u32(content.length), ...content)), {
      code: 'module_too_large',
    });
  });

  test('gives the offset of what it refuses in a body', () => {
    const builder = new WasmBuilder();
    builder.function(builder.type('', ''), '', [0x01, 0x01, 0xff]);
    const bytes = builder.build();
    const found = refusal(bytes);
    assert.equal(found?.code, 'malformed_module');
    assert.equal(bytes[found.offset], 0xff);
  });

  test('reads recursive groups and supertypes', () => {
    const group = [0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 1, 0, 0x4f, 1, 0, 0x5f, 2, 0x63, 1, 0, 0x78, 1];
    const bytes = Uint8Array.from([...header, ...raw(1, 2, ...group, 0x5e, 0x77, 1)]);
    assert.ok(WebAssembly.validate(bytes));
    const { types } = decodeModule(bytes);
    assert.deepEqual(
      types.map(({ kind }) => kind),
      ['struct', 'struct', 'array'],
    );
    assertRefused(() => decode(raw(1, 1, 0x50, 1, 7, 0x60, 0, 0)), 'malformed_module', 14);
  });
});

/** What is refused is refused by code and offset, whatever is done to the bytes; nothing crashes and nothing hangs. */
describe('decodeModule, checkModule and rewriteModule on damaged modules', () => {
  const check = (bytes: Uint8Array, what: string): void => {
    try {
      const found = refusal(bytes);
      if (found === undefined) return;
      assert.ok(found.offset >= 0 && found.offset <= bytes.byteLength, `${what}: ${found.message}`);
    } catch (error) {
      assert.fail(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  };

  const samples: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ...['state-tables', 'state-globals', 'state-segments', 'catcher', 'crash'].map(
      (name) => [name, Uint8Array.from(readFileSync(join(guests, `${name}.wasm`)))] as const,
    ),
    ...[1, 2, 3].map((seed) => [`program ${seed}`, randomProgram(new Prng(seed))] as const),
  ];

  for (const [name, bytes] of samples) {
    test(`${name} cut at every byte`, () => {
      const step = Math.max(1, Math.floor(bytes.byteLength / 2500));
      for (let length = 0; length < bytes.byteLength; length += step) {
        const found = refusal(bytes.subarray(0, length));
        if (found !== undefined) assert.ok(found.offset <= length, found.message);
        // Only behind a whole section can a module end.
        else assert.ok(WebAssembly.validate(Uint8Array.from(bytes.subarray(0, length))), `cut at ${length}`);
      }
    });

    test(`${name} with bytes changed, added and taken out`, () => {
      const random = new Prng(bytes.byteLength);
      for (let round = 0; round < 400; round++) {
        const changed = [...bytes];
        for (let count = 1 + random.below(3); count > 0; count--) {
          const at = 8 + random.below(changed.length - 8);
          const byte = random.pick([0x00, 0x7f, 0x80, 0xff, 0x40, random.below(256)]);
          changed.splice(at, random.below(2), ...(random.chance(80) ? [byte] : []));
        }
        check(Uint8Array.from(changed), `round ${round}`);
      }
    });
  }

  test('deep nesting is walked without recursion', () => {
    const depth = 200_000;
    const builder = new WasmBuilder();
    const blocks = Array.from({ length: depth }, () => [0x02, 0x40]).flat();
    builder.function(builder.type('', ''), '', [...blocks, ...new Uint8Array(depth).fill(0x0b)]);
    assert.equal(refusal(builder.build())?.code, 'module_too_large');
  });

  test('sections that announce much and hold little end at once', () => {
    const start = performance.now();
    for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13]) {
      for (const count of [1000, 99_999, 0xffff_ffff])
        check(Uint8Array.from([...header, ...raw(id, ...u32(count), 0)]), `${id}`);
    }
    assert.ok(performance.now() - start < 1000);
  });
});
