import { type FunctionName, MayflyError, type ProjectId } from '../base/mod.ts';
import type { Call, CallMeasures, GuestRequest, LoadedFunction, ResponseSink } from '../engine/mod.ts';
import { ForwardedCall } from './forwarded-call.ts';
import type { OwnWorkerPool } from './own-worker-pool.ts';
import type { Forward } from './protocol.ts';

/** How the own workers of a project are reached at this moment. */
export interface Way {
  pool: OwnWorkerPool;
}

/** A function whose project has workers of its own. To the gateway of a shared worker it is a function like any other. */
export class ForwardedFunction implements LoadedFunction {
  readonly project: ProjectId;
  readonly name: FunctionName;
  /** Of calls that get nowhere; the project's own workers count the others. */
  readonly measures: CallMeasures;
  readonly #way: Way;
  readonly #wallMs: number;

  constructor({ project, name, limits }: Forward, way: Way, measures: CallMeasures) {
    this.project = project;
    this.name = name;
    this.measures = measures;
    this.#way = way;
    this.#wallMs = limits.wallMs;
  }

  call(request: GuestRequest, sink: ResponseSink): Call {
    const taken = this.#way.pool.take();
    if (taken === undefined) {
      this.measures.refused('overloaded');
      sink.fail(new MayflyError('overloaded', {}), noTiming);
      return { abort: () => undefined };
    }
    const call = new ForwardedCall(request, sink, (failure) => {
      taken.done();
      if (failure !== undefined) this.measures.refused(failure);
    });
    call.send(taken.pool, this.#wallMs);
    return call;
  }

  /** From LoadedFunction. Its connections are the project's, and others may have them. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What took how long is told by the worker that runs the function. */
const noTiming = { startMs: 0, queueMs: 0, guestMs: 0, cpuMs: 0 } as const;
