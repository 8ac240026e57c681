import { MayflyError } from '../base/mod.ts';
import type { Call, CallMeasures, GuestRequest, LoadedFunction, ResponseSink } from '../engine/mod.ts';
import { requestBehind } from './forwarded-request.ts';

/** A function in one of its project's own workers, where requests come from shared workers: it gets them as their clients sent them. */
export class OwnFunction implements LoadedFunction {
  readonly #loaded: LoadedFunction;

  constructor(loaded: LoadedFunction) {
    this.#loaded = loaded;
  }

  get project(): LoadedFunction['project'] {
    return this.#loaded.project;
  }

  get name(): LoadedFunction['name'] {
    return this.#loaded.name;
  }

  get measures(): CallMeasures {
    return this.#loaded.measures;
  }

  call(request: GuestRequest, sink: ResponseSink, chosenMs?: number): Call {
    const behind = requestBehind(request);
    if (behind !== undefined) return this.#loaded.call(behind, sink, chosenMs);
    const reason = 'it came from nobody who may forward requests';
    sink.fail(new MayflyError('bad_request', { reason }), { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 });
    return { abort: () => undefined };
  }

  close(): Promise<void> {
    return this.#loaded.close();
  }
}
