/** A short run of the fuzzer with seeds that stay the same, and all that it ever found. `npm run fuzz` goes on for longer. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ModuleMaker } from '../support/wasm-maker.ts';
import { examine } from './examine.ts';
import { Mutator, tryBytes } from './mutate.ts';
import { Prng } from './prng.ts';
import { randomProgram } from './random-program.ts';

const regressions = join(import.meta.dirname, 'regressions');

describe('modules come through the rewriter as what they were, and leave nothing behind', () => {
  test('what the fuzzer found once', () => {
    for (const name of globSync('*.wasm', { cwd: regressions })) {
      const bytes = Uint8Array.from(readFileSync(join(regressions, name)));
      for (let seed = 0; seed < 5; seed++) {
        if (WebAssembly.validate(bytes)) assert.deepEqual(examine(bytes, new Prng(seed)).problems, [], name);
        assert.deepEqual(tryBytes(bytes, new Prng(seed)).problems, [], name);
      }
    }
  });

  test('programs of our own', () => {
    let calls = 0;
    for (let seed = 0; seed < 400; seed++) {
      const random = new Prng(seed);
      const bytes = randomProgram(random);
      assert.ok(WebAssembly.validate(bytes), `seed ${seed} is not valid`);
      const { problems, compared } = examine(bytes, random);
      assert.deepEqual(problems, [], `seed ${seed}`);
      calls += compared;
    }
    assert.ok(calls > 10_000, `${calls} calls`);
  });

  test("modules of binaryen's fuzzer", async () => {
    const maker = new ModuleMaker();
    let calls = 0;
    try {
      for (let seed = 0; seed < 30; seed++) {
        const random = new Prng(seed);
        const bytes = await maker.make(random.bytes(500 + random.below(8000)));
        if (!WebAssembly.validate(bytes)) continue;
        const { problems, compared, refused } = examine(bytes, random);
        assert.deepEqual(problems, [], `seed ${seed}`);
        assert.equal(refused, undefined, `seed ${seed}`);
        calls += compared;
      }
    } finally {
      maker.close();
    }
    assert.ok(calls > 500, `${calls} calls`);
  });

  test("modules of binaryen's fuzzer with objects are read and written as they were", async () => {
    const maker = new ModuleMaker();
    let withObjects = 0;
    try {
      for (let seed = 0; seed < 15; seed++) {
        const random = new Prng(seed);
        const bytes = await maker.make(random.bytes(500 + random.below(8000)), 'read');
        assert.ok(WebAssembly.validate(bytes), `seed ${seed}`);
        const { problems, refused } = examine(bytes, random);
        assert.deepEqual(problems, [], `seed ${seed}`);
        if (refused?.includes('garbage-collected') === true) withObjects += 1;
      }
    } finally {
      maker.close();
    }
    assert.ok(withObjects > 3, `${withObjects} with objects`);
  });

  test('damaged modules', () => {
    const random = new Prng(7);
    const seeds = Array.from({ length: 10 }, (_, seed) => randomProgram(new Prng(seed)));
    const mutator = new Mutator(random, seeds);
    for (let round = 0; round < 2500; round++) assert.deepEqual(mutator.next().problems, [], `round ${round}`);
    assert.ok(mutator.ways > 50, `${mutator.ways} ways`);
  });
});
