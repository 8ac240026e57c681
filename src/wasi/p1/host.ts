import type { Clock, RandomSource } from '../../base/mod.ts';
import { Budget, Volume } from '../fs/mod.ts';
import type { Host, HostContext, HostImports } from '../host.ts';
import type { InputStream, OutputStream } from '../streams.ts';
import type { Timers } from '../timers.ts';
import { Filetype, rightsAll } from './abi.ts';
import { ArgsEnviron, type ProgramStrings } from './args-environ.ts';
import { clockCalls, CoarseClock } from './clocks.ts';
import {
  Descriptors,
  DirectoryDescriptor,
  type DirectoryPlace,
  InputDescriptor,
  OutputDescriptor,
} from './descriptors.ts';
import { fileAttributeCalls } from './file-attributes.ts';
import { fileIoCalls } from './file-io.ts';
import { fileNumberCalls } from './file-numbers.ts';
import { fileSeekCalls } from './file-seek.ts';
import { guarded } from './guard.ts';
import { defaultClockStepUs, defaultFileBytesMax } from './limits.ts';
import { PathCall } from './path-call.ts';
import { pathCalls } from './paths.ts';
import { pathOpenCalls } from './path-open.ts';
import { Poll } from './poll.ts';
import type { Preopen } from './preopen.ts';
import { Process } from './process.ts';
import { Random } from './random.ts';
import { readdirCalls } from './readdir.ts';
import { socketCalls } from './sockets.ts';
import { Waits } from './waits.ts';

/** What of the machine a guest gets to see. */
export interface P1System {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: Timers;
}

/** How a host is tuned. */
export interface P1Options {
  /** Bytes that a request may add to its files. */
  readonly fileBytesMax?: number;
  /** The step of the clocks the guest sees. */
  readonly clockStepUs?: number;
}

/** All that a program is given for one run. */
export interface P1Request extends ProgramStrings {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Which of the three are a terminal; C programs then write line by line. */
  readonly terminals?: readonly (0 | 1 | 2)[];
  /** Directories the program finds open, as descriptors 3 and up. */
  readonly preopens: readonly Preopen[];
}

/**
 * WASI preview1, for one slot: lives as long as it (process), bound to one request after another. The request's
 * descriptors are made when it is bound; its strings and files only when the guest asks for them.
 *
 *     imports ── guarded ── args-environ · clocks · file-* · path-* · poll · random · process · sockets
 *                                 │            │         │        │
 *                            ProgramStrings  Descriptors ┴─ Volume ┴─ Waits        all of one request, emptied by unbind
 */
export class P1Host implements Host<P1Request> {
  readonly imports: HostImports;
  readonly #descriptors: Descriptors = new Descriptors();
  readonly #strings: ArgsEnviron;
  readonly #waits: Waits;
  readonly #poll: Poll;
  readonly #random: Random;
  readonly #process: Process;
  readonly #paths: PathCall;
  readonly #clock: CoarseClock;
  readonly #fileBytesMax: number;
  #budget: Budget | undefined;
  #bug: unknown;

  constructor(context: HostContext, system: P1System, options: P1Options = {}) {
    const { memory } = context;
    this.#fileBytesMax = options.fileBytesMax ?? defaultFileBytesMax;
    this.#clock = new CoarseClock(system.clock, options.clockStepUs ?? defaultClockStepUs);
    this.#waits = new Waits(system.timers);
    this.#strings = new ArgsEnviron(memory);
    this.#poll = new Poll(memory, this.#descriptors, this.#waits, this.#clock);
    this.#random = new Random(memory, system.random, this.#waits);
    this.#process = new Process(() => context.stop());
    this.#paths = new PathCall(memory, this.#descriptors);
    const calls = {
      ...this.#strings.calls,
      ...clockCalls(memory, this.#clock),
      ...fileIoCalls(memory, this.#descriptors, this.#waits),
      ...fileSeekCalls(memory, this.#descriptors),
      ...fileAttributeCalls(memory, this.#descriptors, this.#clock),
      ...fileNumberCalls(memory, this.#descriptors),
      ...readdirCalls(memory, this.#descriptors),
      ...pathCalls(memory, this.#paths, this.#clock),
      ...pathOpenCalls(memory, this.#descriptors, this.#paths),
      ...this.#poll.calls,
      ...this.#random.calls,
      ...this.#process.calls,
      ...socketCalls(this.#descriptors),
    };
    const onBug = (error: unknown): void => {
      this.#bug ??= error;
      context.stop();
    };
    this.imports = { wasi_snapshot_preview1: guarded(calls, onBug) };
  }

  /** What the guest ended itself with, until `unbind`; undefined when it returned, or was ended by others. */
  get exitCode(): number | undefined {
    return this.#process.exitCode;
  }

  /** What a call of ours threw, until `unbind`: a mistake in Mayfly, and the guest was stopped for it. */
  get bug(): unknown {
    return this.#bug;
  }

  bind(request: P1Request): void {
    this.#strings.bind(request);
    const { terminals } = request;
    this.#descriptors.open(new InputDescriptor(request.stdin, filetypeOf(0, terminals)));
    this.#descriptors.open(new OutputDescriptor(request.stdout, filetypeOf(1, terminals)));
    this.#descriptors.open(new OutputDescriptor(request.stderr, filetypeOf(2, terminals)));
    // Devices are numbered from 1, in the order of the preopens; 0 is that of the streams.
    let device = 1;
    for (const preopen of request.preopens) this.#openPreopen(preopen, device++);
  }

  unbind(): void {
    this.#strings.unbind();
    this.#waits.clear();
    this.#descriptors.clear();
    this.#paths.clear();
    this.#poll.unbind();
    this.#random.unbind();
    this.#process.unbind();
    this.#budget = undefined;
    this.#bug = undefined;
  }

  whenReady(wake: () => void): void {
    this.#waits.whenReady(wake);
  }

  #openPreopen(preopen: Preopen, device: number): void {
    const place = (): DirectoryPlace => {
      this.#budget ??= new Budget(this.#fileBytesMax);
      const volume = new Volume(preopen.tree, device, this.#budget, () => this.#clock.realtimeNs());
      return { volume, node: volume.root };
    };
    this.#descriptors.open(new DirectoryDescriptor(place, preopen, 0, rightsAll, rightsAll));
  }
}

/** A pipe has no type of its own in preview1. */
function filetypeOf(fd: 0 | 1 | 2, terminals: P1Request['terminals']): Filetype {
  return terminals?.includes(fd) === true ? Filetype.characterDevice : Filetype.unknown;
}
