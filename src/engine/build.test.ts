import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import wabt from 'wabt';
import { mib } from '../base/mod.ts';
import { describeTrap } from './describe-trap.ts';
import { guestBytes, SlotUnderTest } from './engine-under-test.ts';
import { buildImage } from './build.ts';
import { inspectArtifact } from './inspect.ts';
import { runCommand } from './run-command.ts';
import { send } from './send.ts';
import { BytesInput, BytesOutput } from '../wasi/mod.ts';

type Wabt = Awaited<ReturnType<typeof wabt>>;

/** What is wrong with an artifact, and the code that says so. */
const refused: readonly (readonly [name: string, wat: string, code: string])[] = [
  ['neither _start nor handle', '(module (func (export "main")))', 'no_entry_point'],
  ['_start with a parameter', '(module (func (export "_start") (param i32)))', 'no_entry_point'],
  ['an import that nobody provides', '(module (import "env" "f" (func)) (func (export "_start")))', 'unknown_import'],
  [
    'an import of the engine’s own',
    '(module (import "mayfly" "preempt" (func (result i32))) (func (export "_start")))',
    'unknown_import',
  ],
  [
    'a WASI function under another type',
    '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i64))) (func (export "_start")))',
    'invalid_module',
  ],
  ['an imported memory', '(module (import "env" "memory" (memory 1)) (func (export "_start")))', 'unknown_import'],
  ['more memory at the start than it may have', '(module (memory 9000) (func (export "_start")))', 'module_too_large'],
  ['a shared memory', '(module (memory 1 2 shared) (func (export "_start")))', 'unsupported_feature'],
  [
    'an imported shared memory',
    '(module (import "env" "memory" (memory 1 2 shared)) (func (export "_start")))',
    'unsupported_feature',
  ],
  [
    'data outside of its memory',
    '(module (memory 1) (data (i32.const 65530) "too long") (func (export "_start")))',
    'initialise_failed',
  ],
  [
    'a start function that traps',
    '(module (start 0) (func unreachable) (func (export "_start")))',
    'initialise_failed',
  ],
  ['types that do not fit', '(module (func (export "_start") i32.const 1 i64.const 2 i32.add drop))', 'invalid_module'],
];

describe('buildImage', () => {
  let tools: Wabt;
  before(async () => {
    tools = await wabt();
  });

  function assemble(wat: string): Uint8Array {
    const parsed = tools.parseWat('test.wat', wat, { threads: true });
    try {
      return parsed.toBinary({}).buffer;
    } finally {
      parsed.destroy();
    }
  }

  for (const [name, wat, code] of refused) {
    it(`refuses ${name} with ${code}`, async () => {
      await assert.rejects(buildImage(assemble(wat), { memoryBytesMax: 128 * mib }), { code });
    });
  }

  it('refuses what is not wasm, a component and a file that is cut', async () => {
    const hello = guestBytes('env');
    const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
    for (const [bytes, code] of [
      [new TextEncoder().encode('#!/bin/sh\n'), 'not_wasm'],
      [new Uint8Array(), 'not_wasm'],
      [component, 'unsupported_feature'],
      [hello.subarray(0, 1000), 'malformed_module'],
    ] as const) {
      await assert.rejects(buildImage(bytes, { memoryBytesMax: mib }), { code });
    }
  });

  it('refuses an initialiser that draws randomness, which all requests would share', async () => {
    await assert.rejects(buildImage(guestBytes('reactor-init'), { memoryBytesMax: mib }), {
      code: 'initialise_failed',
    });
  });

  it('gives the same bytes for the same artifact', async () => {
    const [first, second] = await Promise.all(
      [0, 1].map(() => buildImage(guestBytes('canary'), { memoryBytesMax: 16 * mib })),
    );
    assert.equal(first?.digest, second?.digest);
  });

  it('keeps what an initialiser made in memory and in globals, and runs it once', async () => {
    const slot = await SlotUnderTest.make(guestBytes('start'));
    const { body } = await send(slot, { url: '/' });
    assert.match(new TextDecoder().decode(body), /pristine/);
    await slot.close();
  });
});

describe('describeTrap', () => {
  it('names the function and the byte of the artifact, not those of what was made of it', async () => {
    const artifact = readFileSync(join(import.meta.dirname, '../../test/guests/tool.wasm'));
    const native = await nativeTrap(artifact);
    const stderr = new BytesOutput(10_000);
    const streams = { stdin: new BytesInput(new Uint8Array()), stdout: new BytesOutput(10_000), stderr };
    const code = await runCommand({ artifact, args: ['tool', 'trap'], env: {}, folders: [], ...streams });
    assert.equal(code, 134);
    const told = new TextDecoder().decode(stderr.bytes());
    assert.match(told, new RegExp(`function ${native.functionIndex}, byte 0x${native.offset}\\)?\n`));
  });

  it('says nothing of what is no error', () => {
    assert.equal(describeTrap(new Uint8Array(), 'text'), undefined);
  });
});

/** Where V8 says that the untouched module trapped. */
async function nativeTrap(artifact: Uint8Array): Promise<{ functionIndex: string; offset: string }> {
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({ version: 'preview1', args: ['tool', 'trap'], returnOnExit: true });
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(artifact),
    wasi.getImportObject() as WebAssembly.Imports,
  ); // its type is `object`
  try {
    wasi.start(instance);
  } catch (error) {
    const frame = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/.exec(error instanceof Error ? (error.stack ?? '') : '');
    if (frame?.[1] !== undefined && frame[2] !== undefined) return { functionIndex: frame[1], offset: frame[2] };
  }
  throw new Error('the tool did not trap');
}

describe('inspectArtifact', () => {
  it('tells languages, imports that are missing and the way out, and what the image will be', async () => {
    const rust = await inspectArtifact(guestBytes('std-rust'));
    assert.deepEqual([rust.kind, rust.languages, rust.problem], ['WASI command', ['Rust'], undefined]);
    assert.ok((rust.image?.snapshotPages ?? 0) > 0);
    const missing = await inspectArtifact(guestBytes('unknown-import'));
    const wanted = missing.imports.find((entry) => entry.status === 'missing');
    assert.equal(wanted?.module, 'mystery');
    assert.match(wanted.instead ?? '', /link/);
    assert.equal(missing.problem?.code, 'unknown_import');
  });
});
