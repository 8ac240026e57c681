/** What commands print, without running them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FunctionName, isMayflyError, MayflyError } from '../base/mod.ts';
import type { FunctionSource } from '../config/mod.ts';
import { ArtifactKind, type Inspection, type LatencySummary } from '../engine/mod.ts';
import { benchText } from './commands/bench.ts';
import { inspectionText } from './commands/inspect.ts';
import { parseFolder } from './commands/run.ts';
import { errorText, sizeText, table } from './terminal.ts';
import { tryLines } from './try-lines.ts';

test('errorText says what failed, why, and what to do, with the code on the first line', () => {
  assert.equal(
    errorText(
      new MayflyError('listen_failed', { address: 'x:1', reason: 'the port is in use', hint: 'Choose another' }),
    ),
    'Cannot listen on x:1: the port is in use [listen_failed]\n  Choose another\n',
  );
  assert.equal(
    errorText(new MayflyError('bad_manifest', { path: 'm', mistakes: ['1:1: a', '2:1: b'] })),
    'Cannot use m: 2 mistakes [bad_manifest]\n  1:1: a\n  2:1: b\n',
  );
});

test('table aligns columns, and leaves no blanks at the ends of lines', () => {
  assert.equal(
    table([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
    '  a    bb\n  ccc  d   e\n',
  );
});

for (const [bytes, text] of [
  [0, '0 B'],
  [999, '999 B'],
  [1024, '1.0 KiB'],
  [150 * 1024, '150 KiB'],
  [5.5 * 1024 ** 2, '5.5 MiB'],
] as const) {
  test(`sizeText writes ${bytes} as ${text}`, () => assert.equal(sizeText(bytes), text));
}

function source(more: Partial<FunctionSource>): FunctionSource {
  const routes = [{ path: '/hello/*', mountPath: '/hello' }];
  return {
    name: 'hello' as FunctionName,
    artifactPath: 'hello.wasm',
    build: undefined,
    routes,
    limits: {},
    vars: {},
    tryPaths: [],
    ...more,
  };
}

const lines: readonly (readonly [name: string, more: Partial<FunctionSource>, expected: readonly string[]])[] = [
  ['the route', {}, ['http://h:1/hello/']],
  ['an exact route', { routes: [{ path: '/x', mountPath: '/x' }] }, ['http://h:1/x']],
  [
    'its own paths',
    { tryPaths: ['/hello/a?b=c', '/hello/ä b'] },
    ['http://h:1/hello/a?b=c', 'http://h:1/hello/%C3%A4%20b'],
  ],
  ['an encoded path as it is', { tryPaths: ['/a%20b'] }, ['http://h:1/a%20b']],
  [
    'a host',
    { routes: [{ host: '*.example.org', path: '/*', mountPath: '' }] },
    ["curl -H 'Host: any.example.org' 'http://h:1/'"],
  ],
];
for (const [name, more, expected] of lines) {
  test(`tryLines gives ${name}`, () => assert.deepEqual(tryLines(source(more), 'http://h:1'), expected));
}

test('parseFolder reads HOST and HOST::GUEST', () => {
  assert.deepEqual(parseFolder('./data'), { hostPath: './data', guestPath: './data' });
  assert.deepEqual(parseFolder('C:\\data::/data'), { hostPath: 'C:\\data', guestPath: '/data' });
  for (const text of ['', '::', 'a::', '::b', 'a::b::c']) {
    assert.throws(
      () => parseFolder(text),
      (error) => isMayflyError(error, 'bad_usage'),
    );
  }
});

test('inspectionText leaves out what there is nothing to say about', () => {
  const inspection: Inspection = {
    kind: ArtifactKind.wasiCommand,
    artifactBytes: 2048,
    producers: [{ field: 'language', name: 'C11', version: '' }],
    languages: ['C11'],
    imports: [{ module: 'm', name: 'f', kind: 'function', status: 'missing', instead: 'Do without' }],
    exports: [],
    memories: [{ initial: 2, maximum: undefined }],
    tables: [],
    passes: [],
    rewrittenBytes: undefined,
    image: undefined,
    problem: undefined,
  };
  assert.equal(
    inspectionText('x.wasm', inspection),
    `x.wasm: WASI command, C11, 2.0 KiB

Made with
  language  C11

Memory
  memory  2 pages of 64 KiB, no maximum

Imports (1)
  m.f    missing  Do without
`,
  );
});

test('inspectionText tells a way out once, what is missing first, and no more rows than a person reads', () => {
  const missing = Array.from({ length: 30 }, (_, index) => `wbg.f${index}`);
  const imports = ['fd_read', ...missing].map((name) => ({
    module: name.startsWith('wbg') ? 'wbg' : 'wasi_snapshot_preview1',
    name: name.replace('wbg.', ''),
    kind: 'function' as const,
    ...(name.startsWith('wbg')
      ? { status: 'missing' as const, instead: 'Do without' }
      : { status: 'provided' as const }),
  }));
  const inspection: Inspection = {
    kind: ArtifactKind.coreModule,
    artifactBytes: 1000,
    producers: [],
    languages: [],
    imports,
    exports: Array.from({ length: 22 }, () => ({ name: 'x'.repeat(100), kind: 'function' })),
    memories: [{ initial: 1, maximum: 1 }],
    tables: [{ initial: 1, maximum: undefined }],
    passes: [],
    rewrittenBytes: 1500,
    image: undefined,
    problem: undefined,
  };
  const text = inspectionText('x.wasm', inspection);
  assert.match(text, /memory {2}1 page of 64 KiB, at most 1\n {2}table {3}1 entry, no maximum/);
  assert.match(text, /Imports \(31, 30 missing\)\n {2}wbg\.f0 +missing {3}Do without\n {2}wbg\.f1 +missing\n/);
  assert.match(text, /and 20 more\n {2}wasi_snapshot_preview1\.fd_read +provided\n/);
  assert.equal(text.match(/Do without/g)?.length, 1);
  assert.match(text, /Exports \(22\)\n {2}x{60}… {2}function/);
  assert.match(text, /and 2 more\n/);
  assert.match(text, /Rewritten\n {2}module {2}1\.5 KiB {2}1\.50 times the artifact/);
});

test('benchText has a row for each phase, in microseconds', () => {
  const one: LatencySummary = { count: 10, p50Us: 1.26, p99Us: 20, p999Us: 300.4, p9999Us: 3000, maxUs: 4000 };
  const steps = { start: one, guest: one, rewind: one, sandbox: one, total: one, naive: one };
  const text = benchText('x.wasm', { ...steps, ends: { firstUs: 1, lastUs: 1 } });
  assert.match(text, /^x\.wasm: 10 calls\n/);
  assert.match(text, /^ {2}rewind {3}1\.3 {2}20\.0 {2}300 {4}4000 {2}back to/m);
});
