/** Runs a WASI command as it is, with our host, or rewritten, as `mayfly run` has it: both have to do the same. */
import { randomFillSync } from 'node:crypto';
import { systemClock } from '../../src/base/mod.ts';
import { runCommand, type RunOptions } from '../../src/engine/mod.ts';
import {
  blocked,
  BytesOutput,
  emptyInput,
  environText,
  GuestMemory,
  type HostFunction,
  P1Host,
  type Preopen,
  systemTimers,
} from '../../src/wasi/mod.ts';

const outputBytesMax = 1024 * 1024;

interface UntouchedOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly preopens: readonly Preopen[];
}

/** How a command ended. */
export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** A trap, or whatever else ended it. */
  readonly thrown: unknown;
  /** A mistake of the host's. */
  readonly bug: unknown;
}

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

/** Runs `module` to its end, with nothing on stdin. */
export async function runUntouched(module: WebAssembly.Module, options: UntouchedOptions): Promise<CommandRun> {
  const memory = new LateMemory();
  let stopped = false;
  const host = new P1Host(
    { memory: new GuestMemory(memory), stop: () => void (stopped = true) },
    { clock: systemClock, random: { fill: (target) => void randomFillSync(target) }, timers: systemTimers },
  );
  const stdout = new BytesOutput(outputBytesMax);
  const stderr = new BytesOutput(outputBytesMax);
  const { args, env, preopens } = options;
  host.bind({ args, environ: () => environText(env), stdin: emptyInput, stdout, stderr, preopens });
  let exitCode = 0;
  let thrown: unknown;
  try {
    exitCode = await execute(module, host, memory, () => stopped);
  } catch (error) {
    thrown = error;
  }
  const { bug } = host;
  host.unbind();
  return { exitCode, stdout: Buffer.from(stdout.bytes()), stderr: Buffer.from(stderr.bytes()), thrown, bug };
}

/** The same by the engine. What the module is refused for is `thrown`. */
export async function runRewritten(
  artifact: Uint8Array,
  options: Pick<RunOptions, 'args' | 'env' | 'folders'>,
): Promise<CommandRun> {
  const stdout = new BytesOutput(outputBytesMax);
  const stderr = new BytesOutput(outputBytesMax);
  let exitCode = 0;
  let thrown: unknown;
  try {
    exitCode = await runCommand({ artifact, ...options, stdin: emptyInput, stdout, stderr });
  } catch (error) {
    thrown = error;
  }
  return { exitCode, stdout: Buffer.from(stdout.bytes()), stderr: Buffer.from(stderr.bytes()), thrown, bug: undefined };
}
