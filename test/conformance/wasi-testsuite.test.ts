/** The public WASI test suite, where WASI_TESTSUITE names the folder `tests` of a checkout of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalsOf, runWasiTestsuite } from './run-wasi-testsuite.ts';

const directory = process.env['WASI_TESTSUITE'];
const skip =
  directory === undefined ? 'WASI_TESTSUITE is not set, a checkout of WebAssembly/wasi-testsuite is wanted' : false;

test('all preview1 tests of the public test suite pass, untouched and rewritten', { skip }, async () => {
  const failed: string[] = [];
  let run = 0;
  for await (const { file, wrong } of runWasiTestsuite(directory ?? '')) {
    run++;
    if (wrong.length > 0) failed.push(`${file}: ${wrong.join('; ')}`);
  }
  assert.deepEqual(failed, []);
  assert.equal(run, 72);
});

const threads = process.env['WASI_THREADS'];
const skipThreads =
  threads === undefined ? 'WASI_THREADS is not set, the folder of the tests of WASI threads is wanted' : false;

test('the tests of WASI threads are refused by name', { skip: skipThreads }, async () => {
  const refusals = await refusalsOf(threads ?? '');
  assert.ok(refusals.size > 0);
  for (const [file, refusal] of refusals) assert.match(refusal, /thread/, file);
});
