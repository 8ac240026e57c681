import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestOf, type FunctionName, isMayflyError, MayflyError, mib, type ProjectId } from '../base/mod.ts';
import { defaultLimits, type FunctionSource } from '../config/mod.ts';
import { ImageStore } from './image-store.ts';
import { type Build, prepareFunctions, type PrepareOptions } from './prepare.ts';

interface Made {
  readonly folder: string;
  readonly store: ImageStore;
  /** What was built, in turn. */
  readonly built: string[];
  readonly build: Build;
}

/** A builder whose images are the artifacts in capitals; it refuses what begins with `bad`. */
async function make(t: TestContext): Promise<Made> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-prepare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const built: string[] = [];
  const build: Build = (artifact) => {
    const text = Buffer.from(artifact).toString();
    built.push(text);
    if (text.startsWith('bad')) return Promise.reject(new MayflyError('not_wasm', { found: text }));
    const bytes = Buffer.from(text.toUpperCase());
    return Promise.resolve({ digest: digestOf(bytes), bytes });
  };
  return { folder, store: await ImageStore.open(path.join(folder, 'data')), built, build };
}

function source(
  folder: string,
  name: string,
  content: string | undefined,
  more: Partial<FunctionSource> = {},
): FunctionSource {
  const artifactPath = path.join(folder, `${name}.wasm`);
  if (content !== undefined) writeFileSync(artifactPath, content);
  return {
    name: name as FunctionName,
    artifactPath,
    build: undefined,
    routes: [{ path: '/*', mountPath: '' }],
    limits: {},
    vars: {},
    tryPaths: [],
    ...more,
  };
}

const options: PrepareOptions = { project: 'default' as ProjectId, env: {}, limits: {}, onProgress: () => {} };

test('prepareFunctions builds each artifact once, and none again', async (t) => {
  const { folder, store, built, build } = await make(t);
  const sources = [source(folder, 'one', 'aaa'), source(folder, 'two', 'bbb')];
  const first = await prepareFunctions(sources, store, build, options);
  assert.deepEqual(
    first.map(({ name, versions }) => [name, versions[0]?.image]),
    [
      ['one', digestOf(Buffer.from('AAA'))],
      ['two', digestOf(Buffer.from('BBB'))],
    ],
  );
  assert.deepEqual(await prepareFunctions(sources, store, build, options), first);
  assert.deepEqual(built.toSorted(), ['aaa', 'bbb']);
});

test('prepareFunctions builds anew for other settings', async (t) => {
  const { folder, store, built, build } = await make(t);
  const sources = [source(folder, 'one', 'aaa')];
  await prepareFunctions(sources, store, build, options);
  await prepareFunctions(sources, store, build, { ...options, limits: { cpuMs: 7 } });
  assert.equal(built.length, 1);
  await prepareFunctions(sources, store, build, { ...options, limits: { memoryBytes: mib } });
  assert.equal(built.length, 2);
});

test('prepareFunctions lets the command line win over the manifest', async (t) => {
  const { folder, store, build } = await make(t);
  const one = source(folder, 'one', 'aaa', { vars: { A: 'manifest', B: 'manifest' }, limits: { cpuMs: 1, wallMs: 2 } });
  const [deployed] = await prepareFunctions([one], store, build, {
    ...options,
    env: { A: 'flag' },
    limits: { cpuMs: 3 },
  });
  assert.deepEqual(deployed?.versions[0]?.env, { A: 'flag', B: 'manifest' });
  assert.deepEqual(deployed?.versions[0]?.limits, { ...defaultLimits, cpuMs: 3, wallMs: 2 });
});

test('prepareFunctions names every function that cannot be prepared', async (t) => {
  const { folder, store, build } = await make(t);
  const sources = [
    source(folder, 'one', 'bad 1'),
    source(folder, 'good', 'aaa'),
    source(folder, 'missing', undefined, { build: { folder: '/src', command: 'make' } }),
  ];
  await assert.rejects(prepareFunctions(sources, store, build, options), (error) => {
    assert.ok(isMayflyError(error, 'bad_functions'));
    assert.match(
      error.message,
      /2 functions: .*\n {2}one \(.*\[not_wasm\]\n[\s\S]*\n {2}missing \(.*\[artifact_unreadable\]/,
    );
    assert.match(error.message, /Build it first: cd \/src && make/);
    assert.doesNotMatch(error.message, /good/);
    return true;
  });
});
