import { type ChildProcess, spawn } from 'node:child_process';
import { fromWireError, MayflyError, mib } from '../base/mod.ts';
import type { ArtifactKind, BuiltImage, ImageSettings } from '../engine/mod.ts';
import { buildDeadlineMs, builderBaselineBytes, builderHeapBytes } from './limits.ts';
import { codeCacheEnv, codeCacheFlags } from './code-cache.ts';
import type { Log } from './log.ts';
import { entryFile, readCodeFlags } from './paths.ts';
import type { FromBuilder, ToBuilder } from './protocol.ts';

/** How a builder is watched. */
export interface BuildOptions {
  readonly log: Log;
  readonly deadlineMs?: number;
}

/** Whether a builder builds something of its own first, as it has the time: see builder-warm-up.ts. */
export type BuilderReadiness = 'cold' | 'warm';

/** An image, and what the artifact was that it was made of. */
export interface BuiltArtifact extends BuiltImage {
  readonly kind: ArtifactKind;
}

/**
 * Makes `artifact` an image, in a process of its own.
 * @throws MayflyError what is wrong with the artifact, or builder_failed
 */
export function buildInChild(
  artifact: Uint8Array,
  settings: ImageSettings,
  options: BuildOptions,
): Promise<BuiltArtifact> {
  return buildWith(startBuilder(settings), artifact, settings, options);
}

/** The same, in a process that `startBuilder` has started with as much memory. It ends with this. */
export async function buildWith(
  child: ChildProcess,
  artifact: Uint8Array,
  settings: ImageSettings,
  { log, deadlineMs = buildDeadlineMs }: BuildOptions,
): Promise<BuiltArtifact> {
  // It may be too busy to see that this process is gone.
  const endWithThis = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithThis);
  try {
    const reply = await converse(child, { artifact, settings }, deadlineMs, log);
    if (reply.kind === 'built') return { ...reply.image, kind: knownKind(reply.artifactKind) };
    if (reply.detail === undefined) throw fromWireError(reply.error);
    log.error({ detail: reply.detail }, 'builder failed');
    throw new MayflyError('builder_failed', {
      reason: 'failed, and not by the artifact’s fault',
      hint: 'Report this, with the log',
    });
  } finally {
    process.off('exit', endWithThis);
    child.kill('SIGKILL');
  }
}

/** More than a builder can use of two cores until its deadline. */
const cpuSecondsMax = (2 * buildDeadlineMs) / 1000;
const limitThenRun = `ulimit -d "$0" 2>/dev/null; ulimit -t ${cpuSecondsMax} 2>/dev/null; exec "$@"`;

/**
 * Starts a builder. Its heap is capped by V8, and everything that V8 does not count (wasm memories, buffers) by the system's limit
 * on the data segment, which makes an allocation above it throw; only a shell can set that one for a child. The limit on CPU time is
 * for a builder that nobody is left to end.
 */
export function startBuilder(settings: ImageSettings, readiness: BuilderReadiness = 'cold'): ChildProcess {
  const node = [
    process.execPath,
    '--permission',
    ...readCodeFlags(),
    ...codeCacheFlags(),
    '--no-wasm-lazy-compilation',
    `--max-old-space-size=${builderHeapBytes / mib}`,
    '--disable-warning=ExperimentalWarning',
    entryFile('builder-main'),
    readiness,
  ];
  const dataKib = Math.ceil((builderBaselineBytes + builderHeapBytes + 2 * settings.memoryBytesMax) / 1024);
  const [command, ...args] =
    process.platform === 'win32' ? node : ['/bin/sh', '-c', limitThenRun, String(dataKib), ...node];
  // The environment may hold what the operator would not show to an artifact.
  return spawn(command ?? process.execPath, args, {
    env: codeCacheEnv(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** The builder has handled untrusted bytes: what it says is one of the words that there are. */
function knownKind(said: string): ArtifactKind {
  return knownKinds.find((kind) => kind === said) ?? 'core module';
}

/** By type alone: who starts builders does without the engine's code. */
const knownKinds: readonly ArtifactKind[] = ['WASI command', 'WASI reactor', 'core module', 'component'];

function converse(child: ChildProcess, message: ToBuilder, deadlineMs: number, log: Log): Promise<FromBuilder> {
  const { promise, resolve, reject } = Promise.withResolvers<FromBuilder>();
  const fail = (reason: string, hint?: string): void =>
    reject(new MayflyError('builder_failed', hint === undefined ? { reason } : { reason, hint }));
  const deadline = setTimeout(
    () =>
      fail(
        `took longer than ${deadlineMs / 1000} s`,
        'Do less before the first request: in constructors, in _initialize',
      ),
    deadlineMs,
  );
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = `${lastWords}${text}`.slice(-4096)));
  child.once('message', (reply) => {
    // Only builder-main.ts speaks on this channel.
    resolve(reply as FromBuilder);
  });
  child.once('error', (error) => fail(`could not be started: ${error.message}`));
  // `close` comes after the last message, `exit` may come before it.
  child.once('close', (code, signal) => {
    if (/out of memory|allocation failed/i.test(lastWords)) {
      fail('ran out of memory', 'Make the module smaller, or the memory it starts with');
      return;
    }
    fail(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
  });
  // A builder that is gone before it got its message says so by its end.
  child.send(message, () => {});
  return promise
    .catch((error: unknown) => {
      if (lastWords !== '') log.error({ stderr: lastWords }, 'builder failed');
      throw error;
    })
    .finally(() => clearTimeout(deadline));
}
