import type { FunctionName, MayflyError, ProjectId } from '../../src/base/mod.ts';
import {
  type Call,
  CallMeasures,
  type CallTiming,
  type GuestRequest,
  type LoadedFunction,
  type ResponseSink,
} from '../../src/engine/mod.ts';

export const fakeTiming: CallTiming = { startMs: 0.0125, queueMs: 0, guestMs: 1.5, cpuMs: 1 };

/** What a fake guest gets: its sink, and a way to learn that the call was aborted. */
export interface FakeCall {
  readonly request: GuestRequest;
  readonly sink: ResponseSink;
  onAbort: () => void;
}

/** A deployed function that is a piece of JavaScript: it keeps the engine's contract, and runs no wasm. */
export function fakeFunction(run: (call: FakeCall) => void, name = 'fake'): LoadedFunction {
  return {
    project: 'default' as ProjectId,
    name: name as FunctionName,
    measures: new CallMeasures(),
    call(request: GuestRequest, sink: ResponseSink): Call {
      const call: FakeCall = { request, sink, onAbort: () => {} };
      run(call);
      return { abort: () => call.onAbort() };
    },
    close: () => Promise.resolve(),
  };
}

/** A guest that answers `body` at once. */
export function answering(
  body: string,
  headers: readonly string[] = ['Content-Type', 'text/plain'],
  status = 200,
): LoadedFunction {
  return fakeFunction(({ sink }) => {
    sink.head(status, headers, fakeTiming);
    sink.write(Buffer.from(body));
    sink.end(fakeTiming);
  });
}

/** A guest that fails at once. */
export function failing(error: MayflyError): LoadedFunction {
  return fakeFunction(({ sink }) => sink.fail(error, fakeTiming));
}

/** A guest that sends back what it is sent, as it comes. */
export function echoing(): LoadedFunction {
  return fakeFunction(({ request, sink }) => {
    sink.head(200, ['Content-Type', 'application/octet-stream'], fakeTiming);
    const buffer = new Uint8Array(16_384);
    let pending = buffer.subarray(0, 0);
    const step = (): void => {
      for (;;) {
        if (pending.byteLength > 0) {
          const taken = sink.write(pending);
          if (taken < 0) return sink.onReady(step);
          pending = pending.subarray(taken);
          continue;
        }
        const count = request.body.read(buffer);
        if (count < 0) return request.body.onReady(step);
        if (count === 0) return sink.end(fakeTiming);
        pending = buffer.subarray(0, count);
      }
    };
    step();
  });
}
