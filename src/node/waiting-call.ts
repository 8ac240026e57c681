import { MayflyError } from '../base/mod.ts';
import type { Call, GuestRequest, LoadedFunction, ResponseSink } from '../engine/mod.ts';

export interface WaitingCallOptions {
  readonly chosenMs: number;
  readonly nowMs: () => number;
  readonly wallMs: number;
  /** It does not wait any more, and was told why. */
  readonly left: (call: WaitingCall, code: 'client_gone' | 'wall_limit') => void;
}

/** A call to a function that is not in memory yet: waits for that, for its caller to leave, or for its deadline. */
export class WaitingCall implements Call {
  readonly #request: GuestRequest;
  readonly #sink: ResponseSink;
  readonly #options: WaitingCallOptions;
  readonly #deadline: NodeJS.Timeout;
  /** The call proper, once there is one. */
  #call: Call | undefined;
  #isOver = false;

  constructor(request: GuestRequest, sink: ResponseSink, options: WaitingCallOptions) {
    this.#request = request;
    this.#sink = sink;
    this.#options = options;
    const { wallMs } = options;
    const expire = (): void => this.#leave(new MayflyError('wall_limit', { limitMs: wallMs }), 'wall_limit');
    this.#deadline = setTimeout(expire, wallMs).unref();
  }

  /** The function is in memory. */
  goOn(loaded: LoadedFunction): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#call = loaded.call(this.#request, this.#sink, this.#options.chosenMs);
  }

  /** The function cannot be had. */
  refuse(error: MayflyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    const waitedMs = this.#options.nowMs() - this.#options.chosenMs;
    this.#sink.fail(error, { startMs: waitedMs, queueMs: waitedMs, guestMs: 0, cpuMs: 0 });
  }

  abort(): void {
    if (this.#call === undefined) this.#leave(new MayflyError('client_gone', {}), 'client_gone');
    else this.#call.abort();
  }

  #leave(error: MayflyError, code: 'client_gone' | 'wall_limit'): void {
    if (this.#isOver) return;
    this.#options.left(this, code);
    this.refuse(error);
  }
}
