import { MayflyError, systemClock } from '../base/mod.ts';
import {
  Authorization,
  CgiEnvironment,
  CgiOutcome,
  CgiResponseParser,
  type CgiSink,
  HeadReader,
  type HostImports,
  type OutputStream,
  P1Host,
  systemTimers,
} from '../wasi/mod.ts';
import type { GuestHost, HttpCall, SlotContext } from './guest-host.ts';
import { systemRandom } from './random.ts';
import type { CallTiming, FunctionSpec } from './types.ts';

const noPreopens = [] as const;

/** What the environment of a function's requests is made with. Its callers' Authorization is the function's to check. */
export function cgiEnvironment(spec: FunctionSpec): CgiEnvironment {
  return new CgiEnvironment(spec.env, { serverSoftware: 'Mayfly', authorization: Authorization.pass });
}

/** Makes hosts for a function's slots: a WASI preview1 program that is served as CGI. */
export function cgiHost(spec: FunctionSpec): (context: SlotContext) => GuestHost<HttpCall> {
  const shared: FunctionShared = { spec, args: [spec.name], heads: new HeadReader() };
  return (context) => new CgiHost(context, shared);
}

/** What the slots of a function have in common. */
interface FunctionShared {
  readonly spec: FunctionSpec;
  readonly args: readonly string[];
  readonly heads: HeadReader;
}

class CgiHost implements GuestHost<HttpCall>, CgiSink {
  readonly #context: SlotContext;
  readonly #p1: P1Host;
  readonly #shared: FunctionShared;
  readonly #log: GuestLog;
  #call: HttpCall | undefined;
  #parser: CgiResponseParser | undefined;
  #malformed: string | undefined;

  constructor(context: SlotContext, shared: FunctionShared) {
    this.#context = context;
    this.#shared = shared;
    this.#log = new GuestLog(shared.spec);
    this.#p1 = new P1Host(context, { clock: systemClock, timers: systemTimers, random: systemRandom });
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

  bind(call: HttpCall): void {
    const { request, environ } = call;
    this.#call = call;
    const { args, heads } = this.#shared;
    const stdout = new CgiResponseParser(this, request.method, heads);
    this.#parser = stdout;
    this.#p1.bind({ args, environ, stdin: request.body, stdout, stderr: this.#log, preopens: noPreopens });
  }

  finish(timing: CallTiming): MayflyError | undefined {
    const sink = this.#call?.sink;
    const problem = this.#problem(this.#parser?.finish());
    if (problem === undefined) sink?.end(timing);
    else sink?.fail(problem, timing);
    return problem;
  }

  fail(error: MayflyError, timing: CallTiming): void {
    this.#call?.sink.fail(error, timing);
  }

  unbind(): void {
    this.#p1.unbind();
    this.#log.unbind();
    this.#call = undefined;
    this.#parser = undefined;
    this.#malformed = undefined;
  }

  whenReady(wake: () => void): void {
    this.#p1.whenReady(wake);
  }

  #problem(outcome: CgiOutcome | undefined): MayflyError | undefined {
    switch (outcome) {
      case CgiOutcome.ok:
        return undefined;
      case CgiOutcome.badGuestResponse:
        return new MayflyError('bad_guest_response', { reason: this.#malformed ?? 'it is malformed' });
      default:
        return new MayflyError('no_response', {});
    }
  }

  // From CgiSink: what the guest writes on stdout, taken apart.

  head(status: number, headers: readonly string[]): void {
    this.#call?.sink.head(status, headers, this.#context.timing());
  }

  write(chunk: Uint8Array): number {
    return this.#call?.sink.write(chunk) ?? chunk.byteLength;
  }

  onReady(wake: () => void): void {
    this.#call?.sink.onReady(wake);
  }

  /** Nothing good can come of the guest any more. */
  malformed(reason: string): void {
    this.#malformed = reason;
    this.#context.stop();
  }
}

/** A guest's stderr: goes to the function's log, as much of it as a request may say. */
class GuestLog implements OutputStream {
  readonly #log: (chunk: Uint8Array) => void;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(spec: FunctionSpec) {
    this.#log = spec.log ?? (() => undefined);
    this.#bytesMax = spec.limits.logBytes;
  }

  write(source: Uint8Array): number {
    const left = this.#bytesMax - this.#bytes;
    this.#bytes += source.byteLength;
    if (left >= source.byteLength) this.#log(source);
    else if (left >= 0) this.#logCut(source.subarray(0, left));
    return source.byteLength;
  }

  ready(): boolean {
    return true;
  }

  onReady(wake: () => void): void {
    wake();
  }

  unbind(): void {
    this.#bytes = 0;
  }

  #logCut(rest: Uint8Array): void {
    this.#log(rest);
    this.#log(new TextEncoder().encode(`\n(the rest is dropped: a request may log ${this.#bytesMax} bytes)\n`));
    // One byte more than allowed: the note stands once.
    this.#bytes = Math.max(this.#bytes, this.#bytesMax + 1);
  }
}
