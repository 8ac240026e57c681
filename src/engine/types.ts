import type { Digest, FunctionName, MayflyError, ProjectId } from '../base/mod.ts';
import type { Limits } from '../config/mod.ts';
import type { InputStream } from '../wasi/mod.ts';
import type { Passes } from '../wasm/mod.ts';
import type { CallMeasures } from './call-measures.ts';

/** Header names and values in turn, as node's `rawHeaders`: name, value, name, value … */
export type HeaderPairs = readonly string[];

/** One request to a function, as the gateway read it. Strings are as they came over the wire, percent-encoding and all. */
export interface GuestRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** What stands behind `?`; empty when there is none. */
  readonly query: string;
  /** The part of the path that the route consumed: CGI's SCRIPT_NAME. Empty for a function that takes every path. */
  readonly mountPath: string;
  readonly headers: HeaderPairs;
  readonly httpVersion: string;
  readonly serverName: string;
  readonly serverPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly body: InputStream;
  /** Undefined when it is not known beforehand (chunked). */
  readonly bodyBytes: number | undefined;
}

/** How long the steps of a call took, in milliseconds with microsecond digits. */
export interface CallTiming {
  /** From choosing the function to entering guest code, waiting for a slot included. */
  readonly startMs: number;
  /** What of `startMs` was spent waiting for a slot. */
  readonly queueMs: number;
  /** From entering the guest to its return. */
  readonly guestMs: number;
  /** CPU time of the guest. */
  readonly cpuMs: number;
}

/** Where a function's response goes. Exactly one of `end` and `fail` is called, once, last. */
export interface ResponseSink {
  /** The response's head; called at most once, before any `write`. `timing` has what is known by then. */
  head(status: number, headers: HeaderPairs, timing: CallTiming): void;
  /** Takes bytes off the front of `chunk`, only valid during the call. @returns bytes taken, or `wouldBlock` (-1). */
  write(chunk: Uint8Array): number;
  /** Calls `wake` once when `write` will take something. */
  onReady(wake: () => void): void;
  /** The response is whole. */
  end(timing: CallTiming): void;
  /** The call failed. When `head` was called before, the connection has to be cut. */
  fail(error: MayflyError, timing: CallTiming): void;
}

/** A call under way. */
export interface Call {
  /** Ends the guest, since nobody waits for its answer any more. The sink gets `client_gone`. */
  abort(): void;
}

/** What a function is made of. */
export interface FunctionSpec {
  readonly project: ProjectId;
  readonly name: FunctionName;
  /** The image's bytes, as `buildImage` made them. */
  readonly image: Uint8Array;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Gets what the guest writes to stderr; `chunk` is only valid during the call. */
  readonly log?: (chunk: Uint8Array) => void;
  /** Where its calls are counted; new ones when undefined. A function that is loaded again goes on counting where it was. */
  readonly measures?: CallMeasures;
}

/** A function that is compiled and takes calls. */
export interface LoadedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  /** What its calls took, and how they ended. */
  readonly measures: CallMeasures;
  /**
   * Starts a call. Never throws: what goes wrong is told to `sink`. `chosenMs` is when the function was chosen, on the
   * monotonic clock: now, unless somebody has had the call wait.
   */
  call(request: GuestRequest, sink: ResponseSink, chosenMs?: number): Call;
  /** Refuses new calls, waits for those under way, and gives the slots back. */
  close(): Promise<void>;
}

/** How an engine is tuned. */
export interface EngineOptions {
  /** The longest a guest runs before others get a turn. */
  readonly sliceMs?: number;
  /** How often a running guest is interrupted, so that its time can be looked at. */
  readonly tickMs?: number;
  /** Calls that may wait for a turn or a slot of one function before more are refused as `overloaded`. */
  readonly queueMax?: number;
  /** Calls of all functions that may wait, of which a project has a share. */
  readonly waitingMax?: number;
  /**
   * How long calls may come to wait for a busy thread: when they have waited longer than that for as long again, more are refused
   * as `overloaded`, which would only make everybody late. Calls that wait for guests which sleep are not meant.
   */
  readonly queueWaitMsMax?: number;
  /** So many calls of one function may wait however late they are: on a machine with much else to do a few are late soon. */
  readonly queueLeast?: number;
  /** Slots one function may have at once. */
  readonly slotsPerFunctionMax?: number;
  /** Bytes of memory that all slots hold together, of which a project has a share: past it no slot is made, and none grows. */
  readonly slotBytesMax?: number;
  /** Memories that all functions have together, of which a project has a share; fewer where the machine allows fewer. */
  readonly memoriesMax?: number;
}

/** Runs functions on the calling thread. */
export interface Engine {
  /** Compiles off the calling thread, and makes a first slot if there is room. @throws MayflyError image_corrupt, bad_limit, module_too_large, engine_closed */
  load(spec: FunctionSpec): Promise<LoadedFunction>;
  /** What the calls of all functions took, by project; those of functions that are closed are still among them. */
  measures(): ReadonlyMap<ProjectId, CallMeasures>;
  /** The same of one project. It goes on counting. */
  measuresOf(project: ProjectId): CallMeasures;
  /** Calls `act` whenever guests that have waited are about to get their turn, which takes as long as a slice. */
  beforeTurns(act: () => void): void;
  /** Closes every function and stops the ticker. */
  close(): Promise<void>;
}

/** What shaped an image, beside the artifact itself. */
export interface ImageSettings {
  /** The highest `memoryBytes` the image can be run with. */
  readonly memoryBytesMax: number;
  /** Which passes to weave in; preemption checks and dirty marks unless told otherwise. */
  readonly passes?: Passes;
}

/** An image and the name of its content. */
export interface BuiltImage {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}
