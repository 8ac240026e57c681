import type { MayflyError } from '../base/mod.ts';
import type { Turns } from './fair-queue.ts';
import type { HttpCall } from './guest-host.ts';
import type { AwaitsTurn, Waiting } from './scheduler.ts';
import type { Slot } from './slot.ts';
import type { Call, GuestRequest, ResponseSink } from './types.ts';

/** Who a call waits with. */
export interface CallKeeper {
  /** The call's turn has come. */
  dispatch(call: PendingCall): void;
  /** The call is not to be served any more. */
  withdraw(call: PendingCall, reason: 'client_gone' | 'wall_limit'): void;
}

export interface PendingCallOptions {
  readonly owner: Turns;
  readonly request: GuestRequest;
  readonly sink: ResponseSink;
  readonly environ: () => string;
  readonly chosenMs: number;
  readonly wallMs: number;
}

/**
 * A call from the moment it is made:
 *
 *     made ──► waits for a turn ──► waits for a slot ──► in a slot ──► over
 *        └───────────┴───────────────────┴─ each step is skipped when there is nothing to wait for
 */
export class PendingCall implements HttpCall, Call, AwaitsTurn, Waiting {
  readonly owner: Turns;
  readonly request: GuestRequest;
  readonly sink: ResponseSink;
  readonly environ: () => string;
  readonly chosenMs: number;
  readonly deadlineMs: number;
  readonly wallMs: number;
  readonly #keeper: CallKeeper;
  queueMs = 0;
  /** The slot it runs in. */
  slot: Slot<HttpCall> | undefined;
  /** A slot that is kept free for it until its turn comes. */
  reserved: Slot<HttpCall> | undefined;
  /** Why it was given up before it had run. */
  withdrawn: MayflyError | undefined;

  constructor(keeper: CallKeeper, options: PendingCallOptions) {
    this.#keeper = keeper;
    this.owner = options.owner;
    this.request = options.request;
    this.sink = options.sink;
    this.environ = options.environ;
    this.chosenMs = options.chosenMs;
    this.wallMs = options.wallMs;
    this.deadlineMs = options.chosenMs + options.wallMs;
  }

  abort(): void {
    if (this.slot === undefined) this.#keeper.withdraw(this, 'client_gone');
    else this.slot.abort(this);
  }

  takeTurn(): void {
    this.#keeper.dispatch(this);
  }

  expire(): void {
    this.#keeper.withdraw(this, 'wall_limit');
  }
}
