import { errorText, isMayflyError, type MayflyError, mib, systemClock } from '../base/mod.ts';
import {
  environText,
  type HostContext,
  type HostImports,
  loadTree,
  type OutputStream,
  P1Host,
  type P1Request,
  Preopen,
  systemTimers,
} from '../wasi/mod.ts';
import { buildImage } from './build.ts';
import { CallMeasures } from './call-measures.ts';
import type { GuestCall, GuestHost } from './guest-host.ts';
import { decodeImage } from './image.ts';
import { LoadedImage } from './loaded-image.ts';
import { systemRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { Slot } from './slot.ts';
import type { RunCommand, RunOptions } from './tooling-types.ts';
import { describeTrap } from './describe-trap.ts';

/** All that 32-bit addresses reach, less what the rewriter keeps for itself. */
const memoryBytes: number = 4095 * mib;
/** What of a host folder is taken into memory. */
const folderLimits = { contentBytesMax: 1024 * mib, nodesMax: 200_000 } as const;
/** What a shell reports for an abort: 128 and SIGABRT. */
const trapExitCode = 134;

/** A host for one command that runs once: files, streams and arguments as the shell has them. */
class CommandHost implements GuestHost<GuestCall> {
  readonly #p1: P1Host;
  readonly #request: P1Request;
  /** Told how the command ended: undefined when it returned by itself. */
  readonly #onEnd: (failure: MayflyError | undefined) => void;

  constructor(context: HostContext, request: P1Request, onEnd: (failure: MayflyError | undefined) => void) {
    const system = { clock: systemClock, timers: systemTimers, random: systemRandom };
    // A person's own program, on a machine of theirs: it sees the clock as it is.
    this.#p1 = new P1Host(context, system, { clockStepUs: 1, fileBytesMax: folderLimits.contentBytesMax });
    this.#request = request;
    this.#onEnd = onEnd;
  }

  get imports(): HostImports {
    return this.#p1.imports;
  }

  get exitCode(): number | undefined {
    return this.#p1.exitCode;
  }

  get bug(): unknown {
    return this.#p1.bug;
  }

  bind(): void {
    this.#p1.bind(this.#request);
  }

  finish(): undefined {
    this.#onEnd(undefined);
  }

  fail(error: MayflyError): void {
    this.#onEnd(error);
  }

  unbind(): void {
    this.#p1.unbind();
  }

  whenReady(wake: () => void): void {
    this.#p1.whenReady(wake);
  }
}

/** Runs a WASI command once. No CPU or wall limit; memory up to 4 GiB. */
export const runCommand: RunCommand = async (options) => {
  const built = await buildImage(options.artifact, { memoryBytesMax: memoryBytes });
  const image = await LoadedImage.load(decodeImage(built.bytes));
  const request = await requestOf(options);
  const scheduler = new Scheduler(systemClock, { sliceMs: 10, tickMs: 5 });
  try {
    return await new Promise<number>((resolve, reject) => {
      const traps: unknown[] = [];
      let host: CommandHost | undefined;
      const onEnd = (failure: MayflyError | undefined): void => {
        const exitCode = host?.exitCode;
        if (failure === undefined || exitCode !== undefined) resolve(exitCode ?? 0);
        else if (isMayflyError(failure, 'internal')) reject(failure);
        else void say(options.stderr, trapText(image, traps[0] ?? failure)).then(() => resolve(trapExitCode));
      };
      const slot = new Slot<GuestCall>({
        owner: { usedMs: 0, waiting: 0 },
        image,
        scheduler,
        limits: { cpuMs: Infinity, memoryBytes },
        makeHost: (context) => (host = new CommandHost(context, request, onEnd)),
        measures: new CallMeasures(),
        onIdle: () => undefined,
        onTrap: (error) => traps.push(error),
      });
      slot.run({ chosenMs: systemClock.monotonicMs(), deadlineMs: Infinity, wallMs: Infinity, queueMs: 0 });
    });
  } finally {
    await scheduler.close();
  }
};

async function requestOf(options: RunOptions): Promise<P1Request> {
  const preopens = await Promise.all(
    options.folders.map(async ({ hostPath, guestPath }) => {
      const { tree } = await loadTree(hostPath, folderLimits);
      return new Preopen(guestPath, tree);
    }),
  );
  const { args, env, stdin, stdout, stderr, terminals = [] } = options;
  return { args, environ: () => environText(env), stdin, stdout, stderr, terminals, preopens };
}

function trapText(image: LoadedImage, trap: unknown): string {
  return `${describeTrap(image.trapMap, trap) ?? errorText(trap)}\n`;
}

/** Writes all of `text`, however long that takes. */
async function say(output: OutputStream, text: string): Promise<void> {
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.byteLength > 0) {
    const taken = output.write(rest);
    if (taken > 0) rest = rest.subarray(taken);
    else await new Promise<void>((resolve) => output.onReady(resolve));
  }
}
