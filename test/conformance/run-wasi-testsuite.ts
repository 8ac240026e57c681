/**
 * Runs the preview1 tests of the public WASI test suite against our host:
 *
 *     node test/conformance/run-wasi-testsuite.ts DIR [NAME …]
 *
 * DIR is the folder `tests` of a checkout of WebAssembly/wasi-testsuite, branch prod/testsuite-base, which holds the tests
 * built; with NAMEs only those tests are run. The modules run as they are, not rewritten: calls that block are parked with
 * JSPI right at the import. https://github.com/WebAssembly/wasi-testsuite/blob/main/doc/specification.md
 */
import { randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorText, systemClock } from '../../src/base/mod.ts';
import {
  blocked,
  BytesOutput,
  emptyInput,
  environText,
  GuestMemory,
  type HostFunction,
  loadTree,
  P1Host,
  Preopen,
  systemTimers,
} from '../../src/wasi/mod.ts';

/** What a test is given and what it must do, by the suite's "legacy configuration"; what is not said is not checked. */
interface Specification {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly exit_code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const outputBytesMax = 1024 * 1024;
const treeLimits = { contentBytesMax: 16 * 1024 * 1024, nodesMax: 10_000 };

/** Ends a guest that called proc_exit. These guests were not rewritten, but none of them catches what it is thrown. */
class Stopped extends Error {}

/** The calls that can block, and so must be able to park the guest. */
const blockingCalls: ReadonlySet<string> = new Set(['fd_read', 'fd_write', 'poll_oneoff', 'random_get']);

/** The guest's memory, which it brings along and which is not there when its imports are made. */
class LateMemory {
  memory: WebAssembly.Memory | undefined;
  readonly #none: ArrayBuffer = new ArrayBuffer(0);

  get buffer(): ArrayBuffer {
    return this.memory?.buffer ?? this.#none;
  }

  grow(deltaPages: number): number {
    return this.memory?.grow(deltaPages) ?? -1;
  }
}

/** Runs one module to its end. @returns its exit code */
async function execute(
  module: WebAssembly.Module,
  host: P1Host,
  memory: LateMemory,
  isStopped: () => boolean,
): Promise<number> {
  const call = (run: HostFunction, args: unknown[]): unknown => {
    // Import types are the guest's own, as the host expects them from a program that follows the ABI.
    const result = (run as (...values: unknown[]) => unknown)(...args);
    if (isStopped()) throw new Stopped();
    return result;
  };
  const imports: Record<string, unknown> = {};
  for (const [name, run] of Object.entries(host.imports['wasi_snapshot_preview1'] ?? {})) {
    imports[name] = blockingCalls.has(name)
      ? new WebAssembly.Suspending(async (...args: unknown[]) => {
          for (;;) {
            const result = call(run, args);
            if (result !== blocked) return result;
            await new Promise<void>((wake) => host.whenReady(wake));
          }
        })
      : (...args: unknown[]) => call(run, args);
  }
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });
  const { memory: exported, _start: start } = instance.exports;
  if (!(exported instanceof WebAssembly.Memory) || typeof start !== 'function')
    throw new Error('it is no WASI command');
  memory.memory = exported;
  try {
    await WebAssembly.promising(start)();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return host.exitCode ?? 0;
}

/** @returns what went wrong, one line each */
async function check(path: string): Promise<readonly string[]> {
  const specPath = path.replace(/\.wasm$/, '.json');
  // The suite's own files, of the shape that its documentation gives.
  const specification = (existsSync(specPath) ? JSON.parse(await readFile(specPath, 'utf8')) : {}) as Specification;
  const module = await WebAssembly.compile(await readFile(path));
  const memory = new LateMemory();
  let stopped = false;
  const host = new P1Host(
    { memory: new GuestMemory(memory), stop: () => void (stopped = true) },
    { clock: systemClock, random: { fill: (target) => void randomFillSync(target) }, timers: systemTimers },
  );
  const stdout = new BytesOutput(outputBytesMax);
  const stderr = new BytesOutput(outputBytesMax);
  const { root } = specification;
  host.bind({
    args: [basename(path), ...(specification.args ?? [])],
    environ: () => environText(specification.env ?? {}),
    stdin: emptyInput,
    stdout,
    stderr,
    preopens:
      root === undefined ? [] : [new Preopen('/', (await loadTree(join(dirname(path), root), treeLimits)).tree)],
  });
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (wanted !== undefined && found !== wanted)
      wrong.push(`${what} is ${JSON.stringify(found)}, ${JSON.stringify(wanted)} is wanted`);
  };
  try {
    expect('exit code', await execute(module, host, memory, () => stopped), specification.exit_code ?? 0);
  } catch (error) {
    wrong.push(errorText(error));
  }
  expect('stdout', Buffer.from(stdout.bytes()).toString(), specification.stdout);
  expect('stderr', Buffer.from(stderr.bytes()).toString(), specification.stderr);
  if (host.bug !== undefined) wrong.push(`bug: ${errorText(host.bug)}`);
  host.unbind();
  if (wrong.length > 0) wrong.push(...Buffer.from(stderr.bytes()).toString().trimEnd().split('\n'));
  return wrong;
}

/** Whether it is a core module that imports preview1: the suite also has components and tests of WASI threads. */
async function isPreview1(path: string): Promise<boolean> {
  const bytes = await readFile(path);
  return bytes.readUInt32LE(4) === 1 && bytes.includes('wasi_snapshot_preview1') && !bytes.includes('thread-spawn');
}

/** One test, and what went wrong with it: nothing when it passed. */
export interface TestsuiteResult {
  readonly file: string;
  readonly wrong: readonly string[];
}

/** Runs all tests below `directory`, or those of these names. */
export async function* runWasiTestsuite(
  directory: string,
  names: readonly string[] = [],
): AsyncGenerator<TestsuiteResult> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.wasm')).toSorted();
  for (const file of files) {
    const path = join(directory, file);
    if (names.length > 0 && !names.includes(basename(file, '.wasm'))) continue;
    if (await isPreview1(path)) yield { file, wrong: await check(path) };
  }
}

async function main(directory: string, names: readonly string[]): Promise<number> {
  let passed = 0;
  let failed = 0;
  for await (const { file, wrong } of runWasiTestsuite(directory, names)) {
    if (wrong.length === 0) passed++;
    else failed++;
    console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${file}`);
    for (const line of wrong) console.log(`       ${line}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) {
  const [directory, ...names] = process.argv.slice(2);
  if (directory === undefined) {
    console.error('Usage: node test/conformance/run-wasi-testsuite.ts DIR [NAME …]');
    process.exitCode = 2;
  } else {
    process.exitCode = await main(directory, names);
  }
}
