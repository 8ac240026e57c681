import type { MayflyError } from '../base/mod.ts';
import type { HostContext, HostImports } from '../wasi/mod.ts';
import type { CallTiming, GuestRequest, ResponseSink } from './types.ts';

/** One run of a guest on its way through a slot. */
export interface GuestCall {
  /** When the function was chosen, on the monotonic clock. */
  readonly chosenMs: number;
  readonly deadlineMs: number;
  readonly wallMs: number;
  /** How long it waited for a slot. */
  readonly queueMs: number;
}

/** A run that answers an HTTP request. */
export interface HttpCall extends GuestCall {
  readonly request: GuestRequest;
  readonly sink: ResponseSink;
  /** The request as a CGI environment, made when the guest asks for it. */
  readonly environ: () => string;
}

/** What a slot offers its host. */
export interface SlotContext extends HostContext {
  /** What is known of the call's timing by now. */
  timing(): CallTiming;
}

/**
 * What stands between a slot and whoever wants its answer: speaks the guest's ABI on one side, and the request's on the other. Made once for a
 * slot; bound to one call after another. Either `finish` or `fail` ends a call, then `unbind` forgets it.
 */
export interface GuestHost<C extends GuestCall> {
  readonly imports: HostImports;
  /** Set when the guest ended itself. */
  readonly exitCode: number | undefined;
  /** An error of the host's own, which ended the guest. */
  readonly bug: unknown;
  bind(call: C): void;
  /** The guest returned. @returns what is wrong with its answer, which the caller has then been told */
  finish(timing: CallTiming): MayflyError | undefined;
  /** The guest failed. */
  fail(error: MayflyError, timing: CallTiming): void;
  unbind(): void;
  /** Calls `wake` once the host call that blocked is worth making again. */
  whenReady(wake: () => void): void;
}
